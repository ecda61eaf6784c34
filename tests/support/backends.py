"""Which backend the tests run on, and marks for what only one of them has."""

import os
from pathlib import Path

import pytest

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")


def only_on(backend: str, reason: str) -> pytest.MarkDecorator:
    """Skip a test elsewhere, for a reason."""
    return pytest.mark.skipif(backend != BACKEND, reason=reason)


def n_threads() -> int:
    """Count the threads that the backend computes with, in a process where it runs."""
    if BACKEND == "jax":
        names = (task.read_text() for task in Path("/proc/self/task").glob("*/comm"))
        return sum("XLAEigen" in name for name in names)
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads()
