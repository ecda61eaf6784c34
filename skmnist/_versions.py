"""The versions of what a result was made with."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version

__all__ = ["backend", "versions"]


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
