"""The scikit-learn contract of both classifiers."""

import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
import scikeras.wrappers
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from support.checks import assert_passes_checks

from skmnist import DenseClassifier, KerasClassifier, dense_network, recipes


def dense(**params):
    defaults = {"hidden_layer_sizes": (16,), "epochs": 40, "random_state": 0}
    return DenseClassifier(**defaults | params)


def wrapped(**params):
    defaults = {"model__hidden_layer_sizes": (16,), "epochs": 60, "random_state": 0}
    return KerasClassifier(dense_network, **defaults | params)


BOTH = pytest.mark.parametrize("make", [dense, wrapped], ids=["dense", "keras"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [DenseClassifier(epochs=20), KerasClassifier(model=dense_network, epochs=30)],
    ids=["dense", "keras"],
)
def test_scikit_learns_own_checks(estimator):
    assert_passes_checks(estimator)


def test_keras_classifier_is_scikerass():
    assert issubclass(KerasClassifier, scikeras.wrappers.KerasClassifier)
    assert is_classifier(KerasClassifier())
    assert not is_classifier(scikeras.wrappers.KerasClassifier())  # what is repaired


def weights_of(classifier):
    return b"".join(array.tobytes() for array in classifier.network_.arrays)


@BOTH
def test_equal_seeds_give_equal_bits(make, blobs):
    first = make().fit(*blobs)
    make(random_state=1).fit(*blobs)  # an unrelated fit between
    assert weights_of(make().fit(*blobs)) == weights_of(first)
    assert weights_of(make(random_state=1).fit(*blobs)) != weights_of(first)
    for _ in range(2):
        state = np.random.RandomState(3)
        assert weights_of(make(random_state=state).fit(*blobs)) == weights_of(
            make(random_state=np.random.RandomState(3)).fit(*blobs)
        )


@BOTH
def test_unseeded_fits_differ(make, blobs):
    assert weights_of(make(random_state=None).fit(*blobs)) != weights_of(
        make(random_state=None).fit(*blobs)
    )


def test_global_generators_are_left_alone(blobs):
    import random

    random.seed(7)
    np.random.seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()
    dense().fit(*blobs).predict(blobs[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


NEW_PROCESS = """
import pickle, sys
classifier, X, probabilities, again = pickle.load(open(sys.argv[1], "rb"))
assert (classifier.predict_proba(X) == probabilities).all()
refit = classifier.__sklearn_clone__().fit(X, again)
assert all((a == b).all() for a, b in zip(refit.network_.arrays, classifier.network_.arrays))
print("same")
"""


@pytest.mark.slow
@BOTH
def test_pickle_to_a_new_process(make, blobs, tmp_path):
    X, y = blobs
    classifier = make().fit(X, y)
    path = tmp_path / "classifier.pickle"
    path.write_bytes(pickle.dumps((classifier, X, classifier.predict_proba(X), y)))
    done = subprocess.run(
        [sys.executable, "-c", NEW_PROCESS, path], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("same\n", "")


@BOTH
@pytest.mark.parametrize(
    "names",
    [["ant", "bee", "cat"], [3, 7, 100], [-1.0, 0.0, 2.0], [False, True, True]],
    ids=["strings", "gaps", "floats", "two bools"],
)
def test_any_labels(make, names, blobs):
    X, codes = blobs
    y = np.array(names)[codes]
    classifier = make().fit(X, y)
    np.testing.assert_array_equal(classifier.classes_, np.unique(names))
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (90, len(set(names)))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(
        classifier.predict(X), classifier.classes_[probabilities.argmax(axis=1)]
    )
    assert classifier.predict(X).dtype == y.dtype
    np.testing.assert_allclose(
        np.exp(classifier.predict_log_proba(X[:1])), probabilities[:1], rtol=1e-6
    )
    assert classifier.score(X, y) > 0.9


def test_one_class_is_enough_for_a_network_of_ones_own(blobs):
    X, _ = blobs
    y = np.full(90, "a")
    classifier = wrapped(epochs=1).fit(X, y)
    assert (classifier.predict(X) == "a").all()
    np.testing.assert_allclose(classifier.predict_proba(X), np.ones((90, 1)))
    with pytest.raises(ValueError, match="only one class"):
        dense().fit(X, y)


@BOTH
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.linspace(0, 1, 90)}, "Unknown label type"),
        ({"y": np.zeros(89)}, "inconsistent numbers of samples"),
        ({"X": np.full((90, 4), np.nan)}, "contains NaN"),
        ({"X": np.zeros((90, 0))}, r"0 feature\(s\)"),
        ({"sample_weight": np.zeros(90)}, "at least one non-zero"),
        ({"sample_weight": -np.ones(90)}, "Negative values in data"),
        ({"X_val": np.zeros((3, 4))}, "passed together"),
        ({"X_val": np.zeros((3, 5)), "y_val": np.zeros(3)}, "expecting 4 features"),
        ({"X_val": np.zeros((3, 4)), "y_val": [0, 1, 9]}, r"not among the classes: array\(\[9\]\)"),
        ({"X_val": np.zeros((90, 4)), "y_val": np.zeros(90)}, "as many rows as X, 90"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(make, change, message, blobs):
    X, y = blobs
    classifier = make().fit(X, y)
    before = dict(vars(classifier))
    with pytest.raises(ValueError, match=message):
        classifier.fit(**({"X": X, "y": y} | change))
    assert vars(classifier) == before


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"epochs": 0}, "'epochs' parameter of DenseClassifier must be an int in the range"),
        ({"dropout": 1.0}, "'dropout' parameter"),
        ({"learning_rate": -1}, "'learning_rate' parameter"),
        ({"optimizer": "sdg"}, "'optimizer' parameter"),
        ({"schedule": "linear"}, "'schedule' parameter"),
        ({"hidden_layer_sizes": 0}, "positive ints"),
        ({"early_stopping": True}, "needs rows to validate on"),
    ],
)
def test_bad_parameters_are_refused(params, message, blobs):
    with pytest.raises(ValueError, match=message):
        dense(**params).fit(*blobs)


@BOTH
def test_unfitted(make, blobs):
    for method in ("predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(NotFittedError):
            getattr(make(), method)(blobs[0])
    with pytest.raises(NotFittedError):
        _ = make().model_


def test_unknown_parameter():
    classifier = DenseClassifier()
    with pytest.raises(
        ValueError,
        match=r"'droput' for estimator DenseClassifier\(.*mean 'dropout'\? Valid.*patience",
    ):
        classifier.set_params(epochs=2, droput=0.1)
    assert classifier.epochs == 20
    for name in ("model__units", "optimizer__learning_rate"):
        with pytest.raises(ValueError, match=f"Invalid parameter '{name}'"):
            classifier.set_params(**{name: 1})
    with pytest.raises(ValueError, match="mean 'epochs'"):
        KerasClassifier().set_params(epoch=3)
    assert KerasClassifier().set_params(model__units=8).model__units == 8
    with pytest.raises(TypeError, match="droput"):
        DenseClassifier(droput=0.1)


@pytest.mark.parametrize("method", ["sample_weight", "class_weight"])
def test_weights_are_repetitions(method, blobs):
    """In whole batches a weight of 3 is the row three times, up to float32."""
    X, y = blobs
    times = np.where(y == 1, 3, 1)
    settings = {"dropout": 0.0, "schedule": "constant", "batch_size": 1000, "epochs": 5}
    repeated = dense(**settings).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    if method == "sample_weight":
        weighted = dense(**settings).fit(X, y, sample_weight=2.0 * times)
    else:
        weighted = dense(**settings, class_weight={0: 1, 1: 3, 2: 1}).fit(X, y)
    plain = dense(**settings).fit(X, y)
    expected = repeated.predict_proba(X)
    np.testing.assert_allclose(weighted.predict_proba(X), expected, atol=1e-4)
    assert np.abs(plain.predict_proba(X) - expected).max() > 1e-3


@BOTH
def test_rows_of_no_weight_are_left_out(make, blobs):
    X, y = blobs
    weight = (np.arange(90) % 3 > 0).astype(float)
    kept = weight > 0
    assert weights_of(make().fit(X, y, sample_weight=weight)) == weights_of(
        make().fit(X[kept], y[kept])
    )


def test_class_and_sample_weights_multiply(blobs):
    X, y = blobs
    weight = np.linspace(1, 2, 90)
    both = dense(class_weight={0: 1, 1: 3, 2: 1}).fit(X, y, sample_weight=weight)
    product = dense().fit(X, y, sample_weight=weight * np.where(y == 1, 3, 1))
    for a, b in zip(both.network_.arrays, product.network_.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    dense(class_weight="balanced").fit(X, y)


def test_history_and_validation(blobs):
    X, y = blobs
    classifier = dense(validation_split=0.2, epochs=4).fit(X, y)
    assert list(classifier.history_) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert classifier.n_iter_ == classifier.history_.n_epochs == 4
    assert classifier.best_epoch_ == 1 + int(np.argmin(classifier.history_["val_loss"]))
    given = dense(epochs=4).fit(X, y, X_val=X[:10], y_val=y[:10])
    assert "val_loss" in given.history_


def test_early_stopping_takes_the_best_weights(blobs):
    X, y = blobs
    rng = np.random.default_rng(0)
    noise = rng.permutation(y)  # nothing to learn: validation soon gets worse
    settings = {
        "validation_split": 0.3,
        "schedule": "constant",
        "learning_rate": 0.03,
    }
    stopped = dense(**settings, epochs=60, early_stopping=True, patience=3).fit(X, noise)
    assert stopped.n_iter_ == stopped.best_epoch_ + 3 < 60
    short = dense(**settings, epochs=stopped.best_epoch_).fit(X, noise)
    assert weights_of(stopped) == weights_of(short)


def test_label_smoothing_tempers(blobs):
    X, y = blobs
    hard = dense(epochs=60).fit(X, y).predict_proba(X).max(axis=1).mean()
    soft = dense(epochs=60, label_smoothing=0.3).fit(X, y).predict_proba(X).max(axis=1).mean()
    assert soft < hard - 0.05


@BOTH
def test_partial_fit_goes_on(make, blobs):
    X, y = blobs
    classifier = make(batch_size=10)
    for _ in range(30):
        classifier.partial_fit(X[:50], y[:50], classes=[0, 1, 2])
    assert classifier.n_iter_ == 30
    assert classifier.score(X[:50], y[:50]) > 0.9
    with pytest.raises(ValueError, match="not the same as on last call to partial_fit"):
        classifier.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="not among the classes"):
        classifier.partial_fit(X, y + 1)
    assert classifier.n_iter_ == 30


def test_warm_start_is_one_longer_fit(blobs):
    X, y = blobs
    once = dense(epochs=6, schedule="constant", batch_size=32).fit(X, y)
    twice = dense(epochs=3, schedule="constant", batch_size=32, warm_start=True).fit(X, y).fit(X, y)
    assert weights_of(once) == weights_of(twice)
    assert twice.history_["loss"] == once.history_["loss"]


def test_partial_fit_is_one_longer_fit(blobs):
    X, y = blobs
    once = dense(epochs=4, schedule="constant", batch_size=32).fit(X, y)
    steps = dense(batch_size=32)
    for _ in range(4):
        steps.partial_fit(X, y)
    assert weights_of(once) == weights_of(steps)


def test_a_warm_model_takes_a_new_learning_rate(blobs):
    classifier = dense(warm_start=True, schedule="constant", epochs=2).fit(*blobs)
    before = classifier.network_.arrays
    classifier.set_params(learning_rate=1e-12, weight_decay=0.0).fit(*blobs)
    for a, b in zip(before, classifier.network_.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "rmsprop", "sgd"])
def test_beta_2_is_for_adam(blobs, optimizer):
    a, b = (dense(optimizer=optimizer, beta_2=share, epochs=2).fit(*blobs) for share in (0.9, 0.99))
    assert (weights_of(a) != weights_of(b)) == optimizer.startswith("adam")


def test_an_interrupted_fit_leaves_no_trace(blobs):
    X, y = blobs

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    classifier = dense().fit(X, y)
    before = classifier.predict_proba(X)
    classifier.set_params(callbacks=[Interrupt()], hidden_layer_sizes=(8,))
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X[:, :3], y)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


def test_divergence_is_named(blobs):
    with pytest.raises(FloatingPointError, match="training diverged"):
        dense(optimizer="sgd", learning_rate=1e30, schedule="constant").fit(*blobs)


def test_model_is_a_keras_model(blobs, tmp_path):
    X, y = blobs
    classifier = dense(epochs=5, batch_norm=True, dropout=0.2).fit(X, y)
    model = classifier.model_
    assert isinstance(model, keras.Model)
    np.testing.assert_allclose(np.asarray(model(X)), classifier.predict_proba(X), atol=1e-6)
    model.save(tmp_path / "network.keras")
    assert (tmp_path / "network.keras").exists()


def test_verbose_prints_a_line_an_epoch(blobs, capsys):
    dense(epochs=2, verbose=1).fit(*blobs)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
    dense(epochs=2).fit(*blobs)
    assert capsys.readouterr() == ("", "")


def test_parameters_round_trip():
    classifier = wrapped(optimizer__learning_rate=0.01)
    assert clone(classifier).get_params() == classifier.get_params()
    classifier.set_params(model__dropout=0.1, epochs=3)
    assert classifier.get_params()["model__dropout"] == 0.1
    assert repr(DenseClassifier(dropout=0.3)) == "DenseClassifier(dropout=0.3)"


def test_routed_parameters_arrive(blobs):
    slow = wrapped(optimizer__learning_rate=1e-9, optimizer="sgd", epochs=1).fit(*blobs)
    fast = wrapped(optimizer__learning_rate=0.1, optimizer="sgd", epochs=1).fit(*blobs)
    assert fast.history_["loss"][0] < slow.history_["loss"][0]
    assert slow.network_.arrays[0].shape == (4, 16)


def test_a_warm_start_of_another_network_is_refused(blobs):
    classifier = dense(warm_start=True, epochs=1).fit(*blobs)
    with pytest.raises(ValueError, match="not the one of the last fit"):
        classifier.set_params(hidden_layer_sizes=(9,)).fit(*blobs)


def test_a_metric_that_keras_does_not_know(blobs):
    with pytest.raises(ValueError, match="acuracy"):
        dense(metrics=["acuracy"]).fit(*blobs)
    found = dense(metrics=["categorical_accuracy"], epochs=1).fit(*blobs).history_
    assert found["categorical_accuracy"] == found["accuracy"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model__outputs": 2}, "has 2 outputs, but the data 3 classes"),
        ({"model__outputs": 1}, "has 1 outputs, but the data 3 classes"),
        ({"model__activation": "linear"}, "last layer is linear: give it a softmax"),
    ],
)
def test_a_last_layer_that_does_not_fit_is_refused(params, message, blobs):
    with pytest.raises(ValueError, match=message):
        own(**params).fit(*blobs)


def test_shapes_of_rows_and_layers(blobs):
    X, y = blobs
    assert dense(hidden_layer_sizes=np.array([8]), epochs=1).fit(X, y).n_iter_ == 1
    with pytest.raises(ValueError, match=r"must be positive ints; got \(8, -1\)"):
        dense(hidden_layer_sizes=(8, -1)).fit(X, y)
    with pytest.raises(ValueError, match="Found array with dim 3"):
        dense().fit(X.reshape(-1, 2, 2), y)


def test_a_network_is_needed(blobs):
    with pytest.raises(ValueError, match="pass model=, a network function"):
        KerasClassifier().fit(*blobs)


def own_network(meta, outputs=None, activation="softmax"):
    outputs = outputs or meta["n_classes_"]
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(outputs, activation=activation),
        ]
    )


def own(**params):
    defaults = {"epochs": 40, "optimizer": "adam", "optimizer__learning_rate": 0.02}
    return KerasClassifier(own_network, random_state=0, **defaults | params)


@pytest.mark.parametrize(
    "loss",
    [
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        keras.losses.CategoricalCrossentropy,
        keras.losses.SparseCategoricalCrossentropy(),
        None,
    ],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_losses_of_one_label(loss, n_classes, blobs):
    X, y = blobs
    classifier = own(loss=loss).fit(X, np.minimum(y, n_classes - 1))
    assert classifier.score(X, np.minimum(y, n_classes - 1)) > 0.9


@pytest.mark.parametrize("loss", ["binary_crossentropy", None])
def test_one_sigmoid_for_two_classes(loss, blobs):
    X, y = blobs
    names = np.where(y == 1, "yes", "no")
    classifier = own(loss=loss, model__outputs=1, model__activation="sigmoid").fit(X, names)
    assert classifier.score(X, names) > 0.9
    assert classifier.predict_proba(X[:1]).shape == (1, 2)


def test_parameters_of_fit_by_scikerass_longer_names(blobs):
    settings = {"fit__epochs": 3, "fit__validation_split": 0.2, "fit__batch_size": 30}
    classifier = own(**settings).fit(*blobs)
    assert classifier.n_iter_ == 3
    assert "val_loss" in classifier.history_
    stop = {"callbacks": keras.callbacks.EarlyStopping, "callbacks__monitor": "loss"}
    assert (
        own(**stop).set_params(callbacks__min_delta=9, callbacks__patience=1).fit(*blobs).n_iter_
        == 2
    )


def test_several_labels_a_row(blobs):
    X, y = blobs
    labels = np.stack([y == 0, y > 0, y == 2], axis=1).astype(int)
    classifier = own(model__outputs=3, model__activation="sigmoid", validation_split=0.1)
    classifier.fit(X, labels)
    assert (classifier.predict(X) == labels).mean() > 0.9


@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_of_the_users_own_is_left_alone(compiled, blobs):
    X, y = blobs
    model = own_network({"n_features_in_": 4, "n_classes_": 3})
    if compiled:
        model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    before = [w.copy() for w in model.get_weights()]
    rates = {} if compiled else {"optimizer": "adam", "optimizer__learning_rate": 0.02}
    seen = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    classifier = KerasClassifier(model, epochs=30, random_state=0, callbacks=seen, **rates)
    first = weights_of(classifier.fit(X, y))
    assert classifier.score(X, y) > 0.9
    assert weights_of(classifier.fit(X, y)) == first
    assert model.compiled == compiled
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_objects_in_parameters_are_left_as_they_are(blobs):
    X, y = blobs
    rate = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=10, patience=1)
    optimizer = keras.optimizers.SGD(0.5)
    classifier = own(optimizer=optimizer, epochs=3, callbacks=[rate, stop])
    classifier = classifier.__sklearn_clone__()  # without the routed rate of `own`
    del classifier.optimizer__learning_rate
    first = weights_of(classifier.fit(X, y))
    assert classifier.n_iter_ == 2
    assert float(classifier.optimizer.learning_rate) == 0.5
    assert weights_of(classifier.fit(X, y)) == first
    assert classifier.set_params(callbacks=None).fit(X, y).n_iter_ == 3


@pytest.mark.slow
@pytest.mark.mnist
def test_the_lesson_on_real_mnist(mnist):
    from skmnist import make_dense_pipeline

    X, y, X_test, y_test = mnist
    pipeline = make_dense_pipeline(**recipes.LESSON, random_state=0).fit(X, y)
    assert pipeline.score(X_test, y_test) >= 0.975
    assert pipeline[-1].history_["val_accuracy"][-1] < pipeline[-1].history_["accuracy"][-1]


@pytest.mark.parametrize(("make", "times"), [(dense, 0), (wrapped, 1)], ids=["dense", "keras"])
def test_a_network_is_described_once_a_fit(make, times, blobs, monkeypatch):
    """Once where a function builds it; not at all where the last fit asked for the same one."""
    classifier = make(epochs=2).fit(*blobs)
    described = []
    functional = type(classifier.model_)
    describe = functional.get_config

    def counted(model):
        described.append(model)
        return describe(model)

    monkeypatch.setattr(functional, "get_config", counted)
    classifier.fit(*blobs)
    assert len(described) == times
