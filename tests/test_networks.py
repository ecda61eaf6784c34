import pickle
import random

import keras
import numpy as np
import pytest

from skmnist.keras_models import Network, flat_layers, seeded
from skmnist.networks import dense_network

META = {"n_features_in_": 6, "n_classes_": 3}


@keras.saving.register_keras_serializable()
class Doubling(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def test_dense_network_is_what_it_says():
    model = dense_network((5, 4), "tanh", 0.2, batch_norm=True, meta=META)
    assert [type(layer).__name__ for layer in model.layers] == [
        "InputLayer",
        *(["Dense", "BatchNormalization", "Activation", "Dropout"] * 2),
        "Dense",
    ]
    assert model.output_shape == (None, 3)
    assert not model.compiled


@pytest.mark.parametrize("batch_norm", [False, True])
def test_network_round_trip(batch_norm):
    model = dense_network((5,), batch_norm=batch_norm, meta=META)
    network = pickle.loads(pickle.dumps(Network.from_keras(model)))
    X = np.ones((2, 6), np.float32)
    np.testing.assert_array_equal(np.asarray(network.to_keras()(X)), np.asarray(model(X)))


def test_layers_of_the_users_own_come_along():
    inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.layers.Dense(3)(Doubling()(inputs)))
    network = pickle.loads(pickle.dumps(Network.from_keras(model)))
    assert network.custom_objects == {"Doubling": Doubling}
    X = np.ones((2, 6), np.float32)
    np.testing.assert_array_equal(np.asarray(network.to_keras()(X)), np.asarray(model(X)))


def test_nested_models_are_flattened():
    inner = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    model = keras.Sequential([keras.Input((6,)), inner, keras.layers.Dense(3)])
    assert [type(x).__name__ for x in flat_layers(model)] == ["Sequential", "Dense", "Dense"]


def test_seeded_builds_repeat_and_give_the_generators_back():
    random.seed(3)
    np.random.seed(3)
    expected = random.random(), np.random.rand()
    random.seed(3)
    np.random.seed(3)
    models = []
    for _ in range(2):
        with seeded(5):
            models.append(dense_network((5,), meta=META).get_weights())
    assert (random.random(), np.random.rand()) == expected
    for a, b in zip(*models, strict=True):
        np.testing.assert_array_equal(a, b)
