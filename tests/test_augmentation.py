"""Bent images, and training on them."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from skmnist import DenseClassifier, KerasClassifier, StackedGridSearchCV, conv_network
from skmnist.augmentation import KINDS, Augmentation, _resampling

SHAPE = (28, 28)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_digits_stay_digits(kind, rows):
    X, _ = rows
    bent = Augmentation(kind, SHAPE)(X, np.random.default_rng(0))
    assert bent.shape == X.shape
    assert bent.dtype == np.float32
    assert bent.min() >= 0
    assert bent.max() <= 1 + 1e-6
    assert (np.abs(bent - X).max(axis=1) > 0.2).all()
    ink = bent.sum(axis=1) / X.sum(axis=1)
    assert 0.9 < np.median(ink) < 1.1
    assert ink.min() > 0.6


def test_the_generator_decides(rows, monkeypatch):
    X, _ = rows
    bend = Augmentation("elastic", SHAPE)
    once, other = (bend(X, np.random.default_rng(seed)) for seed in (1, 2))
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    np.testing.assert_array_equal(bend(X, np.random.default_rng(1)), once)
    assert not np.array_equal(once, other)
    as_images = X.reshape(-1, 28, 28, 1)
    np.testing.assert_array_equal(
        bend(as_images, np.random.default_rng(1)).reshape(len(X), -1), once
    )


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_pixels_are_interpolated_linearly(height, width, seed):
    rng = np.random.default_rng(seed)
    image = rng.random((height, width), dtype=np.float32)
    source = rng.uniform(-2, 11, (2, height, width)).astype(np.float32)
    found = _resampling(source, (height, width)) @ image.ravel()
    framed = np.pad(image, 1)  # beyond its edge scipy does not blend with black
    expected = map_coordinates(framed, source + 1, order=1, mode="constant").ravel()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_how_far_pixels_move():
    """Pictures of a coordinate tell where each of their pixels comes from."""
    ramp = np.repeat(np.tile(np.arange(28, dtype=np.float32), (28, 1))[None], 2000, axis=0)
    inner = (slice(None), slice(8, 20), slice(8, 20))
    moved = {}
    for kind in ("affine", "elastic"):
        bent = Augmentation(kind, SHAPE)(ramp, np.random.default_rng(0))
        moved[kind] = (bent - ramp)[inner]
        assert abs(moved[kind].mean()) < 0.3
    # to first order, uniform turns, leans, zooms and shifts add up by their variances
    around = np.mean(np.square(np.arange(8, 20) - 13.5))
    turn, lean, zoom, shift = np.deg2rad(12), 0.2, np.log(1.15), 1.0
    expected = np.sqrt(((turn**2 + lean**2 + zoom**2) * around + shift**2) / 3)
    assert moved["affine"].std() == pytest.approx(expected, rel=0.05)
    elastic_alone = np.sqrt(moved["elastic"].var() - moved["affine"].var())
    assert 1.0 < elastic_alone < 1.8


def network(**params):
    return DenseClassifier((32,), epochs=3, random_state=0, **params)


def test_training_sees_bent_images_and_validation_does_not(rows):
    X, y = rows
    plain = network().fit(X, y)
    bent, again = (network(augment="affine").fit(X, y, X_val=X[:60], y_val=y[:60]) for _ in "ab")
    np.testing.assert_array_equal(bent.predict_proba(X), again.predict_proba(X))
    assert not np.allclose(bent.predict_proba(X), plain.predict_proba(X), atol=1e-3)
    assert bent.history_["val_accuracy"][-1] == pytest.approx(bent.score(X[:60], y[:60]))


def test_each_epoch_bends_anew_and_keras_loop_alike(rows):
    X, y = rows

    class OnBatches(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None): ...

    params = {"augment": "elastic", "dropout": 0.0, "schedule": "constant"}
    fast, slow = network(**params).fit(X, y), network(**params, callbacks=[OnBatches()]).fit(X, y)
    for a, b in zip(fast.network_.arrays, slow.network_.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    whole = network(**params).set_params(epochs=2, warm_start=True).fit(X, y)
    whole.set_params(epochs=1).fit(X, y)
    for a, b in zip(fast.network_.arrays, whole.network_.arrays, strict=True):
        np.testing.assert_array_equal(a, b)


def test_in_a_stacked_search_it_is_trained_alone(rows):
    grid = {"augment": [None, "affine"], "learning_rate": [0.003, 0.01]}
    search = StackedGridSearchCV(network(), grid, cv=2).fit(*rows)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    alone = network(**search.best_params_).fit(*rows)
    np.testing.assert_allclose(
        alone.predict_proba(rows[0]), search.predict_proba(rows[0]), atol=1e-4
    )


def test_a_network_of_ones_own_is_augmented_too(rows):
    X, y = rows
    own = KerasClassifier(
        conv_network, model__filters=(4,), augment="affine", batch_size=32, random_state=0
    )
    assert own.fit(X.reshape(-1, 28, 28), y).predict(X.reshape(-1, 28, 28)).shape == y.shape


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"augment": "twist"}, "'augment' parameter"),
        ({"augment": "affine"}, "783 features are no square images: pass images"),
        ({"augment": "affine", "image_shape": (2, 3)}, r"\(2, 3\) have 6 pixels"),
        ({"augment": "affine", "image_shape": (-2, -2)}, "must be positive ints"),
    ],
)
def test_what_is_no_image_is_refused(params, message, rows):
    X, y = rows
    with pytest.raises(ValueError, match=message):
        network(**params).fit(X[:, 1:], y)
    network(augment="affine", image_shape=(27, 29)).fit(X[:, 1:], y)
