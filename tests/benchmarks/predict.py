"""Predicting one image and ten thousand, beside scikeras, MLPClassifier and ONNX Runtime, on MNIST.

SKMNIST_DATA_HOME=... python tests/benchmarks/predict.py
"""

import functools
import warnings

from _common import alternate, heading, mnist, table
from scikeras.wrappers import KerasClassifier as Scikeras
from sklearn.neural_network import MLPClassifier

from skmnist import DenseClassifier, dense_network, recipes, to_onnx

warnings.simplefilter("ignore")
LAYERS = recipes.LESSON["hidden_layer_sizes"]


class OnnxRuntime:
    """Our network as an ONNX graph, by ONNX Runtime."""

    def __init__(self, classifier):
        import onnxruntime

        graph = to_onnx(classifier).SerializeToString()
        self._session = onnxruntime.InferenceSession(graph)

    def predict(self, X):
        return self._session.run(["label"], {"X": X})[0]


def main() -> None:
    heading("Predicting with the lesson's network")
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
    for title, rows, calls_a_turn, repeats in (
        ("One image, milliseconds a call, 50 calls a turn", X_test[:1], 50, 9),
        ("10,000 images, milliseconds", X_test, 1, 9),
    ):

        def turn(model, rows=rows, n=calls_a_turn):
            for _ in range(n):
                model.predict(rows)

        calls = {name: functools.partial(turn, model) for name, model in models.items()}
        for call in calls.values():
            call()
        table(title, alternate(calls, repeats), unit=calls_a_turn * 1e-3, name="ms")


if __name__ == "__main__":
    main()
