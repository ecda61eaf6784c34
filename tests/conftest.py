"""Data and small models that several tests use."""

import os

import numpy as np
import pytest
from support.callbacks import needs_callbacks
from support.mirrors import make_source, mirrored, serving

from skmnist import fetch_mnist, flatten_and_scale, load_digits28


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run all tests, the slow ones too")


def pytest_configure(config):
    """Run all of what is named: only `pytest` by itself leaves the slow tests out."""
    config.option.full |= config.args_source is not pytest.Config.ArgsSource.TESTPATHS


def pytest_collection_modifyitems(config, items):
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow and not config.option.full:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]
    for item in items:
        if item.name == "skmnist.classifiers.monitor.ValidationMonitor":  # a doctest
            item.add_marker(needs_callbacks)


@pytest.fixture(scope="session")
def digits():
    """Images of the bundled digits as rows of uint8, and their labels."""
    return load_digits28(return_X_y=True)


@pytest.fixture(scope="session")
def rows(digits):
    """A tenth of the digits, scaled: enough to train something on."""
    X, y = digits
    return flatten_and_scale(X[:180]), y[:180]


@pytest.fixture(scope="session")
def blobs():
    """Ninety points of three classes, far apart: a fit of a few steps separates them."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 30)
    X = rng.normal(size=(90, 4)) + 4 * np.eye(3, 4)[y]
    return X.astype(np.float32), y


@pytest.fixture(scope="session")
def mnist():
    """All of MNIST, where its files are."""
    if not os.environ.get("SKMNIST_DATA_HOME"):
        pytest.skip("the real MNIST is tested where $SKMNIST_DATA_HOME names its folder")
    train = fetch_mnist(return_X_y=True, download_if_missing=False)
    return (*train, *fetch_mnist(subset="test", return_X_y=True, download_if_missing=False))


@pytest.fixture
def origin(tmp_path):
    """A folder for the tiny files."""
    folder = tmp_path / "origin"
    folder.mkdir()
    return folder


@pytest.fixture
def tiny(origin):
    """The source of the tiny files, which no mirror has yet."""
    return make_source(origin)


@pytest.fixture
def served(origin, tiny):
    """The same, from a server on this machine."""
    with serving(origin) as address:
        yield mirrored(tiny, address)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"
