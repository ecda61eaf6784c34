"""The notebooks run in a clean kernel, and give what is stored in them."""

import base64
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from support.backends import BACKEND

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
PICTURES = sorted(EXAMPLES.glob("pictures/*.png"))
OF_MNIST = [path for path in NOTEBOOKS if "SKMNIST_NOTEBOOK_DATA" in path.read_text()]

DASK_LOG = re.compile(r"(\d{4}-\d\d-\d\d [\d:,]+ - distributed\..*\n)+")


def executed(path, **environment):
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3")
    client.execute(env=os.environ | environment)
    return notebook


def shown(notebook):
    """What the cells print, draw and return, with every number masked.

    On another backend than theirs the words are masked too: seeds put other models in front there.
    What Dask logs is left out: how often it does follows from how quick the machine is. So is what
    tqdm says of a missing package: older Keras does not load it, and hush it, before Optuna does.
    """
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            if DASK_LOG.fullmatch(text) or "TqdmWarning" in text:
                continue
            kinds = sorted(output.get("data", {})) or [output.name]
            masked = re.sub(r"0x[0-9a-f]+|[\d.:,]+", "#", text)
            found.append((kinds, masked if BACKEND == "tensorflow" else ""))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if p not in OF_MNIST], ids=lambda path: path.stem
)
def test_notebook_gives_what_it_shows(path):
    stored = nbformat.read(path, as_version=4)
    assert shown(executed(path)) == shown(stored)


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.parametrize("path", OF_MNIST, ids=lambda path: path.stem)
def test_notebook_gives_what_it_shows_on_mnist(path, mnist):
    stored = nbformat.read(path, as_version=4)
    assert shown(executed(path)) == shown(stored)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_pictures_of_the_guide_are_those_of_its_notebooks(picture):
    notebook = nbformat.read(EXAMPLES / f"{picture.stem}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output.get("data", {}).get("image/png", "") for output in outputs]
    assert picture.read_bytes() in [base64.b64decode(data) for data in pictures]
    assert f'src="pictures/{picture.name}"' in (EXAMPLES / "README.md").read_text()


@pytest.mark.slow
@pytest.mark.skipif(bool(os.environ.get("SKMNIST_DATA_HOME")), reason="it runs on MNIST here")
@pytest.mark.parametrize("path", OF_MNIST, ids=lambda path: path.stem)
def test_notebook_runs_offline(path):
    executed(path, SKMNIST_NOTEBOOK_DATA="digits")


def test_there_are_seven():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"0{i}" for i in range(1, 8)]
