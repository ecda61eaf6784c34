"""Fitting: the lesson against plain Keras, warm small fits against scikeras and MLPClassifier, the
recipes against the lesson's time, the rate of arithmetic against the machine's, and a network with
code of one's own, which Keras's loop trains, against plain Keras.

    SKMNIST_DATA_HOME=... python tests/benchmarks/fit.py [lesson] [digits] [recipes] [rate] [own]
"""

import statistics
import sys
import time
import warnings

import numpy as np
from _common import alternate, heading, lesson_network, mnist, peers, seconds, table

from skmnist import DenseClassifier, KerasClassifier, recipes
from skmnist._versions import backend
from skmnist.engine import clear_programs

warnings.simplefilter("ignore")
SEEDS = 5
LAYERS = recipes.LESSON["hidden_layer_sizes"]


def spread(values) -> str:
    return f"{100 * np.mean(values):.2f}% ± {100 * np.std(values, ddof=1):.2f}"


def fit_keras_lesson(X, y, seed):
    """Plain Keras on the same rows: the last 30% validate, as `validation_split` takes them."""
    import keras

    keras.utils.set_random_seed(seed)
    model = lesson_network(784, 10)
    model.fit(X, y, batch_size=128, epochs=10, validation_split=0.3, verbose=0)
    return model


def lesson(X, y, X_test, y_test):
    """Ours begins without any program each time: tracing and compiling are counted."""
    times = {"skmnist, LESSON": [], "Keras model.fit, the same settings": []}
    scores = {name: [] for name in times}
    ours, keras_name = times
    for seed in range(3):
        clear_programs()
        classifier = DenseClassifier(**recipes.LESSON, random_state=seed)
        times[ours].append(seconds(lambda c=classifier: c.fit(X, y)))
        scores[ours].append(classifier.score(X_test, y_test))
        start = time.perf_counter()
        model = fit_keras_lesson(X, y, seed)
        times[keras_name].append(time.perf_counter() - start)
        predicted = model.predict(X_test, verbose=0).argmax(axis=1)
        scores[keras_name].append((predicted == y_test).mean())
    table("The lesson on MNIST, 10 epochs of 42,000 images, compile included", times)
    for name, values in scores.items():
        print(f"  test accuracy, 3 seeds, {name}: {spread(values)}")
    print()


def digits():
    """Warm fits: every side has fitted once before."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    models = {
        "skmnist": DenseClassifier(**recipes.LESSON | {"validation_split": 0.0}, random_state=0),
        **peers(),
    }
    calls = {name: (lambda m=model: m.fit(X, y)) for name, model in models.items()}
    for call in calls.values():
        call()
    table("The lesson's network on 1,797 x 64 digits, 10 epochs, warm", alternate(calls, 7))


def of_recipes(X, y, X_test, y_test):
    """Each fit begins without any program: tracing and compiling are counted."""
    lesson_seconds = seconds(lambda: fit_keras_lesson(X, y, 0))
    print("Recipes on MNIST, 60,000 images, compile included; test set seen once, here")
    print(f"  {'Keras model.fit, lesson':<28}{lesson_seconds:7.2f} s")
    for name in ("FAST", "DEFAULT"):
        times, scores = [], []
        for seed in range(SEEDS):
            clear_programs()
            classifier = DenseClassifier(**recipes.BY_NAME[name], random_state=seed)
            times.append(seconds(lambda c=classifier: c.fit(X, y)))
            scores.append(classifier.score(X_test, y_test))
        took = statistics.median(times)
        print(
            f"  {name:<28}{took:7.2f} s  {lesson_seconds / took:5.2f} times as fast; "
            f"{SEEDS} seeds: {spread(scores)}"
        )
    print()


def matrix_products(batch):
    """Give a function that multiplies matrices so many times, in one program of the backend."""
    if backend() == "jax":
        import jax
        import jax.numpy as jnp

        a, b = jnp.ones((batch, 784)), jnp.ones((784, 512))

        def add(_, total):
            return total + (a + total[0, 0] * 0) @ b

        run = jax.jit(lambda n: jax.lax.fori_loop(0, n, add, jnp.zeros((batch, 512))))
        return lambda n: run(n).block_until_ready()
    import tensorflow as tf

    a, b = tf.random.normal((batch, 784)), tf.random.normal((784, 512))

    @tf.function
    def products(n):
        total = tf.zeros((batch, 512))
        for _ in tf.range(n):
            total += tf.matmul(a + total[0, 0] * 0, b)
        return total

    return lambda n: products(tf.constant(n)).numpy()


def rate(X, y):
    """Floating-point operations of a warm epoch beside those of bare matrix products."""
    batch, epochs = 256, 5
    products = matrix_products(batch)
    classifier = DenseClassifier(**recipes.DEFAULT | {"epochs": epochs}, random_state=0)
    classifier.fit(X, y)
    products(10)
    calls = {
        "products": lambda: products(500),
        "epochs": lambda: classifier.fit(X, y),
    }
    times = {name: statistics.median(v) for name, v in alternate(calls, 3).items()}
    sizes = [w.shape for w in classifier.network_.arrays if w.ndim == 2]
    a_row = sum(6 * n * m for n, m in sizes) - 2 * sizes[0][0] * sizes[0][1]
    peak = 500 * 2 * batch * 784 * 512 / times["products"] / 1e9
    ours = a_row * len(X) * epochs / times["epochs"] / 1e9
    print(f"Arithmetic at batch {batch}, whole warm fits of DEFAULT's network")
    print(f"  matrix products {batch} x 784 x 512   {peak:6.0f} GFLOP/s")
    print(f"  training                        {ours:6.0f} GFLOP/s  {ours / peak:.0%}\n")


def own(X, y):
    """Train 10,000 rows for 5 epochs, batch 32; every side builds and traces its network anew."""
    import keras

    def network():
        doubling = keras.layers.Lambda(lambda x: 2 * x)
        hidden = keras.layers.Dense(128, activation="relu")
        out = keras.layers.Dense(10, activation="softmax")
        model = keras.Sequential([keras.Input((784,)), doubling, hidden, out])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    X, y = X[:10_000], y[:10_000]
    ours = KerasClassifier(network, epochs=5, batch_size=32, random_state=0)
    calls = {
        "Keras model.fit": lambda: network().fit(X, y, batch_size=32, epochs=5, verbose=0),
        "skmnist, by Keras's own loop": lambda: ours.fit(X, y),
    }
    for call in calls.values():
        call()
    table("A network with a Lambda layer, 10,000 rows, 5 epochs", alternate(calls, 7))


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["lesson", "digits", "recipes", "rate", "own"]
    heading("Fitting")
    data = mnist()
    if "lesson" in chosen:
        lesson(*data)
    if "digits" in chosen:
        digits()
    if "recipes" in chosen:
        of_recipes(*data)
    if "rate" in chosen:
        rate(*data[:2])
    if "own" in chosen:
        own(*data[:2])
