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
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["compile_settings", "fresh", "keras", "without"]

_CHATTER: Final = re.compile(rb"(I\d{4} |WARNING: All log messages before absl)")
_READ_ONCE: Final = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
"""What TensorFlow reads from the environment while it loads, unless the user says otherwise. Its
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
    rate = optimizer._learning_rate
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return type(optimizer).from_config(optimizer.get_config())
    vars(rate)["get_config"] = dict  # a schedule of the user's own need not describe itself
    try:
        config = optimizer.get_config()
    finally:
        del vars(rate)["get_config"]
    return type(optimizer).from_config(config | {"learning_rate": rate})
