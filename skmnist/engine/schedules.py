"""Learning-rate schedules as data: one number a training step."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCHEDULES", "Schedule", "check_rate_is_ours", "learning_rates"]

Schedule = Literal["constant", "cosine", "one_cycle"]
SCHEDULES: Final = frozenset(get_args(Schedule))

_WARM_UP: Final = 0.2  # share of the steps in which a cycle rises


def learning_rates(schedule: Schedule, peak: float, n_steps: int) -> NDArray[np.float32]:
    """Compute the learning rate of every step of a fit.

    Parameters
    ----------
    schedule : {"constant", "cosine", "one_cycle"}
        ``"cosine"`` falls from ``peak`` to 0 along half a cosine [1]_; ``"one_cycle"`` rises in a
        line during the first fifth and then falls to 0 the same way [2]_.
    peak : float
        The highest learning rate.
    n_steps : int
        Number of steps of the fit.

    Returns
    -------
    ndarray of shape (n_steps,), dtype float32
        The learning rates.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
       ICLR 2017.
    .. [2] L. N. Smith and N. Topin, "Super-convergence: very fast training of neural networks using
       large learning rates", 2018.

    Examples
    --------
    >>> from skmnist.engine import learning_rates
    >>> learning_rates("one_cycle", 1.0, 5).round(2)
    array([1.  , 1.  , 0.85, 0.5 , 0.15], dtype=float32)
    """
    if schedule == "constant":
        return np.full(n_steps, peak, dtype=np.float32)
    rise = round(_WARM_UP * n_steps) if schedule == "one_cycle" else 0
    up = np.arange(1, rise + 1) / max(rise, 1)
    down = 0.5 * (1 + np.cos(np.pi * np.arange(n_steps - rise) / max(n_steps - rise, 1)))
    return (peak * np.concatenate([up, down])).astype(np.float32)


def check_rate_is_ours(schedule: Schedule, expected: float | None, rate: float) -> None:
    """Refuse a learning rate that a callback has set beside a schedule.

    Parameters
    ----------
    schedule : {"constant", "cosine", "one_cycle"}
        The schedule.
    expected : float or None
        The rate that was left to the optimizer; None before the first step.
    rate : float
        The rate that it has.

    Raises
    ------
    ValueError
        If they differ, under a schedule that would overwrite the callback's.
    """
    if schedule != "constant" and expected is not None and not np.isclose(rate, expected):
        raise ValueError(
            f"A callback has set the learning rate to {rate:g}, but schedule={schedule!r} sets the "
            "rate of every step. Set schedule='constant', or leave out the callback."
        )
