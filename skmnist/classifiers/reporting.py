"""Reports of a fit to callbacks and to the screen, and no trace of a failed one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from skmnist.engine import Samples
from skmnist.keras_models import Network

__all__ = ["EpochReporter", "unchanged_on_error"]


class EpochReporter:
    """Tells of a fit, epoch by epoch: to scikit-learn's callbacks, and on the screen.

    Parameters
    ----------
    fit : sklearn.callback.CallbackContext
        The context of the fit.
    data : dict
        ``estimator``, ``X`` and ``y`` as callbacks get them.
    epochs : int
        How many epochs there will be at most.
    held_out : Samples or None
        What the fit validates on, with labels.
    verbose : bool
        Whether to print a line an epoch.
    """

    def __init__(
        self,
        fit: Any,
        data: dict[str, Any],
        epochs: int,
        held_out: Samples | None,
        *,
        verbose: bool,
    ) -> None:
        self._fit, self._data, self._epochs = fit, data, epochs
        self._held_out, self._verbose = held_out, verbose
        self._done = 0
        self._fit.call_on_fit_task_begin(**self._data)
        self._begin()

    def _begin(self) -> None:
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._data)

    def _end(self, task: Any, network: Callable[[], Network]) -> bool:
        def attributes() -> dict[str, Any]:
            return {"network_": network(), "held_out_": self._held_out}

        return bool(task.call_on_fit_task_end(**self._data, reconstruction_attributes=attributes))

    def __call__(self, logs: dict[str, float], network: Callable[[], Network]) -> bool:
        """Tell the callbacks of an epoch; true where one of them asks to stop."""
        self._done += 1
        if self._verbose:
            figures = "  ".join(f"{name} {_figures(value)}" for name, value in logs.items())
            print(f"Epoch {self._done}/{self._epochs}  {figures}")
        stop = self._end(self._epoch, network)
        if not stop and self._done < self._epochs:
            self._begin()
        return stop

    def end(self, network: Network) -> None:
        """Tell the callbacks that the fit is done."""
        self._end(self._fit, lambda: network)


def _figures(value: Any) -> str:
    values = value if isinstance(value, list) else [value]  # of a measure of each class
    return " ".join(f"{each:.4f}" for each in values)


@contextmanager
def unchanged_on_error(estimator: Any) -> Iterator[None]:
    """Let a failed or interrupted fit leave no trace: the last good fit stays usable."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        teardown = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")
        kept = {name: value for name, value in vars(estimator).items() if name in teardown}
        vars(estimator).clear()
        vars(estimator).update(before | kept)
        raise
