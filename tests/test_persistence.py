import json
import pickle
import subprocess
import sys
import zipfile

import keras
import numpy as np
import onnxruntime
import pytest
from scipy.stats import loguniform
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from support.callbacks import needs_callbacks

from skmnist import (
    DenseClassifier,
    FlattenScale,
    KerasClassifier,
    StackedRandomizedSearchCV,
    ValidationMonitor,
    dense_network,
    flatten_and_scale,
    load,
    make_baseline,
    make_conv_pipeline,
    make_dense_pipeline,
    model_card,
    recipes,
    save,
    to_onnx,
)


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    pipe = make_dense_pipeline(hidden_layer_sizes=(16,), epochs=3, random_state=0)
    return pipe.fit(X[:100], y[:100])


@pytest.mark.slow
def test_round_trip_in_a_new_process(fitted, digits, tmp_path):
    path = tmp_path / "model.skops"
    save(fitted, path)
    np.save(tmp_path / "expected.npy", fitted.predict_proba(digits[0][:20]))
    code = (
        "import sys, numpy as np; from skmnist import load, load_digits28\n"
        f"found = load({str(path)!r}).predict_proba(load_digits28().data[:20])\n"
        f"print((found == np.load({str(tmp_path / 'expected.npy')!r})).all())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    assert [p.name for p in tmp_path.glob("*.part")] == []


def test_a_search_and_its_history(fitted, digits, tmp_path):
    X, y = digits
    search = GridSearchCV(fitted, {"denseclassifier__dropout": [0.0, 0.1]}, cv=2)
    save(search.fit(X[:100], y[:100]), tmp_path / "search.skops")
    again = load(tmp_path / "search.skops")
    assert again.best_params_ == search.best_params_
    history = again.best_estimator_[-1].history_
    assert history["loss"] == search.best_estimator_[-1].history_["loss"]


def test_a_keras_classifier_and_one_with_callbacks(digits, tmp_path):
    X, y = flatten_and_scale(digits[0][:100]), digits[1][:100]
    stop = keras.callbacks.EarlyStopping(monitor="loss")
    for classifier in (
        KerasClassifier(dense_network, model__hidden_layer_sizes=(8,), epochs=2),
        DenseClassifier((8,), epochs=2, callbacks=[stop]),
    ):
        classifier.fit(X, y)
        if isinstance(classifier, DenseClassifier):
            classifier.set_params(callbacks=None)  # Keras's own types are not loaded
        save(classifier, tmp_path / "classifier.skops")
        again = load(tmp_path / "classifier.skops")
        np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


def test_a_loaded_model_goes_on_training(fitted, digits, tmp_path):
    X, y = digits
    save(fitted, tmp_path / "model.skops")
    again = load(tmp_path / "model.skops")
    rows = again[0].transform(X[:100])
    again[-1].partial_fit(rows, y[:100])
    assert again[-1].n_iter_ == 4


def test_what_is_no_model_is_refused(fitted, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model file .*nothing\.skops"):
        load(tmp_path / "nothing.skops")
    text = tmp_path / "text.skops"
    text.write_text("hello")
    with pytest.raises(ValueError, match="is not a model file, or is damaged"):
        load(text)
    path = tmp_path / "model.skops"
    save(fitted, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="is not a model file, or is damaged"):
        load(path)


def test_foreign_types_are_named_and_not_loaded(fitted, tmp_path):
    path = tmp_path / "model.skops"
    save(fitted, path)
    evil = tmp_path / "evil.skops"
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(evil, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name == "schema.json":
                content = content.replace(b'"History"', b'"Popen"').replace(
                    b'"skmnist.history"', b'"subprocess"'
                )
            bad.writestr(name, content)
    with pytest.raises(ValueError, match=r"not trusted: subprocess\.Popen"):
        load(evil)


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_inside_the_archive_is_not_run(fitted, tmp_path):
    path, mark = tmp_path / "model.skops", tmp_path / "mark"
    save(fitted, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("payload.pkl", pickle.dumps(Payload(str(mark))))
        names = archive.namelist()
    load(path)
    assert not mark.exists()
    evil = tmp_path / "evil.skops"  # in the place of every array
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(evil, "w") as bad:
        for name in names:
            is_array = name.endswith(".npy")
            bad.writestr(name, pickle.dumps(Payload(str(mark))) if is_array else good.read(name))
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy's, which refuses pickles
        load(evil)
    assert not mark.exists()


def test_a_changed_byte_is_noticed(fitted, tmp_path):
    path = tmp_path / "model.skops"
    save(fitted, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a model file, or is damaged"):
        load(path)


def rewrite_record(path, change):
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    record = json.loads(entries["skmnist.json"])
    change(record)
    entries["skmnist.json"] = json.dumps(record)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def test_other_versions_are_told(fitted, tmp_path):
    path = tmp_path / "model.skops"
    save(fitted, path)
    rewrite_record(path, lambda record: record["versions"].update({"scikit-learn": "1.2.3"}))
    with pytest.warns(UserWarning, match=r"other versions: scikit-learn 1\.2\.3, now 1\."):
        load(path)
    rewrite_record(path, lambda record: record.update(format=9))
    with pytest.raises(ValueError, match=r"in format 9; .* reads format 1"):
        load(path)


def run_onnx(path, X):
    return onnxruntime.InferenceSession(path).run(["label", "probabilities"], {"X": X})


@pytest.mark.parametrize(
    "pipeline",
    [
        make_dense_pipeline(hidden_layer_sizes=(16,), epochs=2, dropout=0.1, random_state=0),
        make_dense_pipeline(
            hidden_layer_sizes=(16, 8), activation="gelu", batch_norm=True, epochs=2, random_state=0
        ),
        make_conv_pipeline(filters=(4, 8), epochs=2, random_state=0),
        make_conv_pipeline(
            filters=(4,), kernel_size=5, block_depth=2, batch_norm=True, epochs=2, random_state=0
        ),
    ],
    ids=["dense", "dense-norm", "conv", "conv-norm"],
)
@pytest.mark.parametrize("rows", [False, True])
def test_onnx_gives_the_same(pipeline, rows, digits, tmp_path):
    X, y = digits[0][:300], digits[1][:300]
    pipeline.fit(X, y)
    to_onnx(pipeline, tmp_path / "model.onnx", rows=rows)
    label, probabilities = run_onnx(tmp_path / "model.onnx", X if rows else X.reshape(-1, 28, 28))
    np.testing.assert_array_equal(label, pipeline.predict(X))
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), atol=1e-5)


def branched(meta):
    """A network with what only the user's own have."""
    layers = keras.layers
    inputs = keras.Input((meta["n_features_in_"],))
    images = layers.Reshape((28, 28, 1))(inputs)
    wide = layers.Conv2D(4, 3, strides=2, activation="silu")(images)
    wide = layers.AveragePooling2D(2)(wide)
    one = layers.GlobalAveragePooling2D()(wide)
    two = layers.Dense(4, activation="elu")(layers.Flatten()(wide))
    both = layers.Concatenate()([layers.Add()([one, two]), layers.Activation("leaky_relu")(two)])
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(both))


def test_onnx_of_a_branched_network_with_one_output_and_words(digits, tmp_path):
    X, y = flatten_and_scale(digits[0][:200]), np.where(digits[1][:200] > 4, "high", "low")
    classifier = KerasClassifier(branched, epochs=2, optimizer="adam", random_state=0).fit(X, y)
    to_onnx(classifier, tmp_path / "model.onnx")
    label, probabilities = run_onnx(tmp_path / "model.onnx", X)
    np.testing.assert_array_equal(label, classifier.predict(X))
    np.testing.assert_allclose(probabilities, classifier.predict_proba(X), atol=1e-5)


def test_onnx_refuses_what_it_cannot_write(digits, tmp_path):
    X, y = digits[0][:100], digits[1][:100]
    small = DenseClassifier((8,), epochs=1)
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match="the pipeline has PCA in front"):
        to_onnx(make_pipeline(FlattenScale(), PCA(5), small).fit(X, y), path)
    with pytest.raises(TypeError, match="got a KNeighborsClassifier"):
        to_onnx(make_baseline("knn").fit(X, y), path)

    def odd(meta):
        outputs = keras.layers.Dense(10, activation="softmax")
        return keras.Sequential([keras.Input((784,)), keras.layers.UnitNormalization(), outputs])

    classifier = KerasClassifier(odd, epochs=1).fit(flatten_and_scale(X), y)
    with pytest.raises(ValueError, match=r"nothing for the layer .*UnitNormalization"):
        to_onnx(classifier, path)
    assert not path.exists()


@pytest.mark.slow
@pytest.mark.mnist
def test_onnx_on_all_test_images(mnist, tmp_path):
    X, y, X_test, _ = mnist
    for pipeline in (
        make_dense_pipeline(**recipes.FAST, random_state=0),
        make_conv_pipeline(epochs=1, random_state=0),
    ):
        pipeline.fit(X[:20_000], y[:20_000])
        to_onnx(pipeline, tmp_path / "model.onnx", rows=True)
        label, probabilities = run_onnx(tmp_path / "model.onnx", X_test)
        np.testing.assert_array_equal(label, pipeline.predict(X_test))
        np.testing.assert_allclose(probabilities, pipeline.predict_proba(X_test), atol=1e-5)


def test_keras_users_get_keras_files(fitted, digits, tmp_path):
    fitted[-1].model_.save(tmp_path / "model.keras")
    X = flatten_and_scale(digits[0][:20])
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(X), fitted[-1].predict_proba(X), atol=1e-6)


def test_a_card_says_what_a_model_is(fitted, digits):
    X, y = digits
    text = model_card(fitted, X[:100], y[:100], data="the first 100 digits", title="Small net")
    assert text.startswith("# Small net\n\n`FlattenScale`, then `DenseClassifier`, for 10 classes.")
    hits = round(100 * fitted.score(X[:100], y[:100]))
    assert f"**{hits:.2f}%** of 100 images right, 95% interval" in text
    assert "`hidden_layer_sizes` | `(16,)` |" in text
    assert "3 epochs; after the last: loss" in text


def _own_network(meta):
    return dense_network((4,), meta=meta)


@pytest.mark.parametrize(
    ("classifier", "named"),
    [
        (KerasClassifier(_own_network), r"_own_network \(parameter model\)"),
        (
            KerasClassifier(lambda meta: dense_network((5,), meta=meta)),
            r"<lambda> \(parameter model\)",
        ),
        (
            DenseClassifier(4, callbacks=[keras.callbacks.EarlyStopping("loss")]),
            r"EarlyStopping \(parameter callbacks\)",
        ),
        (
            KerasClassifier(dense_network, optimizer=keras.optimizers.Adam()),
            r"Adam \(parameter optimizer\)",
        ),
        (
            KerasClassifier(dense_network, loss=keras.losses.SparseCategoricalCrossentropy()),
            r"SparseCategoricalCrossentropy \(parameter loss\)",
        ),
        (DenseClassifier(4, metrics=[keras.metrics.AUC()]), r"AUC \(parameter metrics\)"),
    ],
    ids=["function", "lambda", "callback", "optimizer", "loss", "metric"],
)
def test_what_load_would_refuse_is_not_written(classifier, named, blobs, tmp_path):
    path = tmp_path / "model.skops"
    classifier.set_params(epochs=1).fit(*blobs)
    path.write_bytes(b"an older model")
    with pytest.raises(ValueError, match=f"can't be saved, because it holds .*{named}"):
        save(classifier, path)
    assert path.read_bytes() == b"an older model"
    assert [each.name for each in tmp_path.iterdir()] == ["model.skops"]


@needs_callbacks
def test_monitors_and_distributions_are_saved(blobs, tmp_path):
    network = DenseClassifier(4, epochs=1, validation_split=0.2, random_state=0)
    search = StackedRandomizedSearchCV(
        network.set_callbacks(ValidationMonitor()),
        {"learning_rate": loguniform(1e-3, 1e-2)},
        n_iter=2,
        cv=2,
        random_state=0,
    ).fit(*blobs)
    save(search, tmp_path / "search.skops")
    again = load(tmp_path / "search.skops")
    np.testing.assert_array_equal(again.predict(blobs[0]), search.predict(blobs[0]))


@pytest.mark.parametrize("link", ["softmax", "normalize", "sigmoid"])
def test_graphs_give_probabilities_whatever_the_network_gives(link, blobs, tmp_path):
    X, y = blobs
    units, kind, loss = {
        "softmax": (3, "linear", keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        "normalize": (3, "sigmoid", keras.losses.BinaryCrossentropy()),
        "sigmoid": (1, "linear", keras.losses.BinaryCrossentropy(from_logits=True)),
    }[link]

    def network():
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation=kind)])

    y = y if units == 3 else (y == 1).astype(int)
    classifier = KerasClassifier(network, loss=loss, epochs=2, random_state=0).fit(X, y)
    assert classifier.link_ == link
    to_onnx(classifier, tmp_path / "model.onnx")
    labels, probabilities = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(
        None, {"X": X}
    )
    np.testing.assert_allclose(probabilities, classifier.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(labels, classifier.predict(X))
