"""What data scientists do with a classifier, one short test each, on the bundled digits."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    check_cv,
    cross_val_score,
    cross_validate,
    learning_curve,
)

from skmnist import (
    DenseClassifier,
    FlattenScale,
    KerasClassifier,
    dense_network,
    make_baseline,
    make_dense_pipeline,
)


@pytest.fixture(scope="module")
def images(digits):
    X, y = digits
    return X[:240], y[:240]


@pytest.fixture
def pipe():
    return make_dense_pipeline(hidden_layer_sizes=(32,), epochs=15, random_state=0)


def test_integer_cv_is_stratified(pipe, images):
    X, y = images
    in_order = np.argsort(y, kind="stable")  # plain KFold would leave whole classes out
    folds = check_cv(3, y, classifier=True)
    assert isinstance(folds, StratifiedKFold)
    scores = cross_val_score(pipe, X[in_order], y[in_order], cv=3)
    np.testing.assert_array_equal(scores, cross_val_score(pipe, X[in_order], y[in_order], cv=folds))
    assert scores.min() > 0.7


def test_grid_search_over_the_network_and_the_first_step(pipe, images):
    grid = {
        "denseclassifier__hidden_layer_sizes": [(8,), (32, 16)],
        "flattenscale": [FlattenScale(), FlattenScale(max_value=510)],
    }
    search = GridSearchCV(pipe, grid, cv=2).fit(*images)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.score(*images) > 0.8


def test_voting(pipe, images):
    members = [("dense", pipe), ("logistic", make_baseline("logistic_regression"))]
    assert VotingClassifier(members, voting="soft").fit(*images).score(*images) > 0.8


def test_stacking(pipe, images):
    stack = StackingClassifier([("dense", pipe)], LogisticRegression(), cv=2)
    assert stack.fit(*images).score(*images) > 0.8


def test_calibration(pipe, images):
    calibrated = CalibratedClassifierCV(pipe, cv=2).fit(*images)
    np.testing.assert_allclose(calibrated.predict_proba(images[0]).sum(axis=1), 1, rtol=1e-6)


def test_learning_curve(pipe, images):
    sizes, _, scores = learning_curve(pipe, *images, train_sizes=[0.3, 1.0], cv=2)
    assert scores.shape == (2, 2)
    assert sizes.tolist() == [36, 120]


def test_confusion_matrix_display(pipe, images):
    pytest.importorskip("matplotlib").use("Agg")
    display = ConfusionMatrixDisplay.from_estimator(pipe.fit(*images), *images)
    assert display.confusion_matrix.shape == (10, 10)


def test_string_labels_and_frames(pipe, images):
    import pandas as pd

    X, y = images
    frame = pd.DataFrame(X, columns=[f"pixel_{i}" for i in range(784)])
    names = np.array([f"digit {i}" for i in range(10)])[y]
    pipe.fit(frame, pd.Series(names))
    assert set(pipe.predict(frame)) <= set(names)
    assert pipe.feature_names_in_[0] == "pixel_0"


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_search_gives_the_same_numbers(backend, pipe, images):
    import joblib

    grid = {"denseclassifier__learning_rate": [1e-3, 1e-2]}
    alone = GridSearchCV(pipe, grid, cv=2, refit=False).fit(*images)
    with joblib.parallel_config(backend):
        together = GridSearchCV(pipe, grid, cv=2, refit=False, n_jobs=2).fit(*images)
    for key in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(alone.cv_results_[key], together.cv_results_[key])


def test_parallel_fits_give_the_same_bits(pipe, images):
    def weights(n_jobs):
        done = cross_validate(pipe, *images, cv=2, return_estimator=True, n_jobs=n_jobs)
        return [array for p in done["estimator"] for array in p[-1].network_.arrays]

    for a, b in zip(weights(None), weights(2), strict=True):
        np.testing.assert_array_equal(a, b)


def test_progress_bar_shows_epochs_inside_folds(pipe, images, capsys):
    grid = {"denseclassifier__dropout": [0.1]}
    GridSearchCV(pipe, grid, cv=2).set_callbacks(ProgressBar(max_propagation_depth=None)).fit(
        *images
    )
    out = capsys.readouterr().out
    assert "DenseClassifier" in out
    assert "GridSearchCV" in out


def test_scoring_monitor_sees_every_epoch(images):
    X, y = images
    monitor = ScoringMonitor(scoring="accuracy")
    classifier = DenseClassifier((16,), epochs=4, random_state=0).set_callbacks(monitor)
    classifier.fit(FlattenScale().fit_transform(X), y)
    frame = monitor.get_logs().data_as_pandas
    assert (frame["task_name"] == "epoch").sum() == 4


def test_a_callback_stops_training(images):
    class Stop:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            assert fitted_estimator.predict_proba(X[:1]).shape == (1, 10)
            return context.task_name == "epoch" and context.task_id == 1

    X, y = FlattenScale().fit_transform(images[0]), images[1]
    classifier = DenseClassifier((16,), epochs=9, random_state=0).set_callbacks(Stop()).fit(X, y)
    assert classifier.n_iter_ == 2


def test_bring_your_own_network(images):
    import keras

    def own(units, meta):
        model = keras.Sequential([keras.Input((meta["n_features_in_"],))])
        model.add(keras.layers.Dense(units, activation="relu"))
        model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Dropout(0.1))
        model.add(keras.layers.Dense(meta["n_classes_"], activation="softmax"))
        return model

    X, y = FlattenScale().fit_transform(images[0]), images[1]
    classifier = KerasClassifier(
        own,
        model__units=32,
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        optimizer__learning_rate=0.01,
        metrics=["accuracy"],
        epochs=15,
        random_state=0,
    )
    assert classifier.fit(X, y).score(X, y) > 0.8
    assert list(classifier.history_) == ["loss", "accuracy"]


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
