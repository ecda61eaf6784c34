"""Callbacks of scikit-learn's, through which tests watch a training or break it off."""

import pytest

from skmnist._compat.callbacks import HAS_CALLBACKS

needs_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn has none before 1.9")


class AfterEpochs:
    """Calls a function with the classifier after each epoch, in the thread that trains.

    Parameters
    ----------
    act : callable
        What to call.
    """

    def __init__(self, act):
        self.act = act

    def setup(self, estimator, context): ...
    def teardown(self, estimator, context): ...
    def on_fit_task_begin(self, estimator, context): ...
    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.act(estimator)
