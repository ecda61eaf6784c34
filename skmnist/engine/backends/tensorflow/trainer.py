"""Training programs on TensorFlow: whole epochs, and evaluations, as compiled functions.

A program is pure from the outside: state and data go in, state and logs come out. Its variables
are working memory, guarded by a lock for the length of one call.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skmnist._compat.keras import build_metrics, keep_no_graphs, keras
from skmnist._compat.tensorflow import release_kernels
from skmnist.engine.arrays import EVALUATION_ROWS, Data, Logs, State, loss_first
from skmnist.engine.dropout import DynamicDropout
from skmnist.engine.dynamic import copy_with_dynamic_dropout
from skmnist.engine.keys import Strategy
from skmnist.engine.process import own_cores, refuse_forks, worker_share

# isort: split
import tensorflow as tf

__all__ = [
    "ONE_AT_A_TIME",
    "Trainer",
    "assign",
    "check_process",
    "copied_optimizer",
    "has_accelerator",
    "is_correct",
    "n_cores",
    "place",
    "release_caches",
    "tensors",
    "to_device",
]

_MODELS_KEPT: Final = 16
"""Models built before TensorFlow is told to forget."""

ONE_AT_A_TIME: Final = True
"""Whether a program serves one training at a time: its variables are working memory."""


def _obey_worker_share() -> None:
    """Take no more threads than a joblib worker is given."""
    share = worker_share()
    if share:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(share)
            tf.config.threading.set_inter_op_parallelism_threads(share)
        except RuntimeError:  # TensorFlow already runs with the user's own settings
            return


_obey_worker_share()


def n_cores() -> int:
    """Tell how many cores TensorFlow has to itself."""
    return tf.config.threading.get_intra_op_parallelism_threads() or own_cores()


def has_accelerator() -> bool:
    """Tell whether there is a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def check_process() -> None:
    """Refuse to work in a fork of a process that has worked."""
    refuse_forks("TensorFlow")


def to_device(array: NDArray[Any]) -> tf.Tensor:
    """Bring an array to the device."""
    return tf.convert_to_tensor(array)


def place(
    X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any], *, whole_batches_of: int = 1
) -> Data:
    """Bring rows to the device, padded with zeros to whole batches.

    Parameters
    ----------
    X, y, weights : ndarray
        Of one length.
    whole_batches_of : int, default=1
        Rows a batch.

    Returns
    -------
    Data
        The rows.
    """
    return Data.of((X, y, weights), len(X) + -len(X) % whole_batches_of, to_device)


def release_caches(n_built: int) -> None:
    """Now and then, free what TensorFlow keeps for the variables of models that are gone.

    It caches a kernel for the creation of each variable, under the variable's unique name, for
    ever: some 0.03 megabytes each. `keras.utils.clear_session` frees them by the same call, after
    which each program is prepared anew: 0.1 seconds.

    Parameters
    ----------
    n_built : int
        Models built for trainings since the last call.
    """
    Trainer.n_models += n_built
    if Trainer.n_models >= _MODELS_KEPT:
        Trainer.n_models = 0
        release_kernels()


def copied_optimizer(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Copy an optimizer for a program."""
    copy = type(optimizer).from_config(optimizer.get_config())
    keep_no_graphs(copy)
    return copy


class Trainer:
    """Training epochs and evaluations of one architecture, optimizer, loss and set of metrics.

    Parameters
    ----------
    model : keras.Model
        Built and compiled; it is copied.
    loss : object
        As `keras.Model.compile` takes it.
    strategy : {"keras", "graph", "xla"}
        How to run an epoch; XLA needs whole batches.
    like : sequence of ndarray
        Rows, targets and weights of the types and shapes to come, in any number.
    loss_weights, metrics, weighted_metrics : object
        As `keras.Model.compile` takes them.
    """

    n_traces = 0
    """How many training programs were traced in this process."""
    n_models = 0
    """How many models were built, for fits and for programs, since TensorFlow last forgot."""

    def __init__(
        self,
        model: keras.Model,
        loss: Any,
        *,
        like: Sequence[NDArray[Any]],
        strategy: Strategy,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        Trainer.n_models += 1
        self.strategy = strategy
        self._measures = ["loss", *(metrics or [])]
        self._lock = threading.Lock()
        self._model = copy_with_dynamic_dropout(model, DynamicDropout)
        self._optimizer = copied_optimizer(model.optimizer)
        self._model.compile(
            self._optimizer,
            loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            jit_compile=False,
        )
        self._optimizer.build(self._model.trainable_variables)
        # its metrics too: one that is not built when the program is traced is never reset in it
        build_metrics(self._model, tuple(array[:1] for array in like))
        rate = self._optimizer.learning_rate
        self._has_dynamic_rate = isinstance(rate, keras.Variable)
        self._dynamic: list[Any] = [
            layer.dynamic_rate for layer in self._model.layers if isinstance(layer, DynamicDropout)
        ]
        if self._optimizer.weight_decay is not None:
            self._optimizer.weight_decay = tf.Variable(0.0, trainable=False)
            self._dynamic.append(self._optimizer.weight_decay)
        self._slots = [v for v in self._optimizer.variables if v is not rate]
        # what the optimizer remembers before its first step
        self.initial_slots = [np.asarray(v).copy() for v in self._slots]
        variables, slots, dynamic = map(_specs, (self._model.variables, self._slots, self._dynamic))
        rows = [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in like]
        steps = [
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([None], tf.float32),
        ]
        # concrete functions are quicker to call: all types are known
        self._train = tf.function(
            self._epoch,
            input_signature=[variables, slots, dynamic, *rows, *steps],
            jit_compile=strategy == "xla",
        ).get_concrete_function()
        self._test_signature = [variables, *rows]

    @functools.cached_property
    def _test(self) -> Any:
        function = tf.function(self._evaluation, input_signature=self._test_signature)
        return function.get_concrete_function()

    def epoch(
        self,
        state: State,
        data: Data,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        dynamic: list[float],
    ) -> tuple[State, Logs]:
        """Train for an epoch.

        Parameters
        ----------
        state : State
            The state before.
        data : Data
            The rows; padded to whole batches under XLA.
        order : ndarray of shape (n_steps, batch_size)
            Indices of rows; the last batch may reach into the padding.
        rates : ndarray of shape (n_steps,)
            The learning rate of each step.
        dynamic : list of float
            Rates of the dynamic dropout layers, then the weight decay, if there are any.

        Returns
        -------
        State
            The state after.
        dict of str to float or list of float
            Loss and metrics over the epoch, as Keras reports them.
        """
        with self._lock:
            variables, slots, logs = self._train(
                tensors(state.variables),
                tensors(state.slots),
                tensors(np.float32(value) for value in dynamic),
                *data[:3],
                *tensors((order, np.int32(data.n_rows), rates)),
            )
        return State(variables, slots), _plain(logs)

    def evaluate(self, state: State, data: Data) -> Logs:
        """Compute loss and metrics without training.

        Parameters
        ----------
        state : State
            The state, which stays as it is.
        data : Data
            The rows.

        Returns
        -------
        dict of str to float or list of float
            Loss and metrics, as Keras reports them.
        """
        with self._lock:
            logs = self._test(tensors(state.variables), *data[:3])
        return _plain(logs)

    def _epoch(
        self,
        variables: list[tf.Tensor],
        slots: list[tf.Tensor],
        dynamic: list[tf.Tensor],
        X: tf.Tensor,
        y: tf.Tensor,
        weights: tf.Tensor,
        order: tf.Tensor,
        n_rows: tf.Tensor,
        rates: tf.Tensor,
    ) -> tuple[list[tf.Tensor], list[tf.Tensor], dict[str, tf.Tensor]]:
        Trainer.n_traces += 1
        assign(self._model.variables, variables)
        assign(self._slots, slots)
        assign(self._dynamic, dynamic)
        step = self._keras_step if self.strategy == "keras" else self._lean_step
        totals = self._run(step, X, y, weights, order, n_rows, rates)
        if self.strategy == "keras":
            logs = self._model.get_metrics_result()
        else:
            logs = {name: totals[name] for name in self._measures}
        return _values(self._model.variables), _values(self._slots), logs

    def _run(
        self,
        step: Any,
        X: tf.Tensor,
        y: tf.Tensor,
        weights: tf.Tensor,
        order: tf.Tensor,
        n_rows: tf.Tensor,
        rates: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        self._model.reset_metrics()
        batch_size = tf.shape(order)[1]
        loss, correct = tf.zeros(()), tf.zeros(())
        for i in tf.range(tf.shape(order)[0]):
            if self._has_dynamic_rate:
                self._optimizer.learning_rate.assign(rates[i])
            count = tf.minimum(batch_size, n_rows - i * batch_size)
            batch_loss, batch_correct = step(X, y, weights, order[i], count)
            loss += batch_loss
            correct += batch_correct
        total = tf.cast(n_rows, tf.float32)
        return {"loss": loss / total, "accuracy": correct / total}

    def _keras_step(
        self, X: tf.Tensor, y: tf.Tensor, weights: tf.Tensor, rows: tf.Tensor, count: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Keras's own training step on the rows that count; its metrics keep the totals."""
        rows = rows[:count]
        self._model.train_step((tf.gather(X, rows), tf.gather(y, rows), tf.gather(weights, rows)))
        return tf.zeros(()), tf.zeros(())

    def _lean_step(
        self, X: tf.Tensor, y: tf.Tensor, weights: tf.Tensor, rows: tf.Tensor, count: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Take the same step by hand; under XLA's fixed shapes padding fills the last batch."""
        if self.strategy != "xla":
            rows = rows[:count]
        x, target, weight = tf.gather(X, rows), tf.gather(y, rows), tf.gather(weights, rows)
        parameters = [v.value for v in self._model.trainable_variables]
        with tf.GradientTape() as tape:
            output = self._model(x, training=True)
            losses = self._model.loss.call(target, output)
            total = tf.reduce_sum(losses * weight)
            loss = total / tf.cast(count, tf.float32)
        self._optimizer.apply(tape.gradient(loss, parameters), self._model.trainable_variables)
        real = tf.cast(tf.range(tf.shape(rows)[0]) < count, tf.float32)
        return total, tf.reduce_sum(is_correct(target, output) * real)

    def _evaluation(
        self, variables: list[tf.Tensor], X: tf.Tensor, y: tf.Tensor, weights: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        assign(self._model.variables, variables)
        self._model.reset_metrics()
        n_rows = tf.shape(X)[0]
        for start in tf.range(0, n_rows, EVALUATION_ROWS):
            rows = slice(start, tf.minimum(start + EVALUATION_ROWS, n_rows))
            self._model.test_step((X[rows], y[rows], weights[rows]))
        return self._model.get_metrics_result()


def assign(variables: Sequence[Any], values: Sequence[tf.Tensor]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _specs(variables: Sequence[Any]) -> list[tf.TensorSpec]:
    return [tf.TensorSpec(v.shape, v.dtype) for v in variables]


def tensors(arrays: Iterable[Any]) -> list[tf.Tensor]:
    return [tf.convert_to_tensor(array) for array in arrays]


def _plain(logs: dict[str, tf.Tensor]) -> Logs:
    return {name: np.asarray(value).tolist() for name, value in loss_first(logs).items()}


def _values(variables: Sequence[Any]) -> list[tf.Tensor]:
    return [tf.identity(v.value) for v in variables]


def is_correct(target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Whether each row's class is the one that it should be, as 1.0 or 0.0; of any rank."""
    rows = tf.shape(output)[:-1]
    if output.shape[-1] == 1:
        hit = tf.equal(tf.reshape(output, rows) > 0.5, tf.reshape(target, rows) > 0.5)
    else:
        wide = target.shape.rank == output.shape.rank and target.shape[-1] == output.shape[-1]
        label = tf.argmax(target, -1) if wide else tf.cast(tf.reshape(target, rows), tf.int64)
        hit = tf.equal(tf.argmax(output, -1), label)
    return tf.cast(hit, tf.float32)
