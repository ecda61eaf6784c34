"""Choice of a strategy: Keras's own loop, or a program of one of three kinds.

A program runs what is proven to give Keras's own numbers; all else goes through Keras's loop.
"""

from __future__ import annotations

import math
from typing import Any, Final

from skmnist._compat.keras import compile_settings, keras
from skmnist.engine.forced import FORCED, Strategy
from skmnist.engine.keras_callbacks import BATCH_HOOKS, acts_on
from skmnist.engine.keys import is_graph
from skmnist.engine.measures import keras_loss
from skmnist.engine.proven import (
    are_proven_metrics,
    is_proven_loss,
    is_proven_network,
    is_proven_optimizer,
)
from skmnist.engine.records import TrainingRequest

__all__ = ["Strategy", "measures_of", "n_steps", "program_strategies", "strategy_of"]

_DENSE_KINDS: Final = (
    keras.layers.InputLayer,
    keras.layers.Dense,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.Flatten,
    keras.layers.Dropout,
)
"""Layers that treat each row alone, in ways that XLA is good at."""
_LEAN_KINDS: Final = (
    *_DENSE_KINDS,
    keras.layers.BatchNormalization,
    keras.layers.Conv2D,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.Reshape,
)
"""Layers that need nothing of Keras's training step: what they change besides their weights are
variables of the network, and none of them adds to the loss."""
_CROSS_ENTROPIES: Final = (
    keras.losses.SparseCategoricalCrossentropy,
    keras.losses.CategoricalCrossentropy,
    keras.losses.BinaryCrossentropy,
)
_XLA_REPAYS: Final = 2.5e7
"""Weights times steps of a fit above which XLA is used. Measured on two cores, XLA saves 2e-9 to
2.5e-9 seconds a weight and step, by fusing the optimizer, and costs 0.5 seconds to compile: as much
as 2e8 of them save. Programs are shared, so an eighth of that is asked of a single fit."""


def n_steps(request: TrainingRequest) -> int:
    """Count the training steps of an epoch."""
    return math.ceil(request.samples.n_samples / request.plan.batch_size)


def strategy_of(request: TrainingRequest) -> Strategy:
    """Choose how to train.

    Parameters
    ----------
    request : TrainingRequest
        What to train.

    Returns
    -------
    {"loop", "keras", "graph", "xla"}
        The best strategy, unless another is forced. It follows from this fit alone, so that no
        other changes its result.
    """
    open_to = [*_program_strategies_of(request), "loop"]
    forced = FORCED.strategy
    if forced is None:
        return open_to[0]
    if forced not in open_to:
        raise ValueError(f"This training can't be {forced!r}; it can be {', '.join(open_to)}.")
    return forced


def _program_strategies_of(request: TrainingRequest) -> list[Strategy]:
    model = request.model
    metrics, weighted, loss_weights = measures_of(model)
    proven = (
        is_proven_network(request.config)
        and is_proven_loss(keras_loss(model.loss))
        and are_proven_metrics(metrics)
        and are_proven_metrics(weighted)
        and is_proven_optimizer(model.optimizer)
        and not loss_weights
    )
    if not proven or _needs_batches(request):
        return []
    steps = n_steps(request) * request.plan.epochs
    return program_strategies(
        model, keras_loss(model.loss), metrics, weighted or loss_weights, steps
    )


def program_strategies(
    model: keras.Model,
    loss: Any,
    metrics: Any,
    weighted: Any,
    n_steps: int,
) -> list[Strategy]:
    """List the ways in which a program may run an epoch of a proven network, the best one first.

    ``"keras"`` takes Keras's own training steps, whatever they do. ``"graph"`` takes a lean step
    that equals Keras's for the common layers and for a cross-entropy. ``"xla"`` is the same,
    compiled: it wins on dense layers, but loses on convolutions and on dropout straight on the
    input, whose random bits it draws again at every use, and it takes time to compile. Its last
    batch is padded, which batch normalisation would see. JAX has no ``"graph"``.

    Parameters
    ----------
    model : keras.Model
        The network.
    loss, metrics : object
        As `keras.Model.compile` takes them.
    weighted : object
        Weighted metrics or weights of losses, if there are any.
    n_steps : int
        Training steps of the whole fit.

    Returns
    -------
    list of {"keras", "graph", "xla"}
        The strategies.
    """
    kinds = [type(layer) for layer in model.layers]
    lean = (
        is_graph(model)
        and all(kind in _LEAN_KINDS for kind in kinds)
        and keras.layers.Dense in kinds
        and len(model.inputs) == len(model.outputs) == 1
        and not model.losses
        and all(layer.activity_regularizer is None for layer in model.layers)
        and getattr(loss, "ignore_class", None) is None
        and model.optimizer.loss_scale_factor is None
        and model.dtype_policy.name == "float32"
        and isinstance(loss, _CROSS_ENTROPIES)
        and loss.reduction == "sum_over_batch_size"
        and list(metrics or []) in ([], ["accuracy"])
        and not weighted
    )
    if not lean:
        return ["keras"]
    compiled: list[Strategy] = [] if keras.layers.BatchNormalization in kinds else ["xla"]
    if keras.backend.backend() == "jax":  # which compiles all that it runs
        return [*compiled, "keras"]
    drops_inputs = keras.layers.Dropout in kinds[: kinds.index(keras.layers.Dense)]
    is_dense = all(kind in _DENSE_KINDS for kind in kinds)
    repays = model.count_params() * n_steps >= _XLA_REPAYS
    if repays and is_dense and not drops_inputs:
        return [*compiled, "graph", "keras"]
    return ["graph", *compiled, "keras"]


def measures_of(model: keras.Model) -> tuple[Any, Any, Any]:
    """Find metrics, weighted metrics and loss weights that a model was compiled with, as given."""
    settings = compile_settings(model)
    return settings["metrics"], settings["weighted_metrics"], settings["loss_weights"]


def _needs_batches(request: TrainingRequest) -> bool:
    """Tell whether an epoch must be left batch by batch, or its rows are no single array."""
    acts_on_batches = any(acts_on(callback, BATCH_HOOKS) for callback in request.callbacks)
    model = request.model
    in_python = model.run_eagerly or (keras.backend.backend() == "jax" and not model.jit_compile)
    is_nested = any(keras.tree.is_nested(part) for part in request.samples[:2])
    return acts_on_batches or in_python or is_nested
