"""Dense networks in NumPy: equal to Keras, and a row's bits the same in any company."""

from unittest import mock

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.numpy_blas import in_numpy

from skmnist import DenseClassifier, KerasClassifier, engine
from skmnist.engine.forward import ACTIVATIONS, dense_outputs
from skmnist.engine.products import Block, agreeing_blocks, divided, padded_columns, product
from skmnist.keras_models import Network, seeded

L = keras.layers


def by_backend(network, X):
    """What `engine.predict` gives where NumPy does not."""
    with mock.patch("skmnist.engine.programs.dense_outputs", return_value=None):
        return engine.predict(network, X)


def chain(*layers, shape=(12,)):
    """A network of some layers, each weight of it drawn, the means and variances too."""
    with seeded(0):
        model = keras.Sequential([keras.Input(shape), *layers])
    rng = np.random.default_rng(0)
    for weight in model.weights:
        is_kernel = "kernel" in weight.name
        values = rng.uniform(0.1, 1, weight.shape) - 0.55 * is_kernel
        weight.assign(values / np.sqrt(weight.shape[0] if is_kernel else 1))
    return model


def rows_of(shape=(12,), n=37):
    return np.random.default_rng(1).normal(size=(n, *shape)).astype(np.float32)


def all_activations():
    """Keras's activations of one argument, by name."""
    module = keras.activations
    names = (name for name in dir(module) if name[0].islower())
    functions = {name: getattr(module, name) for name in names}
    found = {f.__name__ for f in functions.values() if callable(f)} & set(functions)
    return sorted(found - {"deserialize", "get", "serialize", "threshold"})  # which needs arguments


@in_numpy
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activations_are_keras(name):
    model = chain(L.Dense(7, name), L.Dense(7), L.Activation(name))
    network, X = Network.from_keras(model), 4 * rows_of()
    found = dense_outputs(network, X)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.asarray(model(X)), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(all_activations()) - set(ACTIVATIONS)))
def test_other_activations_are_left_to_keras(name):
    model = chain(L.Dense(8, name), L.Activation("linear"))
    network, X = Network.from_keras(model), rows_of()
    assert dense_outputs(network, X) is None
    np.testing.assert_allclose(engine.predict(network, X), np.asarray(model(X)), atol=1e-6)


CHAINS = {
    "without biases": [L.Dense(9, "relu", use_bias=False), L.Dense(3, "softmax")],
    "regularized": [L.Dense(9, kernel_regularizer="l2"), L.Dense(3, kernel_constraint="max_norm")],
    "noise": [L.GaussianNoise(0.5), L.Dense(9), L.GaussianDropout(0.5), L.AlphaDropout(0.5)],
    "no change": [L.Identity(), L.Dropout(0.5), L.Dense(9), L.ActivityRegularization(0.1)],
    "normalized": [L.Dense(9), L.BatchNormalization(), L.Activation("relu"), L.Dense(3)],
    "normalized, bare": [L.BatchNormalization(center=False, scale=False, epsilon=0.1), L.Dense(3)],
    "normalized, centered": [L.BatchNormalization(scale=False), L.Dense(3)],
    "normalized, scaled": [L.BatchNormalization(axis=1, center=False), L.Dense(3)],
    "scaled": [L.Rescaling(1 / 255, offset=-0.5), L.Dense(3, "softmax")],
    "one long sum": [L.Dense(1100, "tanh"), L.Dense(3, "softmax")],
}


@in_numpy
@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_keras(name):
    model = chain(*CHAINS[name])
    network, X = Network.from_keras(model), rows_of()
    found = dense_outputs(network, X)
    if found is None:
        assert name == "one long sum"  # whose blocks need not agree
        return
    np.testing.assert_allclose(found, np.asarray(model(X, training=False)), rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(found, by_backend(network, X), rtol=2e-6, atol=1e-6)


@in_numpy
def test_images_are_flattened_first():
    model = chain(L.Rescaling(0.5), L.Flatten(), L.Dense(5), L.Dense(3, "softmax"), shape=(4, 3, 2))
    network, X = Network.from_keras(model), rows_of((4, 3, 2))
    np.testing.assert_allclose(dense_outputs(network, X), np.asarray(model(X)), atol=1e-6)


def branched(call):
    """A functional network that is no chain of layers."""
    inputs = keras.Input((12,))
    return keras.Model(inputs, call(inputs))


def shared(x):
    layer = L.Dense(12)
    return layer(layer(x))


NO_CHAINS = {
    "two branches": branched(lambda x: L.Add()([L.Dense(3)(x), L.Dense(3)(x)])),
    "a layer twice its input": branched(lambda x: L.Add()([x, x])),
    "a layer called twice": branched(shared),
    "dropout when predicting": branched(lambda x: L.Dense(3)(L.Dropout(0.0)(x, training=True))),
    "a network inside": chain(chain(L.Dense(4)), L.Dense(3)),
    "layers not in the table": chain(L.LayerNormalization(), L.Dense(3)),
    "dense along the last axis": chain(L.Dense(3), L.Flatten(), shape=(4, 3)),
    "channels first": chain(L.Flatten(data_format="channels_first"), L.Dense(3), shape=(4, 3, 2)),
    "whole numbers": keras.Sequential(
        [keras.Input((12,), dtype="int32"), L.Rescaling(1.0), L.Dense(3)]
    ),
    "bfloat16": chain(L.Dense(3, dtype="mixed_bfloat16")),
    "low rank": chain(L.Dense(8, lora_rank=2), L.Dense(3)),
}


@pytest.mark.parametrize("name", NO_CHAINS)
def test_what_is_no_chain_is_left_to_keras(name):
    model = NO_CHAINS[name]
    network, X = Network.from_keras(model), rows_of(model.input_shape[1:])
    assert dense_outputs(network, X) is None
    expected = np.asarray(model(X)).astype(np.float32)
    atol = 1e-2 if name == "bfloat16" else 1e-5
    np.testing.assert_allclose(engine.predict(network, X), expected, rtol=1e-5, atol=atol)


def test_an_activation_of_the_users_own_is_left_to_keras(blobs):
    def network(meta):
        layers = [keras.Input((4,)), L.Dense(5, lambda x: 2 * x), L.Dense(3, "softmax")]
        return keras.Sequential(layers)

    X, y = blobs
    fitted = KerasClassifier(network, epochs=1, random_state=0).fit(X, y)
    assert dense_outputs(fitted.network_, X) is None


# The same bits in any company


SHAPES = st.tuples(st.integers(1, 900), st.integers(1, 70))


@settings(deadline=None, max_examples=50)
@given(SHAPES, st.integers(1, 700), st.integers(0, 2**32 - 1))
def test_a_product_gives_a_row_the_same_bits_anywhere(shape, n_rows, seed):
    rng = np.random.default_rng(seed)
    kernel = padded_columns(rng.normal(size=shape).astype(np.float32))
    rows = rng.normal(size=(n_rows, shape[0])).astype(np.float32)
    blocks = agreeing_blocks([shape])

    def multiplied(rows):
        parts = []
        for start, block in divided(len(rows), blocks):
            part = np.zeros((block.n_rows, shape[0]), np.float32)
            part[: len(rows) - start] = rows[start : start + block.n_rows]
            parts.append(product(part, kernel, block))
        return np.concatenate(parts)[: len(rows), : shape[1]]

    if blocks:
        found = multiplied(rows)
        np.testing.assert_allclose(found, rows @ kernel[:, : shape[1]], rtol=1e-3, atol=1e-4)
        order = rng.permutation(n_rows)[:20]
        np.testing.assert_array_equal(multiplied(rows[order]), found[order])


@given(st.integers(1, 5000), st.sets(st.sampled_from([512, 128, 64, 16, 4, 2]), min_size=1))
def test_blocks_cover_all_rows_once(n_rows, sizes):
    blocks = [Block(size) for size in sorted(sizes, reverse=True)]
    found = list(divided(n_rows, blocks))
    ends = [start + block.n_rows for start, block in found]
    assert [start for start, _ in found] == [0, *ends[:-1]]
    assert ends[-1] >= n_rows > ends[-1] - max(blocks[-1].n_rows, found[-1][1].n_rows // 4 + 1)


def test_sizes_that_disagree_are_not_used_together():
    """A BLAS whose sums depend on the number of rows, and one that minds a row's place."""

    def by_number(rows, kernel, block):
        return (rows @ kernel).astype(np.float32) + block.n_rows

    def by_place(rows, kernel, block):
        return (rows @ kernel).astype(np.float32) + np.arange(len(rows))[:, None]

    for product_of, shape in ((by_number, (3, 5)), (by_place, (3, 6))):
        with mock.patch("skmnist.engine.products.product", product_of):
            assert agreeing_blocks([shape]) == ()


# What classifiers give


@in_numpy
def test_no_program_is_made_for_a_dense_network(rows):
    X, y = rows
    model = DenseClassifier((16,), epochs=1, batch_norm=True, random_state=0).fit(X, y)
    with mock.patch("skmnist.engine.programs._predictors") as programs:
        model.predict(X)
    assert not programs.mock_calls


def test_clean_rows_are_those_that_checks_leave_alone(rows):
    X, y = rows
    model = DenseClassifier((16,), epochs=1, random_state=0).fit(X, y)
    expected = model.predict_proba(X)
    for same in (X.astype(np.float64), np.asfortranarray(X), X.tolist(), np.ma.array(X)):
        np.testing.assert_array_equal(model.predict_proba(same), expected)
    huge = np.full_like(X[:2], 1e30)  # finite, but not its squares
    assert np.isfinite(model.predict_proba(huge)).all()
    for bad, message in (
        (np.full_like(X[:2], np.nan), "contains NaN"),
        (np.where(np.arange(784) == 5, np.inf, X[:2]).astype(np.float32), "infinity"),
        (X[:2, :-1], "features"),
        (X[:0], "0 sample"),
        (X[0], "1D array"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict(bad)


@pytest.mark.slow
@pytest.mark.mnist
@in_numpy
def test_labels_of_mnist_are_those_of_the_program(mnist):
    X, y, X_test, _ = mnist
    X, X_test = (rows.astype(np.float32) / 255 for rows in (X[:5000], X_test))
    network = DenseClassifier(epochs=3, random_state=0).fit(X, y[:5000]).network_
    found, expected = dense_outputs(network, X_test), by_backend(network, X_test)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
