import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skmnist import (
    DenseClassifier,
    KerasClassifier,
    dense_network,
    flatten_and_scale,
    load,
    make_dense_pipeline,
    save,
)


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    pipe = make_dense_pipeline(hidden_layer_sizes=(16,), epochs=3, random_state=0)
    return pipe.fit(X[:100], y[:100])


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
