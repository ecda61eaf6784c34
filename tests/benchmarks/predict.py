"""Predicting one image and ten thousand, beside scikeras and MLPClassifier, on MNIST.

SKMNIST_DATA_HOME=... python tests/benchmarks/predict.py
"""

import warnings

from _common import alternate, heading, mnist, table
from scikeras.wrappers import KerasClassifier as Scikeras
from sklearn.neural_network import MLPClassifier

from skmnist import DenseClassifier, dense_network, recipes

warnings.simplefilter("ignore")
LAYERS = recipes.LESSON["hidden_layer_sizes"]


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
    for title, rows, repeats in (
        ("One image, milliseconds", X_test[:1], 100),
        ("10,000 images, milliseconds", X_test, 7),
    ):
        calls = {name: (lambda m=model, r=rows: m.predict(r)) for name, model in models.items()}
        for call in calls.values():
            call()
        table(title, alternate(calls, repeats), unit=1e-3, name="ms")


if __name__ == "__main__":
    main()
