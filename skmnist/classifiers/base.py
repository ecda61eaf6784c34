"""`KerasClassifier`: any Keras network behind scikit-learn's contract, trained by the engine."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.multiclass import type_of_target

from skmnist import engine
from skmnist._compat.keras import keras
from skmnist._compat.sklearn import Interval, Options, StrOptions, with_callbacks
from skmnist.augmentation import KINDS, Kind
from skmnist.classifiers.building import (
    BuiltNetwork,
    augmentation_of,
    build_network,
    check_network,
)
from skmnist.classifiers.monitor import check_validation
from skmnist.classifiers.predicting import PredictingClassifier
from skmnist.classifiers.refusals import (
    check_plan,
    check_routes,
    check_same_kind,
    refuse_fit_params,
    validation_data,
)
from skmnist.classifiers.reporting import EpochReporter, unchanged_on_error
from skmnist.classifiers.rows import check_labels, check_rows, numpy_labels, weighted_rows
from skmnist.classifiers.targets import TargetEncoder
from skmnist.history import History
from skmnist.keras_models import seeded
from skmnist.networks import draw_seed

__all__ = ["KerasClassifier"]


class KerasClassifier(CallbackSupportMixin, PredictingClassifier):
    """Any Keras network as a scikit-learn classifier.

    scikeras's class of this name, repaired for scikit-learn 1.9 and trained by compiled epochs
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
        What initial weights, dropout, the order of the rows and the validation split follow from.
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
        Height and width of the images to augment; by default what the rows' own shape says, or a
        square.
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

    _fewest_classes = 1
    batch_size: Any
    n_features_in_: int
    history_: History
    _checkpoint: engine.Checkpoint

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), Options(Integral, {-1}), None],
        "validation_split": [Interval(Real, 0, 1, closed="left")],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "shuffle": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "verbose": ["verbose"],
        "augment": [StrOptions(set(KINDS)), None],
        "image_shape": ["array-like", None],
    }

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
        refuse_fit_params(self, fit_params)
        self._validate_params()
        if X_val is None and y_val is None:
            X_val, y_val = validation_data(self)
        with unchanged_on_error(self):
            go_on = self.warm_start and hasattr(self, "network_")
            self._fit_rows(
                X,
                y,
                sample_weight,
                X_val=X_val,
                y_val=y_val,
                go_on=go_on,
                epochs=self._setting("epochs"),
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
        refuse_fit_params(self, fit_params)
        self._validate_params()
        with unchanged_on_error(self):
            go_on = hasattr(self, "network_")
            self._fit_rows(
                X,
                y,
                sample_weight,
                go_on=go_on,
                epochs=1,
                classes=classes,
                partial=True,
            )
        return self

    # What a subclass says of its network

    def _setting(self, name: str) -> Any:
        """Look up a parameter of `fit`, also under scikeras's longer name for it."""
        return getattr(self, f"fit__{name}", getattr(self, name))

    def _plan(self, n_rows: int, epochs: int, seed: int, *, partial: bool) -> engine.TrainingPlan:
        size = self._setting("batch_size")
        size = n_rows if size == -1 else size or 32
        shuffle, augmentation = self._setting("shuffle"), augmentation_of(self)
        return engine.TrainingPlan(size, epochs, seed, shuffle=shuffle, augmentation=augmentation)

    def _network_to_train(
        self, X: Any, seed: int
    ) -> tuple[BuiltNetwork, list[NDArray[Any]] | None]:
        """Give a compiled network, and variables to begin with where they are not its own."""
        with seeded(seed):
            return build_network(self, X), None

    def _fit_targets(self, y: NDArray[Any], classes: NDArray[Any] | None) -> None:
        self.classes_ = classes  # scikeras's encoders take them from here
        self.target_encoder_ = self.target_encoder.fit(y)
        self.target_type_ = getattr(self.target_encoder_, "target_type_", None) or type_of_target(y)
        self.__dict__.update(getattr(self.target_encoder_, "get_metadata", dict)())
        if classes is not None:
            self.classes_ = classes  # in the type they came in

    def _encode(self, y: NDArray[Any], form: engine.TargetForm) -> Any:
        if isinstance(self.target_encoder_, TargetEncoder):
            self.target_encoder_.form_ = form
        return self.target_encoder_.transform(y)

    # How all of them are fitted

    def _fit_rows(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        go_on: bool,
        epochs: int,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        partial: bool = False,
    ) -> None:
        checked, labels = self._see(X, y, classes, go_on=go_on)
        seed = draw_seed(self.random_state)
        engine.check_process()
        built, initial = self._network_to_train(self._encode_features(checked), seed)
        check_network(self, built.model, go_on=go_on)
        rows, held_out = weighted_rows(self, checked, labels, sample_weight, X_val, y_val, seed)
        plan = self._plan(rows.n_rows, epochs, seed, partial=partial)
        callbacks = self._keras_callbacks()
        check_plan(plan, callbacks)
        check_validation(self, plan, held_out)

        def encoded(part: engine.Rows) -> engine.Rows:
            X, y = self._encode_features(part.X), self._encode(part.y, built.form)
            return part._replace(X=X, y=y)

        self.link_ = built.link
        following = EpochReporter(self, epochs, X, labels, held_out)
        done = engine.train(
            built.model,
            encoded(rows),
            plan,
            validation=held_out and encoded(held_out),
            initial=initial,
            checkpoint=self._checkpoint if go_on else None,
            callbacks=callbacks,
            on_epoch=following,
            builder=built.builder,
        )
        before = self.history_ if go_on else History()
        self.network_, self._checkpoint = done.network, done.checkpoint
        self.history_ = before.then(done.history)
        self.n_iter_ = self.history_.n_epochs
        self.best_epoch_ = before.n_epochs + done.best_epoch
        following.end(done.network)

    def _see(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None, *, go_on: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Check rows and labels, and learn from them what a network function may ask for."""
        check_routes(self)
        checked, labels = check_rows(self, X, numpy_labels(y), reset=not go_on, multi_output=True)
        X_dtype = getattr(X, "dtype", checked.dtype)
        if go_on:
            check_same_kind(self, X_dtype, labels)
        else:
            self.X_dtype_ = X_dtype
            self.y_dtype_, self.y_ndim_, self.y_shape_ = labels.dtype, labels.ndim, labels.shape
        self.X_shape_ = checked.shape
        known = None
        if not self._has_own_encoder():
            labels, known = check_labels(
                labels, classes, self.classes_ if go_on else None, fewest=self._fewest_classes
            )
        if not go_on:
            self._fit_targets(labels, known)
            self.feature_encoder_ = self.feature_encoder.fit(checked)
            self.__dict__.update(getattr(self.feature_encoder_, "get_metadata", dict)())
        return checked, labels

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
        self._validate_params()
        with unchanged_on_error(self):
            checked, _ = self._see(X, y)
            engine.check_process()
            built, initial = self._network_to_train(
                self._encode_features(checked), draw_seed(self.random_state)
            )
            check_network(self, built.model, go_on=False)
            self.link_ = built.link
            begun = engine.begin(built.model, initial, built.builder)
            self.network_, self._checkpoint = begun.network, begun.checkpoint
            self.history_, self.n_iter_, self.best_epoch_ = History(), 0, 0
        return self
