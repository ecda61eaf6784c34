"""The engine by itself: programs and their sharing, schedules, exactness under padding."""

import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GridSearchCV, cross_val_score
from support.backends import BACKEND, only_on

from skmnist import ConvClassifier, DenseClassifier, conv_network, dense_network, engine
from skmnist.engine import keys
from skmnist.engine.cache import Cache
from skmnist.engine.dropout import DynamicDropout
from skmnist.engine.strategy import program_strategies
from skmnist.keras_models import seeded, serialized
from skmnist.networks import initial_variables

META = {"n_features_in_": 6, "n_classes_": 3}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.random((101, 6), dtype=np.float32)
    y = (X[:, :3].argmax(axis=1)).astype(np.float32)
    return engine.Samples(X, y, rng.uniform(0.5, 2, 101).astype(np.float32))


def compiled(optimizer="adam", sizes=(8,), metrics=("accuracy",), seed=0, **options):
    with seeded(seed):
        model = dense_network(sizes, **options, meta=META)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=list(metrics))
    return model


@pytest.fixture(params=["graph", pytest.param("xla", marks=pytest.mark.slow)])
def strategy(request):
    """Each strategy with a lean step, whatever it would repay."""
    if BACKEND == "jax" and request.param == "graph":
        pytest.skip("JAX compiles all that it runs")
    engine.clear_programs()
    with engine.forced_strategy(request.param):
        yield request.param
    engine.clear_programs()


OPTIMIZERS = {
    "rmsprop": {},
    "adam": {},
    "adamw": {"weight_decay": 0.3},
    "sgd": {"momentum": 0.9, "nesterov": True},
    "nadam": {},
    "adagrad": {},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_epoch_is_keras_own(name, strategy, data):
    """Weights, losses and metrics of Keras's loop, the partial last batch included."""
    config = {"class_name": name, "config": OPTIMIZERS[name] | {"learning_rate": 0.01}}
    plan = engine.TrainingPlan(16, 3, seed=0)
    fast = engine.train(compiled(keras.optimizers.get(config)), data, plan, validation=data)
    with engine.forced_strategy("loop"):
        slow = engine.train(compiled(keras.optimizers.get(config)), data, plan, validation=data)
    for a, b in zip(fast.network.arrays, slow.network.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(fast.history[name], slow.history[name], atol=1e-5)


def test_batch_normalisation_and_other_metrics_are_keras_own(data):
    plan = engine.TrainingPlan(16, 3, seed=0)
    options = {"batch_norm": True, "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"]}
    fast = engine.train(compiled(**options), data, plan)
    with engine.forced_strategy("loop"):
        slow = engine.train(compiled(**options), data, plan)
    for a, b in zip(fast.network.arrays, slow.network.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert fast.history["sparse_top_k_categorical_accuracy"] == [1.0, 1.0, 1.0]
    moving_mean = fast.network.arrays[3]
    assert np.abs(moving_mean).max() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("batch_norm", [False, True])
def test_convolutions_are_trained_as_keras_trains_them(batch_norm, data):
    def build():
        with seeded(0):
            shape = {"image_shape": (2, 3), "batch_norm": batch_norm}
            model = conv_network((4,), **shape, meta={"X_shape_": (1, 6), "n_classes_": 3})
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    plan = engine.TrainingPlan(16, 3, seed=0)
    fast = engine.train(build(), data, plan, validation=data)
    with engine.forced_strategy("loop"):
        slow = engine.train(build(), data, plan, validation=data)
    for a, b in zip(fast.network.arrays, slow.network.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(fast.history[name], slow.history[name], atol=1e-5)
    loss, metrics = keras.losses.SparseCategoricalCrossentropy(), ["accuracy"]
    padded = "keras" if batch_norm else "xla"
    expected = {"tensorflow": "graph", "jax": padded}[BACKEND]
    assert program_strategies(build(), loss, metrics, None, 10**9)[0] == expected


@only_on("tensorflow", "JAX has one lean strategy")
def test_lean_strategies_agree(data):
    plan, weights = engine.TrainingPlan(16, 3, seed=0), []
    engine.clear_programs()
    before = engine.count_traces()
    for strategy in ("graph", "xla"):
        with engine.forced_strategy(strategy):
            weights.append(engine.train(compiled(dropout=0.3), data, plan).network.arrays)
    assert engine.count_traces() == before + 2  # they are two programs
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_a_strategy_that_can_not_serve_a_fit_is_refused(data):
    other = {"tensorflow": "xla", "jax": "graph"}[BACKEND]
    with engine.forced_strategy(other), pytest.raises(ValueError, match=f"can't be '{other}'"):
        engine.train(compiled(batch_norm=True), data, engine.TrainingPlan(16, 1, seed=0))


def test_a_forced_strategy_holds_in_its_block_and_in_all_threads(data):
    def train():
        engine.train(compiled(), data, engine.TrainingPlan(16, 1, seed=0))

    with engine.forced_strategy("unknown"):
        with engine.forced_strategy("keras"):
            train()
        with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="can't be 'unknown'"):
            pool.submit(train).result()
    train()
    with pytest.raises(ValueError, match="can't be 'unknown'"), engine.forced_strategy("unknown"):
        train()
    train()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "xla"),
        ({"dropout": 0.5}, "xla"),
        ({"batch_norm": True}, {"tensorflow": "graph", "jax": "keras"}[BACKEND]),
        ({"metrics": ["AUC"]}, "keras"),
    ],
)
def test_the_strategy_follows_from_the_network(change, expected):
    model = compiled(**change)
    loss = keras.losses.SparseCategoricalCrossentropy()
    metrics = change.get("metrics", ["accuracy"])
    assert program_strategies(model, loss, metrics, None, 10**9)[0] == expected
    short = {"tensorflow": "graph", "jax": expected}[BACKEND]
    assert program_strategies(model, loss, metrics, None, 1)[0] == (
        "keras" if expected == "keras" else short
    )
    assert program_strategies(model, keras.losses.KLDivergence(), metrics, None, 1) == ["keras"]


@only_on("tensorflow", "JAX compiles all that it runs")
def test_dropout_on_the_input_keeps_clear_of_xla():
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dropout(0.2), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("adam")
    loss = keras.losses.SparseCategoricalCrossentropy()
    assert program_strategies(model, loss, None, None, 10**9)[0] == "graph"


@pytest.mark.parametrize(
    ("settings", "shared"),
    [({}, True), ({"noise_shape": (1, 8)}, False), ({"seed": 3}, True), ({"name": "drop"}, True)],
)
def test_dropout_rates_that_are_arguments_are_no_part_of_the_architecture(settings, shared):
    low, high = (
        keras.Sequential([keras.Input((8,)), keras.layers.Dropout(rate, **settings)])
        for rate in (0.1, 0.2)
    )
    described = [keys.architecture(serialized(model)) for model in (low, high)]
    assert (described[0] == described[1]) is shared
    assert keys.dropout_layers(low) == (low.layers if shared else [])


def test_dynamic_dropout_drops_its_share():
    with seeded(0):
        layer = DynamicDropout(0.3)
        ones = np.ones((200, 500), np.float32)
        first, second = (np.asarray(layer(ones, training=True)) for _ in range(2))
    assert (first == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert np.abs((first == 0).mean(axis=0) - 0.3).max() < 0.16  # 5 standard deviations
    assert np.abs((first == 0).mean(axis=1) - 0.3).max() < 0.11
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] == pytest.approx(0, abs=0.015)
    assert first.max() == pytest.approx(1 / 0.7)
    np.testing.assert_array_equal(np.asarray(layer(ones)), ones)


@pytest.mark.slow
@only_on("tensorflow", "it counts TensorFlow's graphs")
@pytest.mark.parametrize("strategy", ["keras", "graph", "xla"])
def test_a_program_that_is_gone_leaves_no_graph(strategy, data):
    """Lean or Keras's own steps: an optimizer of Keras's would have TensorFlow keep each graph."""
    from tensorflow.python.framework.func_graph import FuncGraph

    def graphs():
        gc.collect()
        # not isinstance: it asks objects of other packages for a class, which may warn
        return sum(issubclass(type(each), FuncGraph) for each in gc.get_objects())

    def fit(units):
        with engine.forced_strategy(strategy):
            engine.train(compiled("adamw", (units,)), data, engine.TrainingPlan(16, 2, seed=0))
        engine.clear_programs()

    fit(3)
    before = graphs()
    fit(5)
    assert graphs() == before


@only_on("jax", "it counts JAX's executables")
def test_what_jax_has_compiled_does_not_add_up(data, monkeypatch):
    import jax

    from skmnist.engine.backends.jax import device

    def executables():
        gc.collect()
        return len(jax.devices()[0].client.live_executables())

    def fit(units):
        model = compiled("adamw", (units,))
        initial = [np.asarray(v) for v in model.variables]  # as of classifiers that keep a model
        engine.train(model, data, engine.TrainingPlan(16, 2, seed=0), initial=initial)
        engine.clear_programs()

    monkeypatch.setattr(device, "_KEPT", 3)
    fit(3)
    most = [executables()]
    for units in range(4, 16):
        fit(units)
        most.append(executables())
    assert max(most[6:]) <= max(most[:6])


def test_one_program_for_folds_and_rates(rows):
    """Five folds, then a grid over three rates: one trace."""
    X, y = rows
    classifier = DenseClassifier((16,), batch_size=32, epochs=2, dropout=0.1, random_state=0)
    engine.clear_programs()
    before = engine.count_traces()
    cross_val_score(classifier, X[:178], y[:178], cv=5)  # folds of 142 and 143 rows
    grid = {"learning_rate": [1e-3, 1e-2], "dropout": [0.1, 0.5], "weight_decay": [0.0, 0.1]}
    GridSearchCV(classifier, grid, cv=5, refit=False).fit(X[:178], y[:178])
    assert engine.count_traces() == before + 1


def test_folds_of_unlike_length_are_compiled_once(rows, monkeypatch):
    """Under XLA, whose programs hold for one shape only."""
    engine.clear_programs()
    X, y = rows
    classifier = DenseClassifier((16,), batch_size=32, epochs=1, random_state=0)
    shapes = set()
    place = engine.training.backend.place

    def watched(*arrays, **options):
        placed = place(*arrays, **options)
        shapes.add(tuple(placed.X.shape))
        return placed

    monkeypatch.setattr(engine.training.backend, "place", watched)
    with engine.forced_strategy("xla"):
        for n in (141, 142, 143):
            classifier.fit(X[:n], y[:n])
    assert shapes == {(160, 784)}


def test_rates_are_really_arguments(rows):
    X, y = rows
    fits = [
        DenseClassifier((16,), epochs=2, random_state=0, **{name: value}).fit(X, y)
        for name, value in [("dropout", 0.1), ("dropout", 0.6), ("weight_decay", 0.9)]
    ]
    losses = [fit.history_["loss"][-1] for fit in fits]
    assert len(set(losses)) == 3
    assert losses[1] > losses[0]


def test_names_of_layers_do_not_matter_but_all_else_does():
    def key(*layers):
        model = keras.Sequential([keras.Input((6,)), *layers])
        return keys.architecture(serialized(model))

    dense = keras.layers.Dense
    assert key(dense(4, name="a"), dense(3)) == key(dense(4, name="b"), dense(3, name="a"))
    assert key(dense(4)) != key(dense(5))
    assert key(dense(4, activation="relu", name="relu")) != key(
        dense(4, activation="tanh", name="tanh")
    )
    assert key(dense(4), keras.layers.Dropout(0.1)) == key(dense(4), keras.layers.Dropout(0.2))
    assert key(dense(4), keras.layers.Dropout(0.1)) != key(dense(4), keras.layers.Dropout(0.0))


NEW_PROCESS = """
import sys, hashlib, numpy as np
from skmnist import DenseClassifier, flatten_and_scale, load_digits28
X, y = load_digits28(return_X_y=True)
for classifier in (DenseClassifier((16,)), DenseClassifier((64, 32), dropout=0.1)):
    classifier.set_params(epochs=2, random_state=0).fit(flatten_and_scale(X), y)
    arrays = b"".join(a.tobytes() for a in classifier.network_.arrays)
    print(hashlib.sha256(arrays).hexdigest())
"""


@pytest.mark.slow
def test_same_bits_in_new_processes_with_any_threads():
    digests = {
        subprocess.run(
            [sys.executable, "-c", NEW_PROCESS],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.slow
@only_on("tensorflow", "it asks TensorFlow; the next one asks JAX")
def test_workers_obey_their_share(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    code = (
        "import skmnist.engine, tensorflow as tf\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads(),"
        " tf.config.threading.get_inter_op_parallelism_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 1\n"


@only_on("jax", "it counts the threads of JAX; the one before asks TensorFlow")
@pytest.mark.parametrize("share", [1, 2])
def test_workers_of_jax_obey_their_share(share, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", str(share))
    code = (
        "import os, skmnist.engine; before = dict(os.environ)\n"
        "skmnist.engine.check_process(); assert dict(os.environ) == before\n"
        "from support import backends; import jax; jax.devices(); print(backends.n_threads())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    assert done.stdout == f"{share}\n"


def test_threads_fit_and_predict_at_once(rows):
    X, y = rows
    classifiers = [DenseClassifier((16,), epochs=3, random_state=i % 3) for i in range(6)]
    alone = [
        DenseClassifier((16,), epochs=3, random_state=i).fit(X, y).predict_proba(X)
        for i in range(3)
    ]
    found = [None] * 6

    def work(i):
        found[i] = classifiers[i].fit(X, y).predict_proba(X)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(6):
        np.testing.assert_array_equal(found[i], alone[i % 3])


def test_a_row_is_predicted_alone(rows):
    X, y = rows
    network = DenseClassifier((48, 17), epochs=1, random_state=0).fit(X, y).network_
    together = engine.predict(network, X)
    np.testing.assert_array_equal(
        together, np.vstack([engine.predict(network, x[None]) for x in X])
    )
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_array_equal(together[order], engine.predict(network, X[order]))


def test_a_row_of_a_convolutional_network_is_predicted_alone(rows):
    X, y = rows
    network = ConvClassifier((4, 8), hidden_layer_sizes=(10,), epochs=1, random_state=0)
    network = network.fit(X, y).network_
    together = engine.predict(network, X)
    for n in (1, 3, 5):
        parts = [engine.predict(network, X[i : i + n]) for i in range(0, 60, n)]
        np.testing.assert_array_equal(np.vstack(parts), together[:60])


def test_predictions_share_programs_but_not_weights(rows):
    X, y = rows
    one, two = (DenseClassifier((16,), epochs=1, random_state=i).fit(X, y) for i in (0, 1))
    expected = one.predict_proba(X[:3])
    assert not np.array_equal(two.predict_proba(X[:3]), expected)
    np.testing.assert_array_equal(one.predict_proba(X[:3]), expected)
    np.testing.assert_allclose(np.asarray(one.model_(X[:3])), expected, atol=1e-6)


def test_initial_variables_are_those_of_a_new_network():
    model = dense_network((50,), dropout=0.1, batch_norm=True, meta=META)
    drawn = initial_variables(model, 0)
    for variable, array in zip(model.variables, drawn, strict=True):
        assert (array.shape, array.dtype) == (tuple(variable.shape), variable.dtype)
    kernel, gamma = drawn[0], drawn[1]
    limit = np.sqrt(6 / 56)  # Glorot's
    assert limit * 0.9 < np.abs(kernel).max() <= limit
    np.testing.assert_array_equal(gamma, 1)
    for a, b in zip(drawn, initial_variables(model, 0), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(kernel, initial_variables(model, 1)[0])


@pytest.mark.parametrize("schedule", sorted(engine.SCHEDULES))
@given(peak=st.floats(1e-6, 10), n_steps=st.integers(1, 500))
def test_schedules(schedule, peak, n_steps):
    rates = engine.learning_rates(schedule, peak, n_steps)
    assert rates.shape == (n_steps,)
    assert rates.dtype == np.float32
    assert (rates >= 0).all()
    assert rates.max() == pytest.approx(peak, rel=1e-6)
    top = int(rates.argmax())
    assert (np.diff(rates[:top]) >= 0).all()
    assert (np.diff(rates[top:]) <= 0).all()


def test_keras_schedules_of_the_users_own_are_kept(data):
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5)
    plan = engine.TrainingPlan(16, 3, seed=0)
    fast = engine.train(compiled(keras.optimizers.Adam(rate)), data, plan)
    with engine.forced_strategy("loop"):
        slow = engine.train(compiled(keras.optimizers.Adam(rate)), data, plan)
    for a, b in zip(fast.network.arrays, slow.network.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_subclassed_models_and_steps_of_the_users_own(data):
    steps = []

    @keras.saving.register_keras_serializable()
    class Own(keras.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.layer = keras.layers.Dense(3, activation="softmax")

        def call(self, x):
            return self.layer(x)

        def train_step(self, *state_and_batch):  # on TensorFlow the batch alone
            steps.append(1)  # traced once a size of batches, not run once a batch
            return super().train_step(*state_and_batch)

    model = Own()
    model(data.X[:1])
    model.compile("adam", "sparse_categorical_crossentropy")
    fit = engine.train(model, data, engine.TrainingPlan(16, 2, seed=0))
    assert len(steps) <= 2
    assert fit.history["loss"][1] < fit.history["loss"][0]
    assert engine.predict(fit.network, data.X).shape == (101, 3)


def test_cache_is_bounded_and_makes_once():
    cache, made = Cache(2), []

    def make(key):
        return lambda: made.append(key) or key

    for key in "abacab":
        assert cache.get(key, make(key)) == key
    assert made == ["a", "b", "c", "b"]
    assert len(cache) == 2
    cache.clear()
    assert len(cache) == 0


def train_both_ways(build, data):
    """Train by a program and by Keras's own loop."""
    plan = engine.TrainingPlan(16, 3, seed=0)
    fast = engine.train(build(), data, plan)
    with engine.forced_strategy("loop"):
        return fast, engine.train(build(), data, plan)


def scaled_loss(target, output):
    return 3 * keras.losses.sparse_categorical_crossentropy(target, output)


def soft(x):
    return keras.ops.tanh(x) * x


SPECIAL = {
    "a loss of the user's own": lambda m: m.compile("adam", scaled_loss),
    "a metric of the user's own": lambda m: m.compile(
        "adam", "sparse_categorical_crossentropy", metrics=[scaled_loss]
    ),
    "a class left out of the loss": lambda m: m.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(ignore_class=0)
    ),
    "a scaled loss": lambda m: m.compile(
        keras.optimizers.SGD(0.1, loss_scale_factor=64.0), "sparse_categorical_crossentropy"
    ),
    "a weighed loss": lambda m: m.compile(
        "sgd", "sparse_categorical_crossentropy", loss_weights=[10.0]
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_special_trains_as_in_keras(name, data):
    def build():
        with seeded(0):
            model = dense_network((8,), soft, meta=META)
        SPECIAL[name](model)
        return model

    fast, slow = train_both_ways(build, data)
    for a, b in zip(fast.network.arrays, slow.network.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)
    np.testing.assert_allclose(fast.history["loss"], slow.history["loss"], rtol=1e-5)
    assert engine.predict(fast.network, data.X).shape == (101, 3)


def test_regularised_activities_train_as_in_keras(data):
    def build():
        with seeded(0):
            hidden = keras.layers.Dense(8, activity_regularizer="l2")
            model = keras.Sequential(
                [keras.Input((6,)), hidden, keras.layers.Dense(3, activation="softmax")]
            )
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    fast, slow = train_both_ways(build, data)
    for a, b in zip(fast.network.arrays, slow.network.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_classes_of_one_name_do_not_share_a_program(data):
    def fit(factor):
        class Scale(keras.layers.Layer):
            def call(self, x):
                return x * factor

        with seeded(0):
            layers = [keras.Input((6,)), Scale(), keras.layers.Dense(3, activation="softmax")]
            model = keras.Sequential(layers)
        model.compile("adam", "sparse_categorical_crossentropy")
        return engine.train(model, data, engine.TrainingPlan(16, 1, seed=0)).history["loss"]

    assert fit(1.0) != fit(10.0)


def test_early_stopping_hands_on_its_best_state(data):
    noise = data._replace(y=np.random.default_rng(1).permutation(data.y))
    plan = engine.TrainingPlan(16, 60, seed=0, patience=3)
    fit = engine.train(compiled(keras.optimizers.Adam(0.05)), noise, plan, validation=data)
    assert fit.best_epoch < fit.history.n_epochs
    best = [v for v in fit.checkpoint.state.variables if v.dtype == np.float32]
    for a, b in zip(best, fit.network.arrays, strict=True):
        np.testing.assert_array_equal(a, b)
