"""Facts about the process: the cores that it has, and whether it forked."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["own_cores", "refuse_forks", "worker_share"]

_used_in: Final[dict[str, int]] = {}


def worker_share() -> int | None:
    """Read how many threads joblib gives this process, if it is a worker of joblib's.

    joblib tells its worker processes their share of the cores through a variable that neither
    TensorFlow nor JAX obeys.
    """
    share = os.environ.get("OMP_NUM_THREADS", "")
    return int(share) if share.isdigit() and int(share) > 0 else None


def own_cores() -> int:
    """Count the cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # which not all systems have
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def refuse_forks(library: str) -> None:
    """Refuse to work in a fork of a process that has worked: the library's threads are not in it.

    Parameters
    ----------
    library : str
        The name of the backend's library.

    Raises
    ------
    RuntimeError
        Where it would wait for them for ever.
    """
    process = os.getpid()
    if _used_in.setdefault("process", process) != process:
        raise RuntimeError(
            f"{library} does not survive a fork, and this process was forked after a fit or a "
            "prediction. Start processes by 'spawn', or let joblib do it (n_jobs=2)."
        )
