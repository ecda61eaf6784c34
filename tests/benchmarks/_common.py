"""What the benchmarks share: versions, peers, alternating repeats, tables with spread."""

import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the peers, and their workers, keep quiet too

PAUSE = 0.2  # seconds
PACKAGES = ("skmnist", "scikit-learn", "scikeras", "keras", "numpy")


def heading(title: str, *peers: str) -> None:
    """Print what is measured, where, with which versions of our packages and of the peers'."""
    print(title)
    from skmnist._versions import backend, versions

    listed = versions((*PACKAGES, *peers))
    print(f"Keras on {backend()}; {listed}; {os.cpu_count()} cores\n")


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternate(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Time each call in turn, again and again, so that drift of the machine hits all alike.

    A library's threads may spin for a while after its call; the pause keeps the next one from it.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            time.sleep(PAUSE)
            times[name].append(seconds(call))
    return times


def table(title: str, times: dict[str, list[float]], unit: float = 1.0, name: str = "s") -> None:
    """Print median and range of each, and how many times the first one's median it is."""
    print(title)
    first = statistics.median(next(iter(times.values())))
    print(f"  {'':<44}{'median':>9}{'min':>9}{'max':>9}  ratio")
    for who, values in times.items():
        median = statistics.median(values)
        figures = "".join(f"{v / unit:9.2f}" for v in (median, min(values), max(values)))
        print(f"  {who:<44}{figures}  {median / first:5.2f}x  ({name})")
    print()


def mnist():
    """Give scaled training rows, labels, scaled test rows, labels; exit where there are none."""
    from skmnist import fetch_mnist, flatten_and_scale

    try:
        X, y = fetch_mnist(return_X_y=True, download_if_missing=False)
        X_test, y_test = fetch_mnist(subset="test", return_X_y=True, download_if_missing=False)
    except OSError as error:
        sys.exit(str(error))
    return flatten_and_scale(X), y, flatten_and_scale(X_test), y_test


def lesson_network(n_features: int, n_classes: int):
    """Build the lesson's network and compile it as the lesson does."""
    from skmnist import dense_network, recipes

    model = dense_network(
        recipes.LESSON["hidden_layer_sizes"],
        meta={"n_features_in_": n_features, "n_classes_": n_classes},
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def peers():
    """Give the lesson's network as scikit-learn's MLPClassifier and by scikeras, 10 epochs each.

    scikeras has no random_state: with one it would run slower, deterministic operations.
    """
    from scikeras.wrappers import KerasClassifier as Scikeras
    from sklearn.neural_network import MLPClassifier

    from skmnist import dense_network, recipes

    layers = recipes.LESSON["hidden_layer_sizes"]
    return {
        "MLPClassifier": MLPClassifier(layers, batch_size=128, max_iter=10, random_state=0),
        "scikeras": Scikeras(
            dense_network,
            model__hidden_layer_sizes=layers,
            loss="sparse_categorical_crossentropy",
            optimizer="rmsprop",
            metrics=["accuracy"],
            batch_size=128,
            epochs=10,
            verbose=0,
        ),
    }
