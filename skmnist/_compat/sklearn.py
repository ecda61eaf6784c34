"""scikit-learn's callback decorator, with the types that it hides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Method = TypeVar("Method", bound=Callable[..., Any])

    def with_callbacks(method: Method) -> Method:
        """Let scikit-learn's callbacks follow a method."""
        raise NotImplementedError
else:
    from sklearn.callback import with_callbacks

__all__ = ["with_callbacks"]
