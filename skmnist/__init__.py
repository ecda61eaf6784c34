"""Handwritten-digit networks as first-class scikit-learn citizens.

This module loads nothing: each public name is imported at its first use. They are listed beside it,
in `__init__.pyi`, where type checkers and editors find them as well.
"""

from __future__ import annotations

from typing import Any

import lazy_loader

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("skmnist")
    if name not in __all__:
        raise AttributeError(f"module 'skmnist' has no attribute {name!r}")
    return _public(name)
