"""What happens around a fit: scikit-learn's callbacks, printing, and no trace of a failed one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skmnist.networks import Network

if TYPE_CHECKING:
    from skmnist.classifiers.base import KerasClassifier

__all__ = ["Following", "unchanged_on_error"]


class Following:
    """What a classifier does at the end of each epoch: callbacks of scikit-learn, printing."""

    def __init__(
        self, classifier: KerasClassifier, context: Any, data: dict[str, Any], epochs: int
    ) -> None:
        self._classifier, self._context = classifier, context
        self._data, self._epochs = data, epochs
        self._done = 0
        self._begin()

    def _begin(self) -> None:
        self._epoch = self._context.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._data)

    def __call__(self, logs: dict[str, float], network: Callable[[], Network]) -> bool:
        """Tell the callbacks; true where one of them asks to stop."""
        self._done += 1
        if self._classifier.verbose:
            figures = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
            print(f"Epoch {self._done}/{self._epochs}  {figures}")
        stop = self._epoch.call_on_fit_task_end(
            **self._data,
            reconstruction_attributes=lambda: {"network_": network()},
        )
        if not stop and self._done < self._epochs:
            self._begin()
        return bool(stop)


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
