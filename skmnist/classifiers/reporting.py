"""What happens around a fit: scikit-learn's callbacks, printing, and no trace of a failed one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skmnist import engine
from skmnist.engine import Rows
from skmnist.keras_models import Network

if TYPE_CHECKING:
    from skmnist.classifiers.base import KerasClassifier

__all__ = ["EpochReporter", "unchanged_on_error"]


class EpochReporter:
    """What follows a fit, epoch by epoch: callbacks of scikit-learn, printing.

    Parameters
    ----------
    classifier : KerasClassifier
        What is being fitted.
    epochs : int
        How many epochs there will be at most.
    X, y : array-like
        What it is fitted on, as the user passed it.
    held_out : Rows or None
        What it validates on, with labels.
    """

    def __init__(
        self, classifier: KerasClassifier, epochs: int, X: Any, y: Any, held_out: Rows | None
    ) -> None:
        self._classifier, self._epochs, self._held_out = classifier, epochs, held_out
        self._data = {"estimator": classifier, "X": X, "y": y}
        self._done = 0
        self._fit = classifier._init_callback_context(max_subtasks=epochs)
        self._fit.call_on_fit_task_begin(**self._data)
        self._begin()

    def _begin(self) -> None:
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._data)

    def _end(self, task: Any, network: Callable[[], Network]) -> bool:
        def attributes() -> dict[str, Any]:
            return {"network_": network(), "_held_out": self._held_out}

        return bool(task.call_on_fit_task_end(**self._data, reconstruction_attributes=attributes))

    def __call__(self, logs: dict[str, float], network: Callable[[], Network]) -> bool:
        """Tell the callbacks of an epoch; true where one of them asks to stop."""
        self._done += 1
        if self._classifier._setting("verbose"):
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
def unchanged_on_error(classifier: KerasClassifier) -> Iterator[None]:
    """Let a failed or interrupted fit leave no trace: the last good fit stays usable."""
    before = dict(classifier.__dict__)
    try:
        yield
    except BaseException:
        teardown = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")
        kept = {name: value for name, value in classifier.__dict__.items() if name in teardown}
        classifier.__dict__.clear()
        classifier.__dict__.update(before | kept)
        raise
    finally:
        engine.release(classifier.model)
