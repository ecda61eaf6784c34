"""The convolutional classifier: images or rows in, scikit-learn's contract, Keras's layers."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from support.checks import assert_passes_checks

from skmnist import ConvClassifier, conv_network, load, make_conv_pipeline, save


def small(**params):
    sizes = {"filters": (4, 8), "hidden_layer_sizes": (32,)}
    return ConvClassifier(
        **sizes | {"epochs": 8, "learning_rate": 0.01, "random_state": 0} | params
    )


@pytest.mark.slow
def test_scikit_learns_own_checks():
    """Their rows are no squares: they are taken for images of one line."""
    lines = ConvClassifier((4,), image_shape=(1, -1), learning_rate=0.01)
    assert_passes_checks(lines)


def test_weights_are_repetitions(blobs):
    """In whole batches a weight of 3 is the row three times, up to float32."""
    X, y = blobs
    times = np.where(y == 1, 3, 1)
    whole = {"dropout": 0.0, "schedule": "constant", "batch_size": 1000, "image_shape": (1, -1)}
    repeated = small(**whole).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    weighted = small(**whole).fit(X, y, sample_weight=2.0 * times)
    expected = repeated.predict_proba(X)
    np.testing.assert_allclose(weighted.predict_proba(X), expected, atol=1e-4)
    assert np.abs(small(**whole).fit(X, y).predict_proba(X) - expected).max() > 1e-3


def test_layers_are_what_the_parameters_say():
    meta = {"X_shape_": (1, 28, 28), "n_classes_": 10}
    model = conv_network((4, 8), 5, 2, (16,), dropout=0.1, batch_norm=True, meta=meta)
    block = [*(["Conv2D", "BatchNormalization", "Activation"] * 2), "MaxPooling2D"]
    assert [type(layer).__name__ for layer in model.layers] == [
        *["InputLayer", "Reshape", *block, *block, "Flatten"],
        *["Dropout", "Dense", "Dropout", "Dense"],
    ]
    assert model.layers[-5].output.shape == (None, 7 * 7 * 8)
    odd = conv_network((4, 4, 4), image_shape=(9, 5), meta={"X_shape_": (1, 45), "n_classes_": 3})
    assert odd.output_shape == (None, 3)


@pytest.mark.slow
@pytest.mark.parametrize("batch_norm", [False, True])
def test_rows_and_images_are_one(batch_norm, digits):
    X, y = digits[0][:400] / np.float32(255), digits[1][:400]
    images = X.reshape(-1, 28, 28)
    of_rows, of_images = small(batch_norm=batch_norm).fit(X, y), small(batch_norm=batch_norm)
    of_images.fit(images, y)
    np.testing.assert_array_equal(of_rows.predict_proba(X), of_images.predict_proba(images))
    assert batch_norm or of_rows.score(X, y) > 0.9  # its averages come in slowly
    assert of_rows.model_.input_shape == (None, 784)


@pytest.mark.slow
def test_in_pipelines_and_searches(digits, tmp_path):
    X, y = digits[0][:300], digits[1][:300]
    pipe = make_conv_pipeline(**{k: v for k, v in small().get_params().items() if k != "callbacks"})
    assert cross_val_score(pipe, X, y, cv=2).min() > 0.6
    grid = {"convclassifier__filters": [(2,), (4, 8)], "convclassifier__kernel_size": [3, 5]}
    search = GridSearchCV(pipe, grid, cv=2).fit(X, y)
    save(search.best_estimator_, tmp_path / "conv.skops")
    again = load(tmp_path / "conv.skops")
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"filters": (0,)}, "filters must be positive ints"),
        ({"filters": 3}, "'filters' parameter"),
        ({"kernel_size": 0}, "'kernel_size' parameter"),
        ({"block_depth": 0}, "'block_depth' parameter"),
        ({"image_shape": (4, 4)}, "set image_shape"),
    ],
)
def test_bad_parameters_are_refused(params, message, rows):
    with pytest.raises(ValueError, match=message):
        small(**params).fit(*rows)


def test_rows_that_are_no_images_are_refused(blobs):
    X, y = blobs
    with pytest.raises(ValueError, match="3 features are no square images"):
        small().fit(X[:, :3], y)
