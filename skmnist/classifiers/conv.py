"""`ConvClassifier`: the convolutional network with a parameter for each thing that can be set."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np

from skmnist import augmentation, engine
from skmnist._compat.keras import keras
from skmnist._compat.sklearn import Interval
from skmnist._images import image_shape, positive_ints
from skmnist.classifiers.checked import CheckedClassifier
from skmnist.classifiers.constraints import NAMED_NETWORK
from skmnist.classifiers.optimizers import OptimizerName
from skmnist.networks import conv_network

__all__ = ["ConvClassifier"]


class ConvClassifier(CheckedClassifier):
    """A convolutional network with a parameter for each thing that can be set, all of them checked.

    Takes images, or rows that hold one each: what `FlattenScale` hands on, for example. Blocks of
    convolutions, each followed by a pooling that halves height and width, then dense layers.

    Parameters
    ----------
    filters : sequence of int, default=(16, 32)
        Channels of each block.
    kernel_size : int, default=3
        Height and width of a convolution's kernel.
    block_depth : int, default=1
        Convolutions in a block.
    hidden_layer_sizes : sequence of int or int, default=(128,)
        Units of each dense layer behind the blocks; an int is one layer.
    activation : str, default="relu"
        Keras's name of the activation of convolutions and dense layers.
    dropout : float, default=0.2
        Share of the dense layers' inputs, the output layer's included, that a step leaves out.
    batch_norm : bool, default=False
        Whether to normalise what each convolution passes to its activation over the batch.
    optimizer : {"adamw", "adam", "rmsprop", "sgd"}, default="adamw"
        How to train, with Keras's own settings; ``"sgd"`` has Nesterov momentum 0.9.
    learning_rate : float, default=0.003
        The highest learning rate.
    schedule : {"one_cycle", "cosine", "constant"}, default="one_cycle"
        How the learning rate changes over a fit.
    weight_decay : float, default=0.1
        Share of each weight, times the learning rate, that a step takes away.
    beta_2 : float, default=0.999
        Share that ``"adamw"`` and ``"adam"`` keep, from step to step, of the mean of squared
        gradients by which they scale a step; the other optimizers have none.
    label_smoothing : float, default=0.0
        Probability moved from the true class to all classes evenly.
    augment : {"affine", "elastic", "auto"} or None, default=None
        How training images are bent anew in each epoch: turned, scaled, sheared and shifted a
        little, and with ``"elastic"`` warped as well. ``"auto"`` warps up to 5,000 rows. Rows are
        images of pixels then, black as 0.
    image_shape : tuple of int, default=None
        Height and width of an image; one may be -1, for what the other leaves. By default what the
        rows' own shape says, or a square.
    batch_size : int or "auto", default="auto"
        Rows a step. ``"auto"`` takes 256, or on few rows the power of 2, at least 32, that gives an
        epoch some 40 steps.
    epochs : int or "auto", default=20
        Passes over the rows. ``"auto"`` takes 20, or on few rows as many, up to 160, as show
        30,000 rows.
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
        What to record in ``history_`` beside loss and accuracy, by Keras's names or objects.
        Keras's own get targets in the form that they ask for, the user's one column a class.
    verbose : int, default=0
        If not 0, one line is printed an epoch.
    random_state : int, RandomState instance or None, default=None
        Seed for initial weights, dropout, the order of the rows and the validation split.
        The same int gives bit-identical weights on one machine.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    n_features_in_ : int
        Number of features seen in `fit`; of images, their height.
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
    DenseClassifier : A dense network: quicker to train, less accurate on images.

    Examples
    --------
    >>> from skmnist import ConvClassifier, flatten_and_scale, load_digits28
    >>> X, y = load_digits28(subset="train", return_X_y=True)
    >>> classifier = ConvClassifier((4, 8), epochs=6, random_state=0).fit(flatten_and_scale(X), y)
    >>> X_test, y_test = load_digits28(subset="test", return_X_y=True)
    >>> classifier.score(flatten_and_scale(X_test), y_test) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NAMED_NETWORK,
        "filters": ["array-like"],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "block_depth": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        filters: Sequence[int] = (16, 32),
        *,
        kernel_size: int = 3,
        block_depth: int = 1,
        hidden_layer_sizes: Sequence[int] | int = (128,),
        activation: str = "relu",
        dropout: float = 0.2,
        batch_norm: bool = False,
        optimizer: OptimizerName = "adamw",
        learning_rate: float = 3e-3,
        schedule: engine.Schedule = "one_cycle",
        weight_decay: float = 0.1,
        beta_2: float = 0.999,
        label_smoothing: float = 0.0,
        augment: augmentation.Kind | Literal["auto"] | None = None,
        image_shape: tuple[int, int] | None = None,
        batch_size: int | Literal["auto"] = "auto",
        epochs: int | Literal["auto"] = 20,
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
        self.filters = filters
        self.kernel_size = kernel_size
        self.block_depth = block_depth
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.beta_2 = beta_2
        self.label_smoothing = label_smoothing
        self.augment = augment
        self.image_shape = image_shape
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

    def _build(self) -> tuple[Any, ...]:
        arguments = {
            "filters": positive_ints("filters", self.filters),
            "kernel_size": self.kernel_size,
            "block_depth": self.block_depth,
            "hidden_layer_sizes": positive_ints("hidden_layer_sizes", self.hidden_layer_sizes),
            "activation": self.activation,
            "dropout": self.dropout,
            "batch_norm": self.batch_norm,
            "image_shape": image_shape(self.X_shape_[1:], self.image_shape),
        }
        return conv_network, tuple(arguments.items())
