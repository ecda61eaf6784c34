"""The versions of what a result was made with."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

__all__ = ["backend", "show_versions", "versions"]

_SHOWN: Final = (
    *("skmnist", "scikit-learn", "scikeras", "keras", "tensorflow", "jax", "numpy", "scipy"),
    *("pandas", "matplotlib", "joblib", "skops", "pillow"),
)


def backend() -> str:
    """Name the package that Keras runs on, or would: Keras is not loaded for the answer."""
    keras = sys.modules.get("keras")
    return keras.backend.backend() if keras else os.environ.get("KERAS_BACKEND", "tensorflow")


def versions(names: Sequence[str]) -> str:
    """List the versions of Python, of packages and of the one that Keras runs on.

    Parameters
    ----------
    names : sequence of str
        Packages; the backend is put behind keras.

    Returns
    -------
    str
        Names and versions.
    """
    at = names.index("keras") + 1
    packages = [*names[:at], backend(), *names[at:]]
    listed = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"Python {platform.python_version()}, {listed}"


def show_versions() -> None:
    """Print the machine, Python and the versions of all that matters, for a report of a fault.

    Examples
    --------
    >>> from skmnist import show_versions
    >>> show_versions()
    machine       ...
    python        ...
    backend       ...
    skmnist       ...
    """
    lines = {
        "machine": f"{platform.platform()}, {os.cpu_count()} cores",
        "python": sys.version.replace("\n", " "),
        "backend": backend(),
    }
    for name in _SHOWN:
        try:
            lines[name] = version(name)
        except PackageNotFoundError:
            lines[name] = "not installed"
    for name, value in lines.items():
        print(f"{name:<14}{value}")
