"""Keras, imported without the lines that TensorFlow prints while it loads, and with oneDNN.

TensorFlow writes them from C++ before any of its log levels holds, so they are taken off the
process's standard error during the import. Whatever else is written there is passed on. TensorFlow
uses oneDNN by itself on the newest processors only; on others its convolutions are 1.6 times as
fast with it, and small dense networks no longer depend on the number of threads.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = [
    "all_layers",
    "build_metrics",
    "compile_settings",
    "forget_model",
    "fresh",
    "is_called_once",
    "keep_no_graphs",
    "keras",
    "origin",
    "schedule_of",
    "set_rate_tensor",
    "spares_weights",
    "without",
]

_CHATTER: Final = re.compile(rb"(I\d{4} |WARNING: All log messages before absl)")
_COPYING: Final = threading.Lock()
_READ_ONCE: Final = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
"""Settings that TensorFlow reads from the environment as it loads, unless the user has them. Its
errors come as exceptions, whatever the level."""


@contextmanager
def _loading() -> Iterator[None]:
    """Set what is read once, for as long as it takes."""
    ours = {name: value for name, value in _READ_ONCE.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


@contextmanager
def _without_chatter() -> Iterator[None]:
    try:
        stderr = os.dup(2)
    except OSError:  # no standard error, nobody to disturb
        yield
        return
    with tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            caught.seek(0)
            for line in caught:
                if not _CHATTER.match(line):
                    os.write(2, line)


@contextmanager
def without(library: str, *, unless: bool = False) -> Iterator[None]:
    """Let a library that is not loaded seem not to be installed, to what is imported inside."""
    if unless or library in sys.modules:
        yield
        return
    sys.modules[library] = None  # type: ignore[assignment] # Python's own way to say so
    try:
        yield
    finally:
        del sys.modules[library]


if "keras" not in sys.modules:
    with _loading(), _without_chatter():
        import keras
else:
    import keras


def compile_settings(model: keras.Model) -> dict[str, Any]:
    """Read what a model was compiled with, as it was given.

    Parameters
    ----------
    model : keras.Model
        Compiled.

    Returns
    -------
    dict
        Arguments for `keras.Model.compile`. Keras's public `get_compile_config` describes them
        instead, which loses functions of the user's own.
    """
    given: dict[str, Any] = dict(model._compile_config.config)
    return given | {"optimizer": model.optimizer, "auto_scale_loss": False}


def fresh(optimizer: Any) -> Any:
    """Copy an optimizer: one that a parameter holds, or that another network has, is left alone.

    Parameters
    ----------
    optimizer : object
        As `keras.Model.compile` takes it.

    Returns
    -------
    object
        An optimizer that has trained nothing, if it is one; else what came.
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    rate = schedule_of(optimizer)
    if rate is None:
        return type(optimizer).from_config(optimizer.get_config())
    with _COPYING:  # threads may share a schedule
        vars(rate)["get_config"] = dict  # one of the user's own need not describe itself
        try:
            config = optimizer.get_config()
        finally:
            del vars(rate)["get_config"]
    return type(optimizer).from_config(config | {"learning_rate": rate})


def schedule_of(optimizer: keras.optimizers.Optimizer) -> Any:
    """Give an optimizer's learning-rate schedule, whose public name gives a number; or None."""
    rate = optimizer._learning_rate
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None


def set_rate_tensor(optimizer: keras.optimizers.Optimizer, rate: Any) -> None:
    """Let an optimizer compute with a tensor as its rate, which its public name would assign."""
    optimizer._learning_rate = rate


def spares_weights(optimizer: keras.optimizers.Optimizer) -> bool:
    """Tell whether some weights of an optimizer's do not decay, which nothing public does."""
    names = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(getattr(optimizer, name, None) for name in names)


def keep_no_graphs(optimizer: keras.optimizers.Optimizer) -> None:
    """Let an optimizer of one replica leave no graph of TensorFlow's behind.

    To add up the gradients of replicas TensorFlow registers a gradient of its own for each graph,
    by which it keeps the graph for ever: some 6 megabytes each.
    """
    inner = getattr(optimizer, "inner_optimizer", None)  # of one that scales the loss
    for each in (optimizer, inner):
        if each is not None and hasattr(each, "_all_reduce_sum_gradients"):
            each._all_reduce_sum_gradients = list


def all_layers(model: keras.Model) -> list[keras.Layer]:
    """List a model and all of its layers, those inside wrappers too: `layers` leaves these out."""
    return list(model._flatten_layers())


def build_metrics(model: keras.Model, batch: tuple[Any, ...]) -> None:
    """Build a compiled model's metrics for rows like these, without training on any."""
    model._symbolic_build(data_batch=batch)


def forget_model(callback: keras.callbacks.Callback) -> None:
    """Let a callback forget its model, with which it could not be copied; it has no public way."""
    callback._model = None


def is_called_once(layer: keras.Layer) -> bool:
    """Tell whether a graph passes a layer once; of public names, `output` fails where it does."""
    return len(layer._inbound_nodes) == 1


def origin(tensor: Any) -> tuple[keras.Layer, list[Any]]:
    """Give the layer that a symbolic tensor comes from, and the tensors that it was called on."""
    layer, node, _ = tensor._keras_history
    return layer, layer._inbound_nodes[node].input_tensors
