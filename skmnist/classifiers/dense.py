"""`DenseClassifier`: the dense network with a parameter for each thing that can be set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import type_of_target

from skmnist import engine
from skmnist._keras import keras
from skmnist.classifiers.base import KerasClassifier
from skmnist.networks import dense_network, initial_variables, seeded

__all__ = ["DenseClassifier"]


class DenseClassifier(KerasClassifier):
    """A dense network with a parameter for each thing that can be set, all of them checked.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(512, 512)
        Units of each hidden layer.
    activation : str, default="relu"
        Keras's name of the hidden layers' activation.
    dropout : float, default=0.2
        Share of each hidden layer's outputs that a training step leaves out.
    batch_norm : bool, default=False
        Whether to normalise each hidden layer's inputs to its activation over the batch.
    optimizer : {"adamw", "adam", "rmsprop", "sgd"}, default="adamw"
        How to train, with Keras's own settings; ``"sgd"`` has Nesterov momentum 0.9.
    learning_rate : float, default=0.003
        The highest learning rate.
    schedule : {"one_cycle", "cosine", "constant"}, default="one_cycle"
        How the learning rate changes over a fit.
    weight_decay : float, default=0.1
        Share of each weight, times the learning rate, that a step takes away.
    label_smoothing : float, default=0.0
        Probability moved from the true class to all classes evenly.
    batch_size : int or "auto", default="auto"
        Rows a step. ``"auto"`` takes 256, or on few rows the power of 2, at least 32, that gives an
        epoch some 40 steps.
    epochs : int, default=20
        Passes over the rows.
    validation_split : float, default=0.0
        Share of the rows, stratified, that are set aside to validate on after each epoch.
    early_stopping : bool, default=False
        Whether to stop when the validation loss no longer falls, and to take the weights of the
        epoch in which it was lowest. Needs ``validation_split``, or ``X_val`` in `fit`.
    patience : int, default=5
        Epochs without a lower validation loss before early stopping.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, multiplied with ``sample_weight``.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit, the optimizer's memory included.
    callbacks : list of keras.callbacks.Callback, default=None
        Keras's callbacks. Those that act on batches are served by Keras's own, slower loop.
    metrics : list, default=None
        What to record in ``history_`` beside loss and accuracy, by Keras's names or objects; of
        metrics for one-hot labels, ``"top_k_categorical_accuracy"`` and not its sparse form.
    verbose : int, default=0
        If not 0, one line is printed an epoch.
    random_state : int, RandomState instance or None, default=None
        What initial weights, dropout, the order of the rows and the validation split follow from.
        The same int gives bit-identical weights on one machine.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in `fit`, where all were strings.
    history_ : History
        Loss and metrics of each epoch.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        The epoch, counted from 1, of the lowest validation loss; the last without validation.
    network_ : Network
        The trained network as a configuration and arrays.

    See Also
    --------
    KerasClassifier : The same for a network function of your own.
    sklearn.neural_network.MLPClassifier : scikit-learn's own dense network.

    Examples
    --------
    >>> from skmnist import DenseClassifier, flatten_and_scale, load_digits28
    >>> X, y = load_digits28(subset="train", return_X_y=True)
    >>> classifier = DenseClassifier((64,), random_state=0).fit(flatten_and_scale(X), y)
    >>> X_test, y_test = load_digits28(subset="test", return_X_y=True)
    >>> classifier.score(flatten_and_scale(X_test), y_test) > 0.9
    True
    """

    model = loss = None  # scikeras's; a dense network is built here
    _allow_nd = False
    run_eagerly = False
    shuffle = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like"],
        "activation": [str],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "batch_norm": ["boolean"],
        "optimizer": [StrOptions({"adamw", "adam", "rmsprop", "sgd"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "schedule": [StrOptions(set(engine.SCHEDULES))],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "validation_split": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "warm_start": ["boolean"],
        "callbacks": [list, None],
        "metrics": [list, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (512, 512),
        *,
        activation: str = "relu",
        dropout: float = 0.2,
        batch_norm: bool = False,
        optimizer: Literal["adamw", "adam", "rmsprop", "sgd"] = "adamw",
        learning_rate: float = 3e-3,
        schedule: engine.Schedule = "one_cycle",
        weight_decay: float = 0.1,
        label_smoothing: float = 0.0,
        batch_size: int | Literal["auto"] = "auto",
        epochs: int = 20,
        validation_split: float = 0.0,
        early_stopping: bool = False,
        patience: int = 5,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        warm_start: bool = False,
        callbacks: list[keras.callbacks.Callback] | None = None,
        metrics: list[Any] | None = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.batch_size = batch_size
        self.epochs = epochs
        self.validation_split = validation_split
        self.early_stopping = early_stopping
        self.patience = patience
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.metrics = metrics
        self.verbose = verbose
        self.random_state = random_state

    set_params = BaseEstimator.set_params  # no routed parameters here

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
        return self._outputs(X)

    def _plan(self, n_rows: int, epochs: int, seed: int, *, partial: bool) -> engine.Plan:
        size = _auto_batch_size(n_rows) if self.batch_size == "auto" else self.batch_size
        return engine.Plan(
            size,
            epochs,
            seed,
            schedule="constant" if partial else self.schedule,
            patience=self.patience if self.early_stopping and not partial else None,
        )

    def _network_to_train(self, seed: int) -> tuple[keras.Model, list[NDArray[Any]] | None]:
        build: Callable[..., keras.Model] = _compiled_network
        if self.callbacks or self.metrics:  # these may change the model, or be unhashable
            build = _compiled_network.__wrapped__
        sizes: tuple[Any, ...] = tuple(self.hidden_layer_sizes)
        if not all(isinstance(size, Integral) and int(size) > 0 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be positive ints; got {sizes!r}.")
        model = build(
            tuple(int(size) for size in sizes),
            self.activation,
            self.dropout,
            self.batch_norm,
            self.n_features_in_,
            len(self.classes_),
            self.optimizer,
            float(self.learning_rate),
            float(self.weight_decay),
            tuple(m for m in self.metrics or () if m != "accuracy"),
        )
        return model, initial_variables(model, seed)

    def _keras_callbacks(self) -> list[keras.callbacks.Callback]:
        return list(self.callbacks or [])

    def _fit_targets(self, y: NDArray[Any], classes: NDArray[Any] | None) -> None:
        if classes is None:
            raise ValueError(f"y should be a 1d array, got an array of shape {y.shape} instead.")
        self.classes_ = classes
        self.target_type_ = type_of_target(classes)

    def _encode(self, y: NDArray[Any], *, one_hot: bool = True) -> NDArray[np.float32]:
        """Give one column a class: the probability that the network is to give it."""
        n_classes = len(self.classes_)
        even = self.label_smoothing / n_classes
        targets = np.full((len(y), n_classes), even, dtype=np.float32)
        targets[np.arange(len(y)), np.searchsorted(self.classes_, y)] += 1 - self.label_smoothing
        return targets


@functools.lru_cache(maxsize=8)
def _compiled_network(
    hidden_layer_sizes: tuple[int, ...],
    activation: str,
    dropout: float,
    batch_norm: bool,
    n_features: int,
    n_classes: int,
    optimizer: str,
    learning_rate: float,
    weight_decay: float,
    metrics: tuple[Any, ...],
) -> keras.Model:
    """Build and compile; kept, since the folds of a cross-validation ask for the same again."""
    for metric in metrics:
        if metric not in ("acc", "ce", "crossentropy"):  # which Keras fits to the loss itself
            keras.metrics.get(metric)  # a name that Keras does not know is an error now
    settings: dict[str, Any] = {"learning_rate": learning_rate}
    if weight_decay or optimizer == "adamw":
        settings["weight_decay"] = weight_decay
    if optimizer == "sgd":
        settings |= {"momentum": 0.9, "nesterov": True}
    with seeded(0):
        model = dense_network(
            hidden_layer_sizes,
            activation,
            dropout,
            batch_norm,
            meta={"n_features_in_": n_features, "n_classes_": n_classes},
        )
    model.compile(
        keras.optimizers.get({"class_name": optimizer, "config": settings}),
        keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy", *metrics],
    )
    return model


def _auto_batch_size(n_rows: int) -> int:
    return int(np.clip(2 ** np.floor(np.log2(max(n_rows / 40, 1))), 32, 256))
