"""A page to draw on, read by a network as one draws.

Needs Starlette and uvicorn: ``pip install "skmnist[draw]"``.
"""

from skmnist.drawing.app import make_app
from skmnist.drawing.keeping import check_folder
from skmnist.drawing.serving import address_of, listen, serve

__all__ = ["address_of", "check_folder", "listen", "make_app", "serve"]
