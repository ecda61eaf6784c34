"""What a fitted classifier does: the outputs of its network, as probabilities and as labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skmnist import engine
from skmnist._keras import keras
from skmnist.classifiers.repair import RepairedClassifier
from skmnist.classifiers.rows import check_rows
from skmnist.keras_models import Network

__all__ = ["PredictingClassifier"]


class PredictingClassifier(RepairedClassifier):
    """A classifier that predicts by its ``network_``, in the labels of its ``classes_``."""

    _allow_nd = True  # rows may be images

    classes_: Any
    target_type_: str
    network_: Network

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Name the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Their labels.
        """
        check_is_fitted(self, "network_")
        if self._has_one_label():
            return self.classes_[self.predict_proba(X).argmax(axis=1)]
        return self.target_encoder_.inverse_transform(self._outputs(X))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Estimate the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        outputs = self._outputs(X)
        probabilities = self.target_encoder_.inverse_transform(outputs, return_proba=True)
        return np.reshape(probabilities, (len(outputs), -1))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Estimate the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms, in the order of ``classes_``.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @property
    def model_(self) -> keras.Model:
        """The trained network as a new `keras.Model`, built at each access."""
        check_is_fitted(self, "network_")
        return self.network_.to_keras()

    def _has_one_label(self) -> bool:
        return self.target_type_ in ("binary", "multiclass")

    def _outputs(self, X: ArrayLike) -> NDArray[np.float32]:
        check_is_fitted(self, "network_")
        return engine.predict(self.network_, check_rows(self, X, reset=False))
