"""The programs of this process: which trainings and predictions share one."""

from __future__ import annotations

import functools
import json
from collections.abc import Hashable
from typing import Any, Final

import numpy as np

from skmnist.engine.backends import backend
from skmnist.engine.backends.protocol import PredictionProgram, StackProgram, TrainingProgram
from skmnist.engine.cache import Cache
from skmnist.engine.forward import dense_outputs
from skmnist.engine.keys import architecture, optimizer_key, value_key
from skmnist.engine.measures import keras_loss
from skmnist.engine.proven import is_proven_network
from skmnist.engine.records import TrainingRequest
from skmnist.engine.strategy import measures_of, strategy_of
from skmnist.engine.tally import TRACES
from skmnist.engine.working_models import predict_by_keras
from skmnist.keras_models import BUILDING, Network

__all__ = [
    "clear_programs",
    "count_traces",
    "predict",
    "program_key",
    "stack_trainer",
    "trainer",
]

_PROGRAMS: Final = 32
"""Number of programs of each kind that are kept; one takes some megabytes."""

_trainers: Final = Cache[TrainingProgram](_PROGRAMS, BUILDING)
_stack_trainers: Final = Cache[StackProgram](_PROGRAMS, BUILDING)
_predictors: Final = Cache[PredictionProgram](_PROGRAMS, BUILDING)


def program_key(request: TrainingRequest) -> Hashable:
    """Tell what all trainings that can share a program have in common."""
    model = request.model
    metrics, weighted, loss_weights = measures_of(model)
    return (
        architecture(json.loads(request.config)),
        optimizer_key(model.optimizer),
        value_key(keras_loss(model.loss)),
        value_key(metrics),
        value_key(weighted),
        value_key(loss_weights),
        tuple((array.shape[1:], array.dtype) for array in request.samples),
        strategy_of(request),
    )


def trainer(request: TrainingRequest, key: Hashable, lane: int = 0) -> TrainingProgram:
    """Give the program of a training; trainings side by side have one each, where they need it."""
    key = (key, lane if backend.ONE_AT_A_TIME else 0)
    return _trainers.get(key, lambda: backend.Trainer(**_settings(request)))


def stack_trainer(
    request: TrainingRequest, key: Hashable, n_networks: int, lane: int = 0
) -> StackProgram:
    """Give the program of several trainings at once, of which one is shown."""
    key = (key, n_networks, lane if backend.ONE_AT_A_TIME else 0)
    settings = _settings(request)
    return _stack_trainers.get(key, lambda: backend.StackTrainer(n_networks=n_networks, **settings))


def predict(network: Network, X: Any) -> Any:
    """Compute a network's outputs.

    Parameters
    ----------
    network : Network
        A trained network.
    X : ndarray of shape (n_rows, ...)
        The rows; a list or dict of arrays for a network of several inputs.

    Returns
    -------
    ndarray
        One output a row, which depends on no other row; a list or dict of arrays of a network of
        several outputs.
    """
    if isinstance(X, np.ndarray) and not backend.has_accelerator():
        outputs = dense_outputs(network, X)
        if outputs is not None:
            return outputs
    backend.check_process()
    proven = is_proven_network(network.config) and not network.custom_objects
    if not (proven and isinstance(X, np.ndarray)):
        return predict_by_keras(network, X)
    shape = X.shape[1:]
    key = (_key_of(network.config), shape)
    return _predictors.get(key, lambda: backend.Predictor(network.to_keras(), shape))(network, X)


def count_traces() -> int:
    """Tell how many training programs this process has traced."""
    return TRACES.total


def clear_programs() -> None:
    """Forget all programs, to give their memory back."""
    for programs in (_trainers, _stack_trainers, _predictors):
        programs.clear()


@functools.lru_cache(maxsize=2 * _PROGRAMS)
def _key_of(config: str) -> str:
    return architecture(json.loads(config))


def _settings(request: TrainingRequest) -> dict[str, Any]:
    metrics, weighted, loss_weights = measures_of(request.model)
    return {
        "model": request.model,
        "loss": keras_loss(request.model.loss),
        "like": request.samples,
        "strategy": strategy_of(request),
        "loss_weights": loss_weights,
        "metrics": metrics,
        "weighted_metrics": weighted,
    }
