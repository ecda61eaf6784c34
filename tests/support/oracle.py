"""Plain Keras on the same rows in the same order: what a `KerasClassifier` is compared with."""

import math

import keras
import numpy as np

from skmnist import KerasClassifier, engine
from skmnist.keras_models import seeded
from skmnist.networks import draw_seed

EPOCHS, BATCH, N_CLASSES = 2, 16, 3
L = keras.layers

rng = np.random.default_rng(0)
X = rng.random((40, 12), dtype=np.float32)
Y = np.argmax(X[:, :3] + 0.1 * rng.random((40, 3)), axis=1)
WEIGHTS = rng.uniform(0.5, 2, 40).astype(np.float32)
WEIGHTS /= WEIGHTS.mean()
FORMS = {"labels": Y.astype(np.float32)[:, None], "one_hot": np.eye(3, dtype=np.float32)[Y]}


class Batches(keras.utils.PyDataset):
    """Rows in the order that a seed gives each epoch."""

    def __init__(self, rows, seed):
        super().__init__()
        self.rows, self.seed, self.epoch = rows, seed, 0

    def __len__(self):
        return math.ceil(len(self.rows[-1]) / BATCH)

    def __getitem__(self, i):
        order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.rows[-1]))
        chosen = order[i * BATCH : (i + 1) * BATCH]
        return keras.tree.map_structure(lambda array: array[chosen], self.rows)


class _NextEpoch(keras.callbacks.Callback):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.epoch = epoch


def small(*, activation="softmax", units=3, hidden="relu"):
    """Build the network that most cases train."""
    return keras.Sequential(
        [
            keras.Input((12,)),
            L.Dense(8, activation=hidden),
            L.Dense(units, activation=activation),
        ]
    )


def by_keras(build, *, form="labels", rows=X, callbacks=(), validate=False, y=None, **compiled):
    """Train what ``build`` builds by Keras's own `fit`; gives the model and its history."""
    seed = draw_seed(0)
    with seeded(seed):
        model = build()
        if not model.built:
            model(rows[:1])
    settings = {"optimizer": keras.optimizers.Adam(0.01), "loss": _loss(form)} | compiled
    if not model.compiled:
        model.compile(**settings)
    targets = FORMS[form] if y is None else y
    batches = Batches((rows, targets, WEIGHTS), seed)
    history = model.fit(
        batches,
        epochs=EPOCHS,
        validation_data=(rows[:11], targets[:11], np.ones(11, np.float32)) if validate else None,
        validation_batch_size=BATCH,
        callbacks=[_NextEpoch(batches), *callbacks],
        shuffle=False,
        verbose=0,
    )
    return model, history.history


def by_us(model, *, rows=X, y=Y, validate=False, **params):
    """Train the same by a classifier."""
    settings = {"optimizer": keras.optimizers.Adam(0.01), "random_state": 0} | params
    classifier = KerasClassifier(model, epochs=EPOCHS, batch_size=BATCH, **settings)
    held_out = {"X_val": rows[:11], "y_val": y[:11]} if validate else {}
    return classifier.fit(rows, y, sample_weight=WEIGHTS, **held_out)


def assert_equal(classifier, model, history, *, rows=X, atol=2e-5, names=None):
    """Compare weights, history and predictions."""
    ours = classifier.network_.arrays
    for mine, theirs in zip(ours, model.weights, strict=True):
        np.testing.assert_allclose(mine, np.asarray(theirs), atol=atol, rtol=1e-4)
    assert set(classifier.history_) == set(names or history)
    for name, values in history.items():
        if name in classifier.history_:
            np.testing.assert_allclose(
                classifier.history_[name], values, atol=1e-4, rtol=1e-3, err_msg=name
            )
    outputs = np.asarray(model(rows, training=False))
    np.testing.assert_allclose(
        engine.predict(classifier.network_, rows), outputs, atol=max(1e-4, atol), rtol=1e-4
    )


def _loss(form):
    if form == "labels":
        return keras.losses.SparseCategoricalCrossentropy()
    return keras.losses.CategoricalCrossentropy()
