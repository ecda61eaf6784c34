"""Base of classifiers that build their networks from named parameters, all of them checked."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import type_of_target

from skmnist import engine
from skmnist._compat.keras import keras
from skmnist.augmentation import Kind
from skmnist.classifiers.base import KerasClassifier
from skmnist.classifiers.building import BuiltNetwork
from skmnist.classifiers.constraints import NAMED_NETWORK
from skmnist.classifiers.losses import recoded_metrics
from skmnist.classifiers.optimizers import OptimizerName, make_optimizer
from skmnist.keras_models import describe, seeded
from skmnist.networks import initial_variables

__all__ = ["CheckedClassifier"]


class CheckedClassifier(KerasClassifier):
    """Base of the classifiers that build their networks themselves.

    A subclass names all of its parameters, and gives its network function and the arguments for it.
    """

    model = loss = None  # scikeras's; the network is built here
    _fewest_classes = 2
    _routing_prefixes = frozenset[str]()
    run_eagerly = False
    shuffle = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = NAMED_NETWORK

    # what the subclasses have as parameters, beside those of KerasClassifier
    learning_rate: float
    schedule: engine.Schedule
    weight_decay: float
    beta_2: float
    label_smoothing: float
    early_stopping: bool
    patience: int

    def _build(self) -> tuple[Any, ...]:
        """Give the network function and its arguments, hashable."""
        raise NotImplementedError

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Estimate the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        return self._outputs(X)

    def _plan(self, n_rows: int, epochs: Any, seed: int, *, partial: bool) -> engine.TrainingPlan:
        kind = _auto_kind(n_rows) if self.augment == "auto" else self.augment
        return engine.TrainingPlan(
            _auto_batch_size(n_rows) if self.batch_size == "auto" else self.batch_size,
            _auto_epochs(n_rows) if epochs == "auto" else epochs,
            seed,
            schedule="constant" if partial else self.schedule,
            patience=self.patience if self.early_stopping and not partial else None,
            augmentation=self._augmentation(kind),
        )

    def _network_to_train(self, X: Any, seed: int) -> BuiltNetwork:
        metrics = [m for m in self.metrics or () if m != "accuracy"]
        # callbacks and metrics may change the model, or be unhashable
        keep = not (self.callbacks or self.metrics)
        built = (_built if keep else _built.__wrapped__)(
            *self._build(),
            tuple(self.X_shape_[1:]),
            len(self.classes_),
            self.optimizer,
            float(self.learning_rate),
            float(self.weight_decay),
            float(self.beta_2),
            tuple(recoded_metrics(metrics, "one_hot", len(self.classes_))),
        )
        return replace(built, initial=initial_variables(built.model, seed))

    def _callbacks_of_predict(self) -> list[keras.callbacks.Callback]:
        given = self.callbacks or ()
        return [each for each in given if engine.acts_on(each, engine.PREDICT_HOOKS)]

    def _keras_callbacks(self) -> list[keras.callbacks.Callback]:
        return list(self.callbacks or [])

    def _fit_targets(self, y: NDArray[Any], classes: NDArray[Any] | None) -> None:
        if classes is None:
            remedy = " Pass labels: y.argmax(axis=1)." if _is_one_hot(y) else ""
            raise ValueError(
                f"y should be a 1d array, got an array of shape {y.shape} instead.{remedy}"
            )
        self.classes_ = classes
        self.target_type_ = type_of_target(classes)

    def _encode_labels(self, y: NDArray[Any], form: engine.TargetForm) -> NDArray[np.float32]:
        """Give one column a class: the probability that the network is to give it."""
        n_classes = len(self.classes_)
        even = self.label_smoothing / n_classes
        targets = np.full((len(y), n_classes), even, dtype=np.float32)
        targets[np.arange(len(y)), np.searchsorted(self.classes_, y)] += 1 - self.label_smoothing
        return targets


def _is_one_hot(y: NDArray[Any]) -> bool:
    return y.ndim == 2 and bool((y.sum(axis=1) == 1).all())


@functools.lru_cache(maxsize=8)
def _built(
    network: Any,
    arguments: tuple[tuple[str, Any], ...],
    shape: tuple[int, ...],
    n_classes: int,
    optimizer: OptimizerName,
    learning_rate: float,
    weight_decay: float,
    beta_2: float,
    metrics: tuple[Any, ...],
) -> BuiltNetwork:
    """Build and compile; kept, since the folds of a cross-validation ask for the same again."""
    meta = {"n_features_in_": shape[0], "X_shape_": (None, *shape), "n_classes_": n_classes}
    with seeded(0):
        model = network(**dict(arguments), meta=meta)
    model.compile(
        make_optimizer(optimizer, learning_rate, weight_decay, beta_2),
        keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy", *metrics],
    )
    return BuiltNetwork(model, "one_hot", "identity", description=describe(model))


def _auto_batch_size(n_rows: int) -> int:
    return int(np.clip(2 ** np.floor(np.log2(max(n_rows / 40, 1))), 32, 256))


def _auto_epochs(n_rows: int) -> int:
    """Choose the epochs: few rows can be bent, and seen, often (``benchmarks/defaults.py``)."""
    return int(np.clip(round(30_000 / n_rows), 20, 160))


def _auto_kind(n_rows: int) -> Kind:
    """Choose how to bend: the fewer rows, the more (``benchmarks/defaults.py``)."""
    return "elastic" if n_rows < 5000 else "affine"
