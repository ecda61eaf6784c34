"""Prediction: outputs of the network, as probabilities and as labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skmnist import engine
from skmnist._compat.keras import compile_settings, fresh, keras
from skmnist.classifiers.building import BuiltNetwork
from skmnist.classifiers.losses import Link
from skmnist.classifiers.scikeras import RepairedClassifier
from skmnist.classifiers.targets import TargetEncoder, has_one_label
from skmnist.keras_models import Network

__all__ = ["PredictingClassifier"]

_NO_PROBABILITIES = (
    "The network's outputs are no probabilities: they are trained by a loss of margins or of "
    "distances. End it with a softmax (a sigmoid for one output), or train it by a loss with "
    "from_logits=True."
)


def _has_probabilities(classifier: Any) -> bool:
    if classifier.link_ == "margin":
        raise AttributeError(_NO_PROBABILITIES)
    return True


class PredictingClassifier(RepairedClassifier):
    """A classifier that predicts by its ``network_``, in the labels of its ``classes_``."""

    _allow_nd = True  # rows may be images

    classes_: Any
    target_type_: str
    network_: Network
    link_: Link = "identity"  # of networks that were saved before it was recorded

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Name the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Their labels.
        """
        outputs = self._outputs(X)
        if self._has_own_encoder():
            return self.target_encoder_.inverse_transform(outputs)
        threshold = 0.0 if self.link_ in ("margin", "softmax", "sigmoid") else 0.5
        return self._encoder().inverse_transform(outputs, threshold=threshold)

    @available_if(_has_probabilities)
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Estimate the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``, also where the network gives logits.
        """
        outputs = self._outputs(X)
        if self._has_own_encoder():
            probabilities = self.target_encoder_.inverse_transform(outputs, return_proba=True)
            return np.reshape(probabilities, (len(probabilities), -1))
        return self._encoder().inverse_transform(self._probabilities(outputs), return_proba=True)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Estimate the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms, in the order of ``classes_``.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @property
    def model_(self) -> keras.Model:
        """The trained network as a `keras.Model`, compiled, built at each access.

        Its weights can be changed and given back: ``classifier.model_ = model``.
        """
        check_is_fitted(self, "network_")
        model = self.network_.to_keras()
        if not model.compiled:
            row = np.zeros((1, *self.X_shape_[1:]), np.float32)
            like = self._network_to_train(self._encode_features(row), seed=0).model
            model.compile(**compile_settings(like) | {"optimizer": fresh(like.optimizer)})
            model.optimizer.build(model.trainable_variables)
        return model

    @model_.setter
    def model_(self, model: keras.Model) -> None:
        check_is_fitted(self, "network_")
        self.network_ = Network.from_keras(model, builder=self.network_.builder)

    def _network_to_train(self, X: Any, seed: int) -> BuiltNetwork:
        """Build and compile a network for rows like these."""
        raise NotImplementedError

    @property
    def loss_curve_(self) -> list[float]:
        """Training loss of each epoch, as `sklearn.neural_network.MLPClassifier` names it."""
        check_is_fitted(self, "network_")
        return self.history_["loss"]

    @property
    def best_loss_(self) -> float:
        """The lowest training loss."""
        return min(self.loss_curve_)

    def _check_samples(self, X: Any, y: Any = "no_validation", **options: Any) -> Any:
        """Check samples as scikit-learn does, and bring them to the engine's type and layout."""
        kinds = {"dtype": np.float32, "order": "C", "allow_nd": self._allow_nd}
        return validate_data(self, X, y, **kinds, **options)

    def _is_clean(self, X: Any) -> bool:
        """Tell whether scikit-learn's checks, which take half of a single row's time, would pass.

        And give the same array. They are left to complain where the sum of squares is not finite.
        """
        return (
            type(X) is np.ndarray
            and X.dtype == np.float32
            and X.shape == (len(X), self.n_features_in_)
            and len(X) > 0
            and X.flags.c_contiguous
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(np.vdot(X, X)))
        )

    def _has_own_encoder(self) -> bool:
        """Tell whether a subclass of the user's brings its own encoder of targets."""
        return type(self).target_encoder is not PredictingClassifier.target_encoder

    @property
    def target_encoder(self) -> Any:
        """A new encoder of targets; a subclass may give one of its own, as with scikeras."""
        return TargetEncoder(self.classes_)

    @property
    def feature_encoder(self) -> Any:
        """A new encoder of rows; a subclass may give one of its own, as with scikeras."""
        return _AsTheyAre()

    def _encoder(self) -> TargetEncoder:
        encoder = TargetEncoder(self.classes_)
        encoder.target_type_ = self.target_type_
        encoder.classes_ = self.classes_
        return encoder

    def _encode_features(self, X: NDArray[np.float32]) -> Any:
        encoder = getattr(self, "feature_encoder_", None)
        return X if encoder is None else encoder.transform(X)

    def _has_one_label(self) -> bool:
        return has_one_label(self.target_type_)

    def _probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        one_label = self._has_one_label() and outputs.shape[1] > 1
        if self.link_ == "softmax":
            return softmax(outputs, axis=1)
        if self.link_ == "sigmoid":
            return expit(outputs)
        if self.link_ == "normalize":
            shares = np.clip(outputs, 0, None)
            totals = shares.sum(axis=1, keepdims=True)
            even = np.full_like(shares, 1 / shares.shape[1])
            return np.divide(shares, totals, out=even, where=totals > 0)
        if self.link_ == "unknown":
            totals = outputs.sum(axis=1) if one_label else 1
            if outputs.min() < 0 or outputs.max() > 1 or not np.allclose(totals, 1, atol=1e-3):
                raise ValueError(_NO_PROBABILITIES)
        return outputs

    def _outputs(self, X: ArrayLike) -> Any:
        check_is_fitted(self, "network_")
        samples: Any = X if self._is_clean(X) else self._check_samples(X, reset=False)
        rows = self._encode_features(samples)
        callbacks = self._callbacks_of_predict()
        if callbacks:
            return engine.predict_with_callbacks(self.network_, rows, callbacks)
        return engine.predict(self.network_, rows)


class _AsTheyAre:
    """The encoder of rows that leaves them as they are."""

    def fit(self, X: Any) -> _AsTheyAre:
        return self

    def transform(self, X: Any) -> Any:
        return X
