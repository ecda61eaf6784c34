"""scikit-learn's callbacks, which it has from 1.9 on; before, what lets estimators do without."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

HAS_CALLBACKS: Final = find_spec("sklearn.callback") is not None
NEEDED: Final = "the callbacks of scikit-learn 1.9: pip install 'scikit-learn>=1.9'"

if TYPE_CHECKING:
    from collections.abc import Callable

    from sklearn.callback import CallbackSupportMixin, ScoringMonitor

    Method = TypeVar("Method", bound=Callable[..., Any])

    def with_callbacks(method: Method) -> Method:
        """Let scikit-learn's callbacks follow a method."""
        raise NotImplementedError

elif HAS_CALLBACKS:
    from sklearn.callback import CallbackSupportMixin, ScoringMonitor, with_callbacks
else:

    def with_callbacks(method):
        """Leave a method as it is."""
        return method

    class CallbackSupportMixin:
        """An estimator that takes no callbacks."""

        def set_callbacks(self, *callbacks):
            """Refuse them."""
            if callbacks:
                raise ImportError(f"{type(self).__name__}.set_callbacks needs {NEEDED}.")
            return self

        def _init_callback_context(self, **settings):
            return NoContext()

    class ScoringMonitor:
        """A callback that can't be."""

        def __init__(self, **settings):
            raise ImportError(f"{type(self).__name__} needs {NEEDED}.")


class NoContext:
    """A context of a fit that no callback follows."""

    def subcontext(self, **settings: Any) -> Self:
        """Stand for a part of it."""
        return self

    def call_on_fit_task_begin(self, **told: Any) -> Self:
        """Tell nobody."""
        return self

    def call_on_fit_task_end(self, **told: Any) -> bool:
        """Tell nobody, who never asks to stop."""
        return False


__all__ = [
    "HAS_CALLBACKS",
    "CallbackSupportMixin",  # public
    "NoContext",  # where scikit-learn's searches hand none on
    "ScoringMonitor",  # public
    "with_callbacks",  # public, with the types that it hides
]
