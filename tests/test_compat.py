"""Private names of other libraries: still there, doing their work, and used nowhere else."""

import ast
import pickle
import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from support.backends import only_on

from skmnist import DenseClassifier, ValidationMonitor
from skmnist._compat import keras as doors
from skmnist._compat.callbacks import HAS_CALLBACKS

PACKAGE = Path(__file__).parents[1] / "skmnist"
OUTSIDE = [p for p in sorted(PACKAGE.rglob("*.py")) if "_compat" not in p.parts]
PRIVATE_OF_KERAS = re.compile(
    r"\._(compile_config|compile_metrics|compile_loss|learning_rate|exclude_from\w*|inbound_nodes"
    r"|all_reduce_sum_gradients|flatten_layers|symbolic_build|keras_history)\b"
)
L = keras.layers


@pytest.fixture
def model():
    inner = L.TimeDistributed(L.Dense(2))
    model = keras.Sequential([keras.Input((4, 3)), inner, L.Flatten(), L.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_there_is_one_door(path):
    text = path.read_text()
    assert not PRIVATE_OF_KERAS.search(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module[:7] != "skmnist":
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            private = [n for n in names if n.startswith("_") and not n.startswith("__")]
            assert not private, node.module


def test_settings_of_compile_come_back_as_they_were_given(model):
    def loss(y_true, y_pred):
        return keras.ops.mean(y_pred)

    model.compile("sgd", loss, metrics=["accuracy"], loss_weights=[2.0], run_eagerly=True)
    settings = doors.compile_settings(model)
    assert settings["loss"] is loss
    assert settings["metrics"] == ["accuracy"]
    assert settings["loss_weights"] == [2.0]
    assert settings["run_eagerly"]
    model.compile(**settings)


class Undescribed(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1


def test_a_fresh_optimizer_has_the_settings_and_nothing_else(model):
    model.fit(np.ones((2, 4, 3), "float32"), np.zeros(2), verbose=0)
    copy = doors.fresh(model.optimizer)
    assert model.optimizer.built
    assert not copy.built
    assert float(copy.learning_rate) == float(model.optimizer.learning_rate)
    schedule = Undescribed()
    copy = doors.fresh(keras.optimizers.SGD(schedule, momentum=0.5))
    assert doors.schedule_of(copy) is schedule
    assert copy.momentum == 0.5
    assert doors.schedule_of(model.optimizer) is None
    assert doors.fresh("adam") == "adam"


def test_layers_inside_wrappers_are_listed(model):
    kinds = [type(layer).__name__ for layer in doors.all_layers(model)]
    assert kinds.count("Dense") == 2
    assert model in doors.all_layers(model)


def test_metrics_are_built_without_training(model):
    before = model.get_weights()
    rows = (np.ones((1, 4, 3), "float32"), np.zeros((1, 1), "float32"), np.ones(1, "float32"))
    assert len(model.metrics_variables) == 2  # of the loss alone
    doors.build_metrics(model, rows)
    assert len(model.metrics_variables) == 4
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_callback_forgets_its_model(model):
    callback = keras.callbacks.EarlyStopping()
    callback.set_model(model)
    doors.forget_model(callback)
    assert callback.model is None
    pickle.dumps(callback)


def test_graphs_can_be_walked(model):
    shared, inputs = L.Dense(3), keras.Input((3,))
    outputs = shared(shared(inputs))
    layer, sources = doors.origin(outputs)
    assert layer is shared
    assert doors.origin(sources[0])[1] == [inputs]
    assert not doors.is_called_once(shared)
    assert doors.is_called_once(model.layers[-1])


def test_weights_that_do_not_decay_are_seen():
    optimizer = keras.optimizers.AdamW()
    assert not doors.spares_weights(optimizer)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    assert doors.spares_weights(optimizer)


@only_on("tensorflow", "JAX has no graphs, and keeps its rate elsewhere")
def test_tensorflows_optimizers_have_what_is_set():
    optimizer = keras.optimizers.Adam()
    assert hasattr(optimizer, "_all_reduce_sum_gradients")
    doors.keep_no_graphs(optimizer)
    assert optimizer._all_reduce_sum_gradients() == []
    weight = keras.Variable(np.ones(2, "float32"))
    optimizer.build([weight])
    doors.set_rate_tensor(optimizer, keras.ops.convert_to_tensor([0.0, 0.5]))
    optimizer.apply([keras.ops.ones(2)], [weight])
    np.testing.assert_allclose(np.asarray(weight), [1.0, 0.5], atol=1e-3)


@only_on("tensorflow", "they are TensorFlow's kernels")
def test_kernels_are_released_or_it_is_said(monkeypatch):
    from tensorflow.python.eager import context

    from skmnist._compat.tensorflow import release_kernels

    release_kernels()
    assert hasattr(context.context(), "clear_kernel_cache")
    monkeypatch.setitem(sys.modules, "tensorflow.python.eager", None)
    with pytest.warns(RuntimeWarning, match="memory may grow"):
        release_kernels()


@pytest.mark.skipif(HAS_CALLBACKS, reason="scikit-learn has callbacks")
def test_callbacks_are_refused_where_scikit_learn_has_none():
    classifier = DenseClassifier()
    assert classifier.set_callbacks() is classifier
    for ask in (lambda: classifier.set_callbacks(object()), ValidationMonitor):
        with pytest.raises(ImportError, match=r"needs the callbacks of scikit-learn 1\.9"):
            ask()


def test_dask_is_found_or_not(monkeypatch):
    from skmnist._compat.joblib import dask_backend_class

    assert dask_backend_class().__name__ == "DaskDistributedBackend"
    monkeypatch.setitem(sys.modules, "joblib._dask", None)
    assert dask_backend_class() is None
