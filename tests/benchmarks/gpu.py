"""What a GPU is for: a stacked grid search on all of MNIST, one fit, and the time to 99%.

Twelve candidates in five folds, their networks stacked, beside some of the same fits one by one; a
single fit of `recipes.DEFAULT`; and `recipes.CONV`, epoch by epoch, until 99% of the test images
are right. All begin cold, compiling included, and are then repeated warm. Meant for

    pip install 'skmnist[jax]' 'jax[cuda12]'
    KERAS_BACKEND=jax SKMNIST_DATA_HOME=... python tests/benchmarks/gpu.py

``--small`` does the same with 2,000 images, few epochs and 90%, to see that it runs anywhere.
"""

import argparse
import sys
import warnings

import numpy as np
from _common import heading, mnist, seconds
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skmnist import ConvClassifier, DenseClassifier, StackedGridSearchCV, recipes
from skmnist._versions import backend
from skmnist.engine import clear_programs

warnings.simplefilter("ignore")
GRID = {
    "learning_rate": [0.001, 0.003, 0.01],
    "dropout": [0.1, 0.25],
    "weight_decay": [0.01, 0.1],
}
N_FOLDS = 5


def device():
    """Name what the networks train on."""
    if backend() == "jax":
        import jax

        return ", ".join(f"{d.device_kind} ({d.platform})" for d in jax.devices())
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    details = (tf.config.experimental.get_device_details(d) for d in found)
    return ", ".join(d.get("device_name", "GPU") for d in details) or "cpu"


def report(what, cold, warm, n_fits=1):
    """Print a line of the table."""
    each = f"{warm / n_fits:9.3f} a fit" if n_fits > 1 else ""
    print(f"  {what:<52}{cold:9.2f}{warm:9.2f}{each}", flush=True)


def cold_and_warm(call):
    """Time a call without any program, and once more with them."""
    clear_programs()
    return seconds(call), seconds(call)


def searching(X, y, epochs):
    """Search stacked and, over two of the candidates, one by one."""
    classifier = DenseClassifier(**recipes.DEFAULT | {"epochs": epochs}, random_state=0)
    settings = {"cv": N_FOLDS, "refit": False, "error_score": "raise"}
    stacked = StackedGridSearchCV(classifier, GRID, **settings)
    n_fits = len(ParameterGrid(GRID)) * N_FOLDS
    report(f"{n_fits} fits, StackedGridSearchCV", *cold_and_warm(lambda: stacked.fit(X, y)), n_fits)
    some = {name: values[:1] for name, values in GRID.items()} | {"dropout": GRID["dropout"]}
    singly = GridSearchCV(classifier, some, **settings)
    n_fits = len(ParameterGrid(some)) * N_FOLDS
    report(f"{n_fits} of them one by one", *cold_and_warm(lambda: singly.fit(X, y)), n_fits)
    same = [stacked.cv_results_["params"].index(p) for p in singly.cv_results_["params"]]
    apart = stacked.cv_results_["mean_test_score"][same] - singly.cv_results_["mean_test_score"]
    print(f"  their mean scores are at most {np.abs(apart).max():.4f} apart")


def single(X, y, X_test, y_test, epochs):
    """Fit the default recipe once."""
    classifier = DenseClassifier(**recipes.DEFAULT | {"epochs": epochs}, random_state=0)
    report(f"DEFAULT, {epochs} epochs", *cold_and_warm(lambda: classifier.fit(X, y)))
    print(f"  it is right on {classifier.score(X_test, y_test):.2%} of the test images")


def time_to(goal, X, y, X_test, y_test, epochs):
    """Fit the convolutional recipe for ever more epochs, until it reaches the goal."""
    for n in range(1, epochs + 1):
        classifier = ConvClassifier(**recipes.CONV | {"epochs": n}, random_state=0)
        times = cold_and_warm(lambda c=classifier: c.fit(X, y))
        reached = classifier.score(X_test, y_test)
        report(f"CONV, {n} epochs: {reached:.2%}", *times)
        if reached >= goal:
            return
    print(f"  {goal:.0%} was not reached")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="2,000 images, few epochs, 90%%")
    small = parser.parse_args(sys.argv[1:]).small
    heading("One device, many networks")
    print(f"on {device()}\n")
    X, y, X_test, y_test = mnist()
    if small:
        X, y, X_test, y_test = X[:2000], y[:2000], X_test[:1000], y_test[:1000]
    epochs, most, goal = (2, 8, 0.90) if small else (recipes.DEFAULT["epochs"], 15, 0.99)
    print(f"  {'seconds':<52}{'cold':>9}{'warm':>9}")
    searching(X, y, epochs)
    single(X, y, X_test, y_test, epochs)
    time_to(goal, X, y, X_test, y_test, most)
