"""Every workflow of this folder's README with our network, and what Keras's users do besides."""

import re
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - lets it be imported
from sklearn.model_selection import HalvingGridSearchCV
from support.backends import n_threads
from support.callbacks import needs_callbacks
from support.workflows import WORKFLOWS, Peer

from skmnist import DenseClassifier, FlattenScale, KerasClassifier, dense_network

README = (Path(__file__).parent / "README.md").read_text()


def make(*, stops=False, **settings):
    """Give a small network."""
    if stops:
        settings |= {"early_stopping": True, "validation_split": 0.2, "patience": 1}
    defaults = {"epochs": 15, "batch_size": 32, "learning_rate": 0.01, "random_state": 0}
    return DenseClassifier((64,), **defaults | settings)


def own_network(units, meta):
    """Build a network that no parameter of ours describes."""
    import keras

    inputs = keras.Input((meta["n_features_in_"],))
    hidden = keras.layers.Dense(units, activation="relu")(inputs)
    hidden = keras.layers.BatchNormalization()(hidden)
    hidden = keras.layers.Dropout(0.1)(hidden)
    outputs = keras.layers.Dense(meta["n_classes_"], activation="softmax")(hidden)
    return keras.Model(inputs, outputs)


def own_loss(y_true, y_pred):
    """Weigh the surprise a little more than the cross-entropy does."""
    import keras

    return 1.5 * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


OURS = Peer(
    "skmnist",
    make,
    rate="learning_rate",
    history=lambda network: network.history_["loss"],
    own=lambda: KerasClassifier(
        own_network,
        model__units=32,
        loss=own_loss,
        optimizer="adam",
        optimizer__learning_rate=0.01,
        metrics=["accuracy", "sparse_top_k_categorical_accuracy"],
        epochs=15,
        random_state=0,
    ),
)


@pytest.fixture(scope="module")
def small():
    """Images of 8x8 pixels as rows of 0 to 16."""
    X, y = load_digits(return_X_y=True)
    return X[:400].astype(np.uint8), y[:400]


@pytest.fixture(scope="module")
def images(digits):
    """Images as rows, and labels."""
    return digits[0][:240], digits[1][:240]


IN_PROCESSES = {"curves_of_folds", "in_workers", "new_process"}  # slow to start


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(w, id=w.__name__, marks=[pytest.mark.slow] * (w.__name__ in IN_PROCESSES))
        for w in WORKFLOWS.values()
    ],
)
def test_workflow(work, small):
    work(OURS, *small)


def test_the_readme_lists_them():
    for title in WORKFLOWS:
        assert re.search(rf"^\| {re.escape(title)} \|.*\| ✓ \|$", README, flags=re.MULTILINE), title


def test_halving_by_epochs(small):
    grid = {"learning_rate": [0.0001, 0.001, 0.01]}
    search = HalvingGridSearchCV(make(), grid, cv=2, resource="epochs", max_resources=6)
    assert search.fit(small[0] / 16, small[1]).best_params_["learning_rate"] == 0.01


def _threads(X, y):
    make(epochs=1).fit(X, y)
    return n_threads()


def test_workers_share_the_cores(small):
    """As many threads in all as loky grants: the cores, divided."""
    from joblib.externals.loky import cpu_count

    with joblib.parallel_config("loky", n_jobs=2):
        threads = joblib.Parallel()(joblib.delayed(_threads)(*small) for _ in range(2))
    assert threads == [max(cpu_count() // 2, 1)] * 2


def test_keras_callbacks_between_epochs_and_batches(images):
    import keras

    X, y = FlattenScale().fit_transform(images[0]), images[1]
    rates = []

    class Halve(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.01 / 2**epoch
            rates.append(float(self.model.optimizer.learning_rate))

    class Count(keras.callbacks.Callback):
        n_batches = 0

        def on_train_batch_end(self, batch, logs=None):
            Count.n_batches += 1

    def fit(*callbacks):
        return DenseClassifier(
            (16,),
            epochs=3,
            schedule="constant",
            dropout=0.0,
            batch_size=32,
            random_state=0,
            callbacks=list(callbacks),
        ).fit(X, y)

    fast, slow = fit(Halve()), fit(Halve(), Count())
    assert Count.n_batches == 3 * 8
    assert rates == pytest.approx([0.01, 0.005, 0.0025] * 2)
    for a, b in zip(fast.network_.arrays, slow.network_.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)  # the engine trains as Keras does


@needs_callbacks
def test_keras_early_stopping_restores(images):
    import keras

    X, y = FlattenScale().fit_transform(images[0]), images[1]
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=1, restore_best_weights=True, min_delta=10
    )
    classifier = DenseClassifier(
        (16,), epochs=9, validation_split=0.2, random_state=0, callbacks=[stop]
    )
    assert classifier.fit(X, y).n_iter_ == 2
    first = DenseClassifier((16,), epochs=9, validation_split=0.2, random_state=0)
    monitor = []

    class First:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            monitor.append(fitted_estimator.network_.arrays)

    first.set_callbacks(First()).fit(X, y)
    for a, b in zip(classifier.network_.arrays, monitor[0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_dummy_network_functions_compile_themselves(images):
    import keras

    def compiled(meta):
        model = dense_network((16,), meta=meta)
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        return model

    X, y = FlattenScale().fit_transform(images[0]), images[1]
    classifier = KerasClassifier(compiled, epochs=15, random_state=0).fit(X, y)
    assert classifier.score(X, y) > 0.8
    assert list(classifier.history_) == ["loss"]
