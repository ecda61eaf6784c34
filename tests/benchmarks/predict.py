"""Predicting one image and ten thousand, and what asks for many predictions, on MNIST.

Beside scikeras, `MLPClassifier`, ONNX Runtime, and the way of all networks but dense ones. Needs
shap.

SKMNIST_DATA_HOME=... python tests/benchmarks/predict.py
"""

import functools
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
from _common import alternate, heading, mnist, table
from PIL import Image
from scikeras.wrappers import KerasClassifier as Scikeras
from sklearn.ensemble import VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder

from skmnist import (
    ConvClassifier,
    DenseClassifier,
    FlattenScale,
    conv_network,
    dense_network,
    recipes,
    save,
    to_onnx,
)

warnings.simplefilter("ignore")
LAYERS = recipes.LESSON["hidden_layer_sizes"]
DENSE = ("skmnist", "MLPClassifier")
BY_PROGRAM = "skmnist, by a program of the backend"


class OnnxRuntime:
    """Our network as an ONNX graph, by ONNX Runtime."""

    def __init__(self, classifier):
        import onnxruntime

        graph = to_onnx(classifier).SerializeToString()
        self._session = onnxruntime.InferenceSession(graph)

    def predict(self, X):
        return self._session.run(["label"], {"X": X})[0]


def by_program(call):
    """Do the same as other networks do it: by a program of the backend, not in NumPy."""
    with mock.patch("skmnist.engine.programs.dense_outputs", return_value=None):
        call()


def main() -> None:
    heading("Predicting with the lesson's network", "onnxruntime")
    X, y, X_test, _ = mnist()
    X, y = X[:5000], y[:5000]
    models = {
        "skmnist": DenseClassifier(**recipes.LESSON | {"epochs": 1}, random_state=0),
        "MLPClassifier": MLPClassifier(LAYERS, max_iter=1, random_state=0),
        "scikeras": Scikeras(
            dense_network,
            model__hidden_layer_sizes=LAYERS,
            loss="sparse_categorical_crossentropy",
            verbose=0,
        ),
    }
    for model in models.values():
        model.fit(X, y)
    models["skmnist in ONNX Runtime"] = OnnxRuntime(models["skmnist"])
    images = np.round(X_test * 255).astype(np.uint8)
    in_pipelines = {name: make_pipeline(FlattenScale().fit(images), models[name]) for name in DENSE}
    for title, few, many in (
        ("Scaled rows", models, X_test),
        ("Images of uint8, by a Pipeline of FlattenScale and the classifier", in_pipelines, images),
    ):
        print(f"{title}\n")
        for part, rows, calls_a_turn in (
            ("One, milliseconds a call, 50 calls a turn", many[:1], 50),
            ("10,000, milliseconds", many, 1),
        ):

            def turn(model, rows=rows, n=calls_a_turn):
                for _ in range(n):
                    model.predict(rows)

            calls = {name: functools.partial(turn, model) for name, model in few.items()}
            calls[BY_PROGRAM] = functools.partial(by_program, calls["skmnist"])
            for call in calls.values():
                call()
            table(part, alternate(calls, 9), unit=calls_a_turn * 1e-3, name="ms")
    explain(models, X, X_test)
    convolutional(X[:2000], y[:2000], X_test)
    commands(in_pipelines["skmnist"], images[0])


def convolutional(X, y, X_test):
    """Time one image by networks that no matrix product alone describes."""
    ours = ConvClassifier(epochs=1, augment=None, random_state=0).fit(X, y)
    theirs = Scikeras(conv_network, loss="sparse_categorical_crossentropy", verbose=0).fit(X, y)
    calls = {
        "skmnist": lambda: ours.predict(X_test[:1]),
        "skmnist, 64 images at once": lambda: ours.predict(X_test[:64]),
        "scikeras": lambda: theirs.predict(X_test[:1]),
    }
    for call in calls.values():
        call()
    several = {name: lambda call=call: [call() for _ in range(20)] for name, call in calls.items()}
    table("A convolutional network, one image, ms", alternate(several, 5), unit=20e-3, name="ms")


def commands(pipeline, image):
    """Time `skmnist predict` of a picture, and what it must load."""
    with tempfile.TemporaryDirectory() as folder:
        model, picture = Path(folder) / "model.skops", Path(folder) / "digit.png"
        save(pipeline, model)
        Image.fromarray(255 - image.reshape(28, 28)).resize((280, 280)).save(picture)
        programs = {
            "skmnist predict": ["-m", "skmnist", "predict", model, picture],
            "importing TensorFlow alone": ["-c", "import tensorflow"],
            "importing scikit-learn alone": ["-c", "import sklearn.pipeline"],
        }

        def start(arguments):
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

        calls = {name: functools.partial(start, what) for name, what in programs.items()}
        table("A picture read by a new process, seconds", alternate(calls, 3))


def explain(models, X, X_test):
    """Time those who ask for many predictions."""
    from shap import KernelExplainer

    X_some = X_test[:300]
    y_some = models["MLPClassifier"].predict(X_some)

    def importance(model):
        permutation_importance(model, X_some, y_some, n_repeats=1, max_samples=100, random_state=0)

    def shap(model):
        explainer = KernelExplainer(model.predict_proba, X[:20], silent=True)
        explainer.shap_values(X_some[:1], nsamples=500, silent=True)

    def vote(model):
        voting = VotingClassifier([("one", model), ("two", model)], voting="soft")
        voting.estimators_, voting.le_ = [model, model], LabelEncoder().fit(model.classes_)
        voting.classes_ = voting.le_.classes_
        for row in X_some:
            voting.predict(row[None])

    for title, work in (
        ("permutation_importance of 784 pixels, 100 images, seconds", importance),
        ("VotingClassifier of two, 300 images one by one, seconds", vote),
        ("SHAP's KernelExplainer, one image, 500 samples x 20, seconds", shap),
    ):
        calls = {name: functools.partial(work, models[name]) for name in DENSE}
        calls[BY_PROGRAM] = functools.partial(by_program, calls["skmnist"])
        table(title, alternate(calls, 3))


if __name__ == "__main__":
    main()
