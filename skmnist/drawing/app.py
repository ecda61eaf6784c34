"""The application behind the page: it hands out the page, reads drawings and keeps them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from skmnist.drawing.guard import Guard
from skmnist.drawing.keeping import check_labels, keep_drawing
from skmnist.drawing.reading import PAPER, Reader

__all__ = ["make_app"]

_PAGE: Final = Path(__file__).parent / "page"
_FILES: Final = {
    "/": ("draw.html", "text/html"),
    "/draw.css": ("draw.css", "text/css"),
    "/draw.js": ("draw.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_LARGEST: Final = 1024  # pixels, the longest side of a drawing


def make_app(estimator: Any, keep: Path) -> Starlette:
    """Make the application for a classifier.

    Its answers depend on nothing but the request, so one application serves any number of pages:

    - ``GET /`` and the files that it names: the page;
    - ``GET /labels``: the labels, in JSON;
    - ``POST /read?width=&height=``: what the classifier sees in a drawing, in JSON. The body is its
      grey values, a byte a pixel, row by row, 255 for paper;
    - ``POST /keep?width=&height=&label=``: keeps such a drawing, and says in which file.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier of images of 28 x 28 pixels, which estimates probabilities.
    keep : Path
        The folder that drawings are kept in, in one folder a label.

    Returns
    -------
    Starlette
        An ASGI application, which answers its own page alone.

    Raises
    ------
    ValueError
        If the classifier does not take such images, or a label can't name a folder.
    """
    reader = Reader(estimator)
    check_labels(reader.labels)

    async def labels(_request: Request) -> Response:
        return JSONResponse(reader.labels)

    async def read(request: Request) -> Response:
        drawing = await _drawing(request)
        answer = await run_in_threadpool(reader.read, drawing)
        return JSONResponse(answer._asdict())

    async def keep_it(request: Request) -> Response:
        label = request.query_params.get("label")
        if label not in reader.labels:
            raise HTTPException(400, f"The labels are {', '.join(reader.labels)}.")
        drawing = await _drawing(request)
        if (drawing == PAPER).all():
            raise HTTPException(400, "Nothing is drawn yet.")
        try:
            path = await run_in_threadpool(keep_drawing, drawing, keep, label)
        except OSError as error:
            raise HTTPException(500, f"The drawing is not kept: {error}") from error
        return JSONResponse({"file": str(path)}, status_code=201)

    return Starlette(
        routes=[
            *(Route(path, partial(_file, *of)) for path, of in _FILES.items()),
            Route("/labels", labels),
            Route("/read", read, methods=["POST"]),
            Route("/keep", keep_it, methods=["POST"]),
        ],
        middleware=[Middleware(Guard)],
    )


def _file(name: str, kind: str, _request: Request) -> Response:
    """Give a file of the page."""
    return Response((_PAGE / name).read_bytes(), media_type=kind)


async def _drawing(request: Request) -> NDArray[np.uint8]:
    """Read the drawing that a request brings, with a border of paper so that none of it touches."""
    width, height = (_side(request, name) for name in ("width", "height"))
    values = bytearray()
    async for chunk in request.stream():
        values += chunk
        if len(values) > width * height:
            raise HTTPException(413, f"The body is more than {width} x {height} bytes.")
    if len(values) < width * height:
        raise HTTPException(400, f"The body is less than {width} x {height} bytes.")
    grey = np.frombuffer(values, np.uint8).reshape(height, width)
    return np.pad(grey, 1, constant_values=PAPER)


def _side(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    number = text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST))
    if not (number and 0 < int(text) <= _LARGEST):
        raise HTTPException(400, f"The {name} of a drawing is 1 to {_LARGEST} pixels.")
    return int(text)
