"""scikeras's classifier, repaired for scikit-learn 1.6 and later."""

from __future__ import annotations

from sklearn.base import BaseEstimator, ClassifierMixin

import skmnist._keras  # noqa: F401 - before scikeras, which would load keras loudly

# isort: split
from scikeras.wrappers import BaseWrapper
from scikeras.wrappers import KerasClassifier as ScikerasClassifier

__all__ = ["MixinOnTheLeft", "ScikerasClassifier"]

# scikit-learn's checks ask that a class with the old `_more_tags` also names `__sklearn_tags__`.
# This names what scikeras's class inherits anyway, and so changes nothing for it.
BaseWrapper.__sklearn_tags__ = BaseEstimator.__sklearn_tags__


class MixinOnTheLeft(type):
    """Puts `ClassifierMixin` where scikit-learn needs it; scikeras has it behind `BaseEstimator`.

    There its tags are never asked for: the class is not taken for a classifier, and an integer
    ``cv`` silently means folds that are not stratified.
    """

    def mro(cls) -> list[type]:
        """Order the bases."""
        order = super().mro()
        order.remove(ClassifierMixin)
        order.insert(order.index(BaseWrapper), ClassifierMixin)
        return order
