"""`KerasClassifier`: any Keras network behind scikit-learn's contract, trained by the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from skmnist import engine
from skmnist._compat.callbacks import with_callbacks
from skmnist._compat.keras import keras
from skmnist.augmentation import Kind
from skmnist.classifiers.constraints import ANY_NETWORK
from skmnist.classifiers.fitting import FittingClassifier
from skmnist.classifiers.refusals import routed_validation_data
from skmnist.classifiers.scikeras import fit_setting
from skmnist.history import History
from skmnist.networks import draw_seed

__all__ = ["KerasClassifier"]


class KerasClassifier(FittingClassifier):
    """Any Keras network as a scikit-learn classifier.

    scikeras's class of this name, repaired for today's scikit-learn, and trained by compiled epochs
    that all fits of an architecture share. Its parameters and their routing hold: what begins with
    ``model__``, ``optimizer__``, ``loss__``, ``metrics__``, ``callbacks__`` or ``compile__``
    reaches the network function, the optimizer and so on.

    Parameters
    ----------
    model : callable or keras.Model, default=None
        A network function: called with its ``model__`` parameters, and with ``meta`` (what is known
        of the data: ``n_features_in_``, ``n_classes_``, ...), ``compile_kwargs`` or ``params``
        where it takes them. Returns a Keras model of any kind, compiled or not. A model itself is
        copied, and so left as it is.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit, the optimizer's memory included.
    random_state : int, RandomState instance or None, default=None
        Seed for initial weights, dropout, the order of the rows and the validation split.
    optimizer : str, type or keras.optimizers.Optimizer, default="rmsprop"
        How to train, unless the network function compiles.
    loss : str, type or keras.losses.Loss, default=None
        What to minimise, unless the network function compiles. By default the cross-entropy that
        fits the last layer.
    metrics : list, default=None
        What else to record in ``history_``.
    batch_size : int, default=None
        Rows a step; 32 by default, all rows if -1.
    validation_batch_size : int, default=None
        Has no effect on any result; accepted for scikeras's sake.
    verbose : int, default=0
        If not 0, one line is printed an epoch.
    callbacks : list, dict, type or keras.callbacks.Callback, default=None
        Keras's callbacks. Those that act on batches are served by Keras's own, slower loop.
    validation_split : float, default=0.0
        Share of the rows, stratified, that are set aside to validate on after each epoch.
    shuffle : bool, default=True
        Whether each epoch sees the rows in a new order.
    run_eagerly : bool, default=False
        Whether to train step by step in Python, to debug a network.
    epochs : int, default=1
        Passes over the rows.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, multiplied with ``sample_weight``.
    augment : {"affine", "elastic"} or None, default=None
        How training images are bent anew in each epoch: turned, scaled, sheared and shifted a
        little, and with ``"elastic"`` warped as well. Rows are images of pixels then, black as 0.
    image_shape : tuple of int, default=None
        Height and width of the images to augment; one may be -1, for what the other leaves. By
        default what the rows' own shape says, or a square.
    **kwargs : dict
        Routed parameters, and parameters of the network function by their own names.

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
        The trained network as data: what rebuilds it, and arrays.
    model_ : keras.Model
        The trained network as a Keras model, compiled, built at each access.
    link_ : {"identity", "softmax", "sigmoid", "normalize", "margin", "unknown"}
        How the network's outputs become probabilities; ``"margin"`` has none.
    target_encoder_, feature_encoder_ : object
        What brings labels and rows into the form that the network takes.

    Examples
    --------
    >>> from skmnist import KerasClassifier, dense_network, load_digits28, flatten_and_scale
    >>> X, y = load_digits28(return_X_y=True)
    >>> classifier = KerasClassifier(
    ...     dense_network, model__hidden_layer_sizes=(64,), epochs=10, random_state=0
    ... )
    >>> classifier.fit(flatten_and_scale(X), y).score(flatten_and_scale(X), y) > 0.9
    True
    """

    augment: Any  # subclasses allow more
    batch_size: Any
    epochs: Any

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = ANY_NETWORK

    def __init__(
        self,
        model: Callable[..., keras.Model] | keras.Model | None = None,
        *,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        batch_size: int | None = None,
        validation_batch_size: int | None = None,
        verbose: int = 0,
        callbacks: Any = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        run_eagerly: bool = False,
        epochs: int = 1,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        augment: Kind | None = None,
        image_shape: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.random_state = random_state
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.batch_size = batch_size
        self.validation_batch_size = validation_batch_size
        self.verbose = verbose
        self.callbacks = callbacks
        self.validation_split = validation_split
        self.shuffle = shuffle
        self.run_eagerly = run_eagerly
        self.epochs = epochs
        self.class_weight = class_weight
        self.augment = augment
        self.image_shape = image_shape
        self.__dict__.update(kwargs)

    # scikit-learn's contract

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts beside the others: the weights are scaled to a mean of 1.
            Rows of weight 0 are left out.
        X_val : array-like of shape (n_validation_samples, n_features), default=None
            Rows to validate on after each epoch, instead of ``validation_split``.
        y_val : array-like of shape (n_validation_samples,), default=None
            Their labels.
        **fit_params : dict
            Refused: what Keras's `fit` takes are parameters of the classifier here.

        Returns
        -------
        Self
            The classifier itself, as it was before where training fails or is interrupted.
        """
        self._check_parameters(fit_params)
        if X_val is None and y_val is None:
            X_val, y_val = routed_validation_data(self.get_params(deep=False))
        with self._kept_on_error():
            self._fit(
                X,
                y,
                sample_weight,
                X_val=X_val,
                y_val=y_val,
                epochs=fit_setting(self, "epochs"),
                go_on=self.warm_start and hasattr(self, "network_"),
            )
        return self

    @with_callbacks
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Train for one epoch more, at a constant learning rate.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            All labels there will be; by default those of the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts.
        **fit_params : dict
            Refused, as in `fit`.

        Returns
        -------
        Self
            The classifier itself.
        """
        self._check_parameters(fit_params)
        with self._kept_on_error():
            go_on = hasattr(self, "network_")
            self._fit(X, y, sample_weight, classes=classes, epochs=1, go_on=go_on, partial=True)
        return self

    def initialize(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Build the network without training it: to predict with one that is trained already.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows like those to predict.
        y : array-like of shape (n_samples,)
            Labels, each class at least once.

        Returns
        -------
        Self
            The classifier itself, ready to predict.
        """
        self._check_parameters({})
        with self._kept_on_error():
            checked, _ = self._check_data(X, y)
            built = self._network_to_train(
                self._encode_features(checked), draw_seed(self.random_state)
            )
            begun = engine.begin(built.model, built.initial, built.builder)
            self._record(begun, built.link, History())
        return self
