"""joblib's private names."""

from __future__ import annotations

from typing import Any

__all__ = ["dask_backend_class"]


def dask_backend_class() -> Any:
    """Give joblib's backend for Dask, which it names by a string alone; None without Dask."""
    try:
        from joblib._dask import DaskDistributedBackend, distributed
    except ImportError:
        return None
    return None if distributed is None else DaskDistributedBackend
