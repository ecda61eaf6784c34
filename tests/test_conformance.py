"""What Keras can train is trained to Keras's own numbers, by whichever way it is trained.

Each case is compared with plain Keras on the same rows, in the same order, from the same weights.
"""

import inspect
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib.externals.loky import get_reusable_executor
from scipy.sparse import csc_array, csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from support.backends import BACKEND, only_on
from support.oracle import EPOCHS, FORMS, L, X, Y, assert_equal, by_keras, by_us, rng, small

from skmnist import (
    ConvClassifier,
    DenseClassifier,
    FlattenScale,
    KerasClassifier,
    StackedGridSearchCV,
    dense_network,
    engine,
)
from skmnist.engine import programs, proven
from skmnist.keras_models import describe, seeded
from skmnist.networks import draw_seed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        # Keras's own, of what users do in some cases
        "ignore:.*received `from_logits=True`:UserWarning",
        "ignore:.*You are using a softmax over axis:UserWarning",
        "ignore:Explicitly requested dtype int64:UserWarning",  # metrics of Keras's, on JAX
    ),
]

KERAS = tuple(int(part) for part in keras.__version__.split(".")[:2])
ADAM = {"class_name": "adam", "config": {"learning_rate": 0.01}}


# Layers: networks that hold all of them


def vector_layers():
    return [
        L.Dense(8, activation="tanh"),
        *(L.Activation("gelu"), L.ReLU(), L.LeakyReLU(), L.ELU(), L.PReLU(), L.Softmax()),
        *(L.ActivityRegularization(l2=0.01), L.Identity(), L.Rescaling(2.0)),
        *(L.LayerNormalization(), L.RMSNormalization(), L.UnitNormalization()),
        *(L.GaussianNoise(0.1), L.GaussianDropout(0.2), L.AlphaDropout(0.2)),
        L.BatchNormalization(),
        *(L.Reshape((2, 4)), L.Permute((2, 1)), L.Flatten(), L.RepeatVector(2)),
    ]


def vectors():
    inputs = outputs = keras.Input((12,))
    for layer in vector_layers():
        outputs = layer(outputs)
    return _headed(inputs, outputs)


def merging():
    inputs = keras.Input((12,))
    two = [L.Dense(4)(inputs), L.EinsumDense("ab,bc->ac", output_shape=4)(inputs)]
    kinds = (L.Add, L.Average, L.Maximum, L.Minimum, L.Multiply, L.Subtract)
    merged = [kind()(two) for kind in kinds]
    joined = L.Concatenate()([*merged, L.Dot(axes=1)(two)])
    codes = L.CategoryEncoding(4, output_mode="multi_hot")(L.Rescaling(3.0)(inputs))
    embedded = L.GlobalAveragePooling1D()(L.Embedding(10, 3)(L.Rescaling(9.0)(inputs)))
    through_ops = keras.ops.relu(two[0]) + 1.0
    normal = L.GroupNormalization(2)(L.Dense(4)(inputs))
    return _headed(inputs, L.Concatenate()([joined, codes, embedded, through_ops, normal]))


def sequences():
    inputs = keras.Input((12,))
    steps = L.Reshape((6, 2))(inputs)
    parts = [
        L.Conv1D(3, 2)(steps),
        L.Conv1DTranspose(3, 2)(steps),
        L.SeparableConv1D(3, 2)(steps),
        L.DepthwiseConv1D(2)(steps),
        L.SpatialDropout1D(0.2)(L.ZeroPadding1D()(L.Cropping1D()(steps))),
        L.UpSampling1D()(L.MaxPooling1D()(steps)),
        L.AveragePooling1D(2)(steps),
        L.TimeDistributed(L.Dense(2))(steps),
    ]
    pooled = [L.GlobalMaxPooling1D()(part) for part in parts]
    return _headed(inputs, L.Concatenate()(pooled))


def recurrent():
    inputs = keras.Input((12,))
    steps = L.Reshape((6, 2))(inputs)
    parts = [
        *(L.LSTM(3)(L.Masking()(steps)), L.GRU(3)(steps), L.SimpleRNN(3)(steps)),
        L.Bidirectional(L.LSTM(2))(steps),
        L.RNN(L.GRUCell(2))(steps),
        L.RNN(L.StackedRNNCells([L.LSTMCell(2), L.SimpleRNNCell(2)]))(steps),
    ]
    return _headed(inputs, L.Concatenate()(parts))


def attention():
    inputs = keras.Input((12,))
    steps = L.Reshape((6, 2))(inputs)
    parts = [
        L.MultiHeadAttention(2, 3, use_bias=False)(steps, steps),
        L.GroupQueryAttention(3, 2, 1, use_bias=False)(steps, steps),
        L.Attention()([steps, steps]),
        L.AdditiveAttention()([steps, steps]),
    ]
    return _headed(inputs, L.Concatenate()(parts))


def images():
    inputs = keras.Input((12,))
    image = L.Resizing(6, 6)(L.Reshape((4, 3, 1))(inputs))
    parts = [
        *(L.Conv2D(2, 2)(image), L.Conv2DTranspose(2, 2)(image), L.SeparableConv2D(2, 2)(image)),
        L.DepthwiseConv2D(2)(image),
        L.SpatialDropout2D(0.2)(L.ZeroPadding2D()(L.Cropping2D()(image))),
        L.UpSampling2D()(L.MaxPooling2D()(image)),
        L.AveragePooling2D(2)(L.CenterCrop(4, 4)(image)),
        L.Reshape((3, 2, 2))(L.ConvLSTM1D(2, 2, padding="same")(L.Reshape((3, 6, 2))(image))),
    ]
    pooled = [L.GlobalMaxPooling2D()(part) for part in parts]
    return _headed(inputs, L.Concatenate()([*pooled, L.GlobalAveragePooling2D()(image)]))


def volumes():
    inputs = keras.Input((12,))
    volume = L.ZeroPadding3D(1)(L.Reshape((2, 3, 2, 1))(inputs))
    parts = [
        *(L.Conv3D(2, 2)(volume), L.Conv3DTranspose(2, 2)(volume)),
        L.SpatialDropout3D(0.2)(L.Cropping3D()(volume)),
        L.UpSampling3D()(L.MaxPooling3D()(volume)),
        L.AveragePooling3D(2)(volume),
    ]
    pooled = [L.GlobalMaxPooling3D()(part) for part in parts]
    lstm2 = L.GlobalAveragePooling2D()(L.ConvLSTM2D(2, 2)(volume))
    lstm3 = L.ConvLSTM3D(1, 2, padding="same")(L.Reshape((2, 3, 2, 1, 1))(inputs))
    lstm3 = L.GlobalAveragePooling3D()(lstm3)
    return _headed(inputs, L.Concatenate()([*pooled, lstm2, lstm3]))


def augmenting():
    """Of layers that default to training mode."""
    inputs = keras.Input((12,))
    image = L.Reshape((4, 3, 1))(inputs)
    for layer in (
        *(L.RandomTranslation(0.2, 0.2), L.RandomRotation(0.1), L.RandomZoom(0.2)),
        *(L.RandomFlip(), L.RandomContrast(0.3), L.RandomBrightness(0.3, value_range=(0, 1))),
    ):
        image = layer(image)
    return _headed(inputs, image)


def _headed(inputs, outputs):
    return keras.Model(inputs, L.Dense(3, activation="softmax")(L.Flatten()(outputs)))


GROUPS = [vectors, merging, sequences, recurrent, attention, images, volumes, augmenting]


@pytest.mark.parametrize("build", GROUPS, ids=lambda build: build.__name__)
def test_layers(build):
    model, history = by_keras(build, validate=True, metrics=["accuracy"])
    classifier = by_us(build, validate=True, metrics=["accuracy"])
    assert programs.is_proven_network(classifier.network_.config)
    assert_equal(classifier, model, history, atol=2e-4)


def test_dropout_drops_at_other_places_than_keras_and_as_often():
    """Its random bits are the package's own: compared are weights without dropping, at rate 0."""

    def build(rate):
        return keras.Sequential(
            [keras.Input((12,)), L.Dropout(rate), L.Dense(3, activation="softmax")]
        )

    model, history = by_keras(lambda: build(0.0))
    assert_equal(by_us(lambda: build(0.0)), model, history)
    dropping, _ = by_keras(lambda: build(0.3))
    ours = by_us(lambda: build(0.3)).network_.arrays[0]
    assert 0 < np.abs(ours - np.asarray(dropping.weights[0])).max() < 0.1


def test_the_networks_hold_every_proven_layer():
    held = set()
    for build in (
        *GROUPS,
        lambda: keras.Sequential([keras.Input((2,)), L.Dropout(0.5), L.Dense(3)]),
    ):
        objects = proven.objects_in(json.loads(describe(build()).config))
        held |= {each["class_name"] for each in objects if each.get("module") == "keras.layers"}
    assert held == proven.LAYERS


NEW = "new in Keras, and not tried on each backend"
NOT_IN_PROGRAMS = {
    "state beside their weights": """Discretization HashedCrossing Hashing IntegerLookup
        Normalization StringLookup TextVectorization SpectralNormalization""",
    "draw otherwise in a program": """AugMix MixUp CutMix RandAugment RandomColorDegeneration
        RandomColorJitter RandomCrop RandomElasticTransform RandomErasing RandomGaussianBlur
        RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
        RandomSaturation RandomSharpness RandomShear""",
    "code of the user's own": "Lambda FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper Pipeline",
    NEW: """AdaptiveAveragePooling1D
        AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D
        AdaptiveMaxPooling3D ContrastLimitedAdaptiveHistogramEqualization ReversibleEmbedding
        AutoContrast Equalization Solarization""",
    "not for rows of numbers": "MaxNumBoundingBoxes MelSpectrogram STFTSpectrogram",
    "no layer by themselves": "Layer Wrapper",
}
"""Why Keras's other layers go through its own loop, all of which the next test enumerates."""


def test_every_layer_of_keras_has_its_way():
    listed = {name for names in NOT_IN_PROGRAMS.values() for name in names.split()}
    assert not listed & proven.LAYERS
    missing = {name for name in NOT_IN_PROGRAMS[NEW].split() if not hasattr(L, name)}
    known = {getattr(L, name) for name in (listed | proven.LAYERS) - missing}
    kinds = {kind for kind in vars(keras.layers).values() if inspect.isclass(kind)}
    assert {kind for kind in kinds if issubclass(kind, L.Layer)} == known


BY_THE_LOOP = {
    "Normalization": lambda: _adapted(L.Normalization()),
    "Discretization": lambda: L.Discretization(bin_boundaries=[0.3, 0.6]),
    "adapted Discretization": lambda: _adapted(L.Discretization(num_bins=3)),
    "Hashing": lambda: L.Hashing(4),
    "SpectralNormalization": lambda: L.SpectralNormalization(L.Dense(4)),
    "Lambda": lambda: L.Lambda(lambda x: 2 * keras.ops.square(x)),
    "LSTM that drops": lambda: keras.Sequential([L.Reshape((6, 2)), L.LSTM(3, dropout=0.3)]),
    "RandomHue": lambda: keras.Sequential(
        [L.Reshape((2, 2, 3)), L.RandomHue(0.3, value_range=(0, 1)), L.Flatten()]
    ),
}


def _adapted(layer):
    layer.adapt(X)
    return layer


@pytest.mark.parametrize("name", BY_THE_LOOP)
def test_layers_that_programs_do_not_train(name):
    if BACKEND == "jax" and name in ("adapted Discretization", "Hashing"):
        pytest.skip("Keras asks TensorFlow for this layer")

    def build():
        return keras.Sequential(
            [keras.Input((12,)), BY_THE_LOOP[name](), L.Dense(3, activation="softmax")]
        )

    model, history = by_keras(build)
    classifier = by_us(build)
    assert classifier.network_.rebuilt_from == "function"
    assert_equal(classifier, model, history)


# Losses

LOSSES = {
    name
    for name, kind in vars(keras.losses).items()
    if inspect.isclass(kind) and issubclass(kind, keras.losses.Loss)
} - {"Loss", "CTC"}  # the base class; one for sequences of labels
ON_LABELS = {
    "SparseCategoricalCrossentropy",
    "Circle",
    "CategoricalGeneralizedCrossEntropy",
}


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_losses(name):
    loss = getattr(keras.losses, name)
    form = "labels" if name in ON_LABELS else "one_hot"
    model, history = by_keras(small, form=form, loss=loss(), metrics=["accuracy"], validate=True)
    classifier = by_us(small, loss=loss, metrics=["accuracy"], validate=True)
    assert_equal(classifier, model, history, atol=1e-4)
    rows = classifier.predict_proba(X)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)


FUNCTIONS = {name for name, value in vars(keras.losses).items() if inspect.isfunction(value)} - {
    "ctc",
    "deserialize",
    "get",
    "serialize",
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_losses_by_name_and_by_function_ask_for_the_same_targets(name):
    from skmnist.classifiers.losses import form_for

    on_labels = {kind.lower() for kind in ON_LABELS}
    expected = "labels" if name.replace("_", "") in on_labels else "one_hot"
    assert form_for(getattr(keras.losses, name), 3, 3) == expected
    assert form_for(getattr(keras.losses, name), 2, 1) == "labels"
    if name == "categorical_generalized_cross_entropy":  # which has no name in Keras
        return
    assert form_for(name, 3, 3) == expected
    assert form_for(name, 2, 1) == "labels"


@pytest.mark.parametrize(
    "name",
    [
        "SparseCategoricalCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "BinaryCrossentropy",
        "BinaryFocalCrossentropy",
    ],
)
def test_losses_on_logits_give_probabilities(name):
    loss = getattr(keras.losses, name)(from_logits=True)

    def build():
        return small(activation="linear")

    form = "labels" if name in ON_LABELS else "one_hot"
    model, history = by_keras(build, form=form, loss=loss, metrics=["accuracy"])
    classifier = by_us(build, loss=loss, metrics=["accuracy"])
    assert_equal(classifier, model, history)
    logits = np.asarray(model(X))
    np.testing.assert_allclose(
        classifier.predict_proba(X), np.asarray(keras.ops.softmax(logits)), atol=1e-5
    )
    np.testing.assert_array_equal(classifier.predict(X), logits.argmax(axis=1))


def test_binary_logits_have_their_threshold_at_zero():
    y = (Y == 1).astype(int)

    def build():
        return small(activation="linear", units=1)

    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    targets = y.astype(np.float32)[:, None]
    model, history = by_keras(build, y=targets, loss=loss, metrics=["AUC"])
    classifier = by_us(build, y=y, loss=loss, metrics=["AUC"])
    logits = np.asarray(model(X))[:, 0]
    np.testing.assert_allclose(
        classifier.predict_proba(X)[:, 1], 1 / (1 + np.exp(-logits)), atol=1e-5
    )
    np.testing.assert_array_equal(classifier.predict(X), (logits > 0).astype(int))
    assert_equal(classifier, model, history)


@pytest.mark.parametrize("name", ["hinge", "squared_hinge", "categorical_hinge"])
def test_margins_are_no_probabilities(name):
    def build():
        return small(activation="tanh")

    model, history = by_keras(build, form="one_hot", loss=name)
    classifier = by_us(build, loss=name)
    assert_equal(classifier, model, history)
    assert not hasattr(classifier, "predict_proba")
    np.testing.assert_array_equal(classifier.predict(X), np.asarray(model(X)).argmax(axis=1))


def test_sigmoids_of_several_classes_are_shares():
    classifier = by_us(lambda: small(activation="sigmoid"), loss="binary_crossentropy")
    outputs = np.asarray(classifier.model_(X))
    np.testing.assert_allclose(
        classifier.predict_proba(X), outputs / outputs.sum(axis=1, keepdims=True), atol=1e-5
    )


def test_outputs_of_an_unknown_scale_are_not_taken_for_probabilities():
    classifier = by_us(lambda: small(activation="linear"), loss="mse")
    with pytest.raises(ValueError, match="outputs are no probabilities"):
        classifier.predict_proba(X)
    assert classifier.predict(X).shape == (40,)


SCALE = 1.0


def own_sparse(y_true, y_pred):
    return SCALE * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def own_square(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


class OwnLoss(keras.losses.Loss):
    """Does not tell its configuration of its factor."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * own_square(y_true, y_pred)


OWN_LOSSES = {
    "sparse": ("labels", lambda: own_sparse),
    "square": ("one_hot", lambda: own_square),
    "lambda": ("one_hot", lambda: lambda y_true, y_pred: 2 * own_square(y_true, y_pred)),
    "class": ("one_hot", lambda: OwnLoss(2.0)),
    "scalar": (
        "one_hot",
        lambda: lambda y_true, y_pred: keras.ops.mean(own_square(y_true, y_pred)),
    ),
}


@pytest.mark.parametrize("name", OWN_LOSSES)
def test_own_losses_get_the_targets_that_they_ask_for(name):
    form, loss = OWN_LOSSES[name]
    model, history = by_keras(small, form=form, loss=loss(), metrics=["accuracy"])
    classifier = by_us(small, loss=loss(), metrics=["accuracy"])
    assert_equal(classifier, model, history)


def test_a_loss_that_reads_a_global_is_not_shared_with_its_older_self(monkeypatch):
    first = by_us(small, loss=own_sparse).history_["loss"]
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    np.testing.assert_allclose(
        by_us(small, loss=own_sparse).history_["loss"][0] / first[0], 5, rtol=0.2
    )
    losses = [by_us(small, loss=OwnLoss(factor)).history_["loss"][0] for factor in (1.0, 3.0)]
    np.testing.assert_allclose(losses[1] / losses[0], 3, rtol=0.2)


# Metrics

METRICS = {
    name: kind
    for name, kind in vars(keras.metrics).items()
    if inspect.isclass(kind) and issubclass(kind, keras.metrics.Metric)
}
ARGUMENTS = {
    "BinaryIoU": {"target_class_ids": [0, 1]},
    "IoU": {"num_classes": 3, "target_class_ids": [0], "sparse_y_pred": False},
    "MeanIoU": {"num_classes": 3, "sparse_y_pred": False},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "SparseTopKCategoricalAccuracy": {"k": 2},
    "TopKCategoricalAccuracy": {"k": 2},
}
NO_MEASURES = {"Metric", "Mean", "Sum", "MeanMetricWrapper", "Accuracy"}
"""Bases, and those that compare nothing of a classifier's outputs with its targets."""
PER_LABEL = {
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "IoU",
    "MeanIoU",
}


def make(name):
    return METRICS[name](**ARGUMENTS.get(name, {}), name=name.lower())


NAMES = sorted(set(METRICS) - NO_MEASURES)


@pytest.fixture(scope="module")
def measured():
    """Histories of all metrics, by the form of targets that Keras gave them."""
    return {
        form: by_keras(
            small,
            form=form,
            validate=True,
            metrics=[make(n) for n in NAMES if (n in PER_LABEL) == (form == "labels")],
        )[1]
        for form in FORMS
    }


@pytest.fixture(scope="module")
def recorded():
    """Histories of all metrics, beside a loss on labels and one on columns."""
    losses = {"labels": "sparse_categorical_crossentropy", "one_hot": "categorical_crossentropy"}
    return {
        form: by_us(small, loss=loss, validate=True, metrics=[make(n) for n in NAMES]).history_
        for form, loss in losses.items()
    }


@pytest.mark.parametrize("loss_form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_metrics(name, loss_form, measured, recorded):
    theirs = measured["labels" if name in PER_LABEL else "one_hot"]
    for key in (name.lower(), f"val_{name.lower()}"):
        np.testing.assert_allclose(recorded[loss_form][key], theirs[key], atol=1e-4, err_msg=key)


def test_each_proven_metric_is_measured():
    assert set(NAMES) >= proven.METRICS


def test_metrics_begin_anew_in_each_epoch_and_each_fit():
    """In programs, under one name, and under one instance."""
    _, history = by_keras(small, form="one_hot", metrics=["AUC"])
    instance = keras.metrics.AUC(name="auc")
    for metric in ("AUC", keras.metrics.AUC, instance, instance):
        recorded = by_us(small, metrics=[metric]).history_
        (name,) = set(recorded) - {"loss"}
        assert name == ("AUC" if metric == "AUC" else "auc")
        np.testing.assert_allclose(recorded[name], history["AUC"], atol=1e-4)


def test_metrics_by_name_keep_their_names():
    names = ["AUC", "F1Score", "top_k_categorical_accuracy", "mse", "Precision"]
    for _ in range(2):
        history = by_us(small, metrics=["accuracy", *names]).history_
        assert set(history) == {"loss", "accuracy", *names}
    assert np.shape(history["F1Score"]) == (EPOCHS, 3)  # one value a class


def test_own_metrics_get_what_the_loss_gets():
    def hits(y_true, y_pred):
        return keras.ops.cast(
            keras.ops.argmax(y_true, -1) == keras.ops.argmax(y_pred, -1), "float32"
        )

    loss = keras.losses.CategoricalCrossentropy()
    history = by_us(small, loss=loss, metrics=["accuracy", hits]).history_
    np.testing.assert_allclose(history["hits"], history["accuracy"], atol=1e-6)


# Optimizers

OPTIMIZERS = {
    name
    for name, kind in vars(keras.optimizers).items()
    if inspect.isclass(kind) and issubclass(kind, keras.optimizers.Optimizer)
} - {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}  # a base, and two that wrap others


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_optimizers(name):
    if name == "Muon" and KERAS < (3, 13):
        pytest.skip("Keras itself could not fit by it before 3.13")
    kind = getattr(keras.optimizers, name)
    model, history = by_keras(small, optimizer=kind(0.01))
    classifier = by_us(small, optimizer=kind, optimizer__learning_rate=0.01)
    assert_equal(classifier, model, history)


class OwnSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 / (1.0 + keras.ops.cast(step, "float32"))


schedules = keras.optimizers.schedules
OPTIMIZER_SETTINGS = {
    "CosineDecay": lambda: keras.optimizers.Adam(schedules.CosineDecay(0.05, 6)),
    "CosineDecayRestarts": lambda: keras.optimizers.Adam(schedules.CosineDecayRestarts(0.05, 2)),
    "ExponentialDecay": lambda: keras.optimizers.SGD(schedules.ExponentialDecay(0.1, 2, 0.5)),
    "InverseTimeDecay": lambda: keras.optimizers.SGD(schedules.InverseTimeDecay(0.1, 2, 0.5)),
    "PiecewiseConstantDecay": lambda: keras.optimizers.SGD(
        schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01])
    ),
    "PolynomialDecay": lambda: keras.optimizers.SGD(schedules.PolynomialDecay(0.1, 6)),
    "own schedule": lambda: keras.optimizers.SGD(OwnSchedule()),
    "clipnorm": lambda: keras.optimizers.Adam(0.01, clipnorm=0.1),
    "global_clipnorm": lambda: keras.optimizers.Adam(0.01, global_clipnorm=0.1),
    "clipvalue": lambda: keras.optimizers.Adam(0.01, clipvalue=0.01),
    "accumulation": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "amsgrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True),
    "weight decay": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "moving average": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5),
    "loss scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
}


@pytest.mark.parametrize("name", OPTIMIZER_SETTINGS)
def test_optimizers_with_settings(name):
    model, history = by_keras(small, optimizer=OPTIMIZER_SETTINGS[name]())
    classifier = by_us(small, optimizer=OPTIMIZER_SETTINGS[name]())
    assert_equal(classifier, model, history)


# Callbacks


class Halving(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.01 / 2**epoch


class HalvingBatches(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = 0.01 / 2**batch


class Freezing(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        weights = self.model.get_weights()
        self.model.set_weights([weights[0] * 0.5, *weights[1:]])


C = keras.callbacks
CALLBACKS = {
    "EarlyStopping": lambda _: C.EarlyStopping(monitor="loss", patience=0, min_delta=10.0),
    "restoring": lambda _: C.EarlyStopping(
        monitor="val_loss", patience=1, restore_best_weights=True, start_from_epoch=0
    ),
    "ReduceLROnPlateau": lambda _: C.ReduceLROnPlateau("loss", 0.1, patience=0, min_delta=10.0),
    "LearningRateScheduler": lambda _: C.LearningRateScheduler(lambda epoch: 0.02 / (1 + epoch)),
    "ModelCheckpoint": lambda path: C.ModelCheckpoint(
        path / "w.weights.h5", save_weights_only=True
    ),
    "CSVLogger": lambda path: C.CSVLogger(path / "log.csv"),
    "TerminateOnNaN": lambda _: C.TerminateOnNaN(),
    "LambdaCallback": lambda _: C.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
    "on batches": lambda _: C.LambdaCallback(on_train_batch_end=lambda batch, logs: None),
    "own, epochs": lambda _: Halving(),
    "own, batches": lambda _: HalvingBatches(),
    "own, weights": lambda _: Freezing(),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks(name, tmp_path):
    model, history = by_keras(small, callbacks=[CALLBACKS[name](tmp_path)], validate=True)
    classifier = by_us(small, callbacks=[CALLBACKS[name](tmp_path)], validate=True)
    assert_equal(classifier, model, {k: v for k, v in history.items() if k != "learning_rate"})


def test_callbacks_within_validation_are_told_of_it():
    seen = []
    told = C.LambdaCallback()
    told.on_test_begin = lambda logs=None: seen.append("begin")

    class Told(C.Callback):
        def on_test_end(self, logs=None):
            seen.append("end")

    by_us(small, callbacks=[Told()], validate=True)
    assert seen == ["end"] * EPOCHS


@pytest.mark.parametrize("callback", [C.LearningRateScheduler(lambda e: 0.1), Halving()])
def test_two_masters_of_a_rate_are_refused(callback):
    from skmnist import DenseClassifier

    classifier = DenseClassifier((4,), epochs=3, callbacks=[callback])
    with pytest.raises(ValueError, match="schedule='constant'"):
        classifier.fit(X, Y)
    classifier.set_params(schedule="constant").fit(X, Y)


# Policies


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_policies(policy):
    if BACKEND == "jax" and policy == "float64":
        pytest.skip("JAX has no float64 unless it is told to")
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        model, history = by_keras(small)
        classifier = by_us(small)
        assert classifier.predict_proba(X).dtype == np.float32
    finally:
        keras.config.set_dtype_policy(before)
    coarse = 1e-5 if policy == "float64" else 1e-2
    assert_equal(classifier, model, history, atol=coarse)
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1, atol=coarse)
    by_us(small).predict(X)  # at the policy of before


# Networks, however they are written


class Subclassed(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.hidden = L.Dense(units, activation="relu")
        self.drop = L.Dropout(0.2)
        self.out = L.Dense(3, activation="softmax")

    def call(self, inputs, training=False):
        return self.out(self.drop(self.hidden(inputs), training=training))


class TakesNothing(L.Layer):
    """Knows nothing of configurations, not even of a name."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return self.factor * inputs * self.scale


class OwnStep(keras.Model):
    """Trains twice as far a step."""

    def compute_loss(self, *args, **kwargs):
        return 2 * super().compute_loss(*args, **kwargs)


class OwnFit(keras.Sequential):
    """Looks at what it is fitted on."""

    handed = frozenset()

    def fit(self, *args, **kwargs):
        type(self).handed |= set(kwargs)
        return super().fit(*args, **kwargs)


def softmax_on(*layers, inputs=True):
    first = [keras.Input((12,))] if inputs else []
    return keras.Sequential([*first, *layers, L.Dense(3, activation="softmax")])


def own_activation(x):
    return SCALE * keras.ops.tanh(x)


class Builder:
    def __call__(self, units=5):
        return softmax_on(L.Dense(units))

    def build(self, units=5):
        return softmax_on(L.Dense(units))


def own_step():
    inputs = keras.Input((12,))
    return OwnStep(inputs, L.Dense(3, activation="softmax")(inputs))


NETWORKS = {
    "without an input": lambda: softmax_on(L.Dense(4, activation="relu"), inputs=False),
    "flattening": lambda: keras.Sequential(
        [L.Flatten(), L.Dense(4, activation="relu"), L.Dropout(0.2), L.Dense(3, "softmax")]
    ),
    "subclassed": lambda: Subclassed(4),
    "lambda layer": lambda: softmax_on(L.Lambda(lambda x: x**2)),
    "lambda layer with ops": lambda: softmax_on(L.Lambda(lambda x: keras.ops.exp(x) * SCALE)),
    "lambda as activation": lambda: softmax_on(L.Dense(4, activation=lambda x: x * SCALE)),
    "own activation": lambda: softmax_on(L.Dense(4, activation=own_activation)),
    "own layer": lambda: softmax_on(TakesNothing(2.0)),
    "own layer in a wrapper": lambda: softmax_on(
        L.Reshape((6, 2)), L.TimeDistributed(TakesNothing(2.0)), L.Flatten()
    ),
    "own function in a wrapper": lambda: softmax_on(
        L.Reshape((6, 2)), L.TimeDistributed(L.Dense(2, activation=own_activation)), L.Flatten()
    ),
    "own initializer": lambda: softmax_on(
        L.Dense(4, kernel_initializer=lambda shape, dtype=None: 0.1 * np.ones(shape, "float32"))
    ),
    "own regularizer": lambda: softmax_on(
        L.Dense(4, kernel_regularizer=lambda w: 0.01 * keras.ops.sum(w**2))
    ),
    "own training step": own_step,
    "own fit": lambda: OwnFit([keras.Input((12,)), L.Dense(3, activation="softmax")]),
    "weights that rest": lambda: softmax_on(L.Dense(4, trainable=False), L.BatchNormalization()),
    "nested": lambda: softmax_on(softmax_on(L.Dense(5)), L.Dense(4)),
    "a bound method": Builder().build,
    "a callable object": Builder(),
}


@pytest.mark.filterwarnings("ignore:.*includes a `lambda`")
@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    if name == "own regularizer" and KERAS < (3, 15):
        pytest.skip("Keras took no functions for regularizers before 3.15")
    build = NETWORKS[name]
    drops = name in ("subclassed", "flattening")
    if drops:  # at other places; so what is compared comes from the trained network itself
        classifier = by_us(build)
        model = classifier.model_
        np.testing.assert_allclose(
            classifier.predict_proba(X), np.asarray(model(X, training=False)), atol=1e-5
        )
    else:
        model, history = by_keras(build, metrics=["accuracy"], validate=True)
        classifier = by_us(build, metrics=["accuracy"], validate=True)
        assert_equal(classifier, model, history)
    again = by_us(build, metrics=["accuracy"], validate=True)
    for one, other in zip(again.network_.arrays, classifier.network_.arrays, strict=True):
        np.testing.assert_array_equal(one, other)  # whatever way: the same bits
    assert classifier.model_.compiled
    assert np.isfinite(classifier.model_.evaluate(X, Y, verbose=0)).all()


@pytest.fixture(scope="module")
def workers():
    """Joblib's workers, who are let go because they know this module's functions."""
    yield
    get_reusable_executor().shutdown()


@pytest.mark.filterwarnings("ignore:.*includes a `lambda`")
@pytest.mark.parametrize("name", ["subclassed", "own layer", "own activation", "a bound method"])
def test_networks_of_functions_travel(name, workers):
    """Pickled with their function, cloned, and to joblib's workers."""
    classifier = by_us(TRAVELLERS[name])
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))
    scores = cross_val_score(clone(classifier), X, Y, cv=2, n_jobs=2, error_score="raise")
    alone = cross_val_score(clone(classifier), X, Y, cv=2, error_score="raise")
    np.testing.assert_allclose(scores, alone)
    before = classifier.network_.arrays
    classifier.partial_fit(X, Y)
    assert any((a != b).any() for a, b in zip(before, classifier.network_.arrays, strict=True))


def subclassed():
    return Subclassed(4)


def with_own_layer():
    return softmax_on(TakesNothing(2.0))


def with_own_activation():
    return softmax_on(L.Dense(4, activation=own_activation))


TRAVELLERS = {
    "subclassed": subclassed,
    "own layer": with_own_layer,
    "own activation": with_own_activation,
    "a bound method": Builder().build,
}


def test_functions_that_read_a_global_are_read_anew(monkeypatch):
    first = by_us(with_own_activation)
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    second = by_us(with_own_activation)
    model, history = by_keras(with_own_activation)
    assert_equal(second, model, history)
    assert first.history_ != second.history_


def test_adapted_layers_keep_what_they_learned():
    def build():
        norm = L.Normalization()
        norm.adapt(100 * X)
        return softmax_on(norm, L.Dense(4, activation="relu"))

    model, history = by_keras(build, rows=100 * X)
    classifier = by_us(build, rows=100 * X)
    assert_equal(classifier, model, history, rows=100 * X)
    instance = by_us(build(), rows=100 * X)
    assert instance.network_.rebuilt_from == "config"
    again = pickle.loads(pickle.dumps(instance))
    np.testing.assert_array_equal(again.predict_proba(100 * X), instance.predict_proba(100 * X))
    np.testing.assert_allclose(
        instance.predict_proba(100 * X), np.asarray(instance.model_(100 * X)), atol=1e-5
    )


def compiled_instance():
    with seeded(draw_seed(0)):
        model = small()
    model.compile(
        keras.optimizers.Adam(0.01),
        "categorical_crossentropy",
        metrics=["accuracy", "AUC"],
        weighted_metrics=[keras.metrics.CategoricalAccuracy(name="weighted")],
        loss_weights=[2.0],
        run_eagerly=True,
    )
    return model


def test_a_compiled_model_keeps_all_that_it_was_compiled_with():
    model, history = by_keras(compiled_instance, form="one_hot")
    instance = compiled_instance()
    before = [np.asarray(v).copy() for v in instance.variables]
    classifier = by_us(instance, optimizer="rmsprop")
    assert set(classifier.history_) == {"loss", "accuracy", "AUC", "weighted"}
    assert_equal(classifier, model, history)
    assert classifier.model_.run_eagerly
    for one, other in zip(before, instance.variables, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))  # the user's own is left as it was


@pytest.mark.filterwarnings("ignore:.*includes a `lambda`")
@pytest.mark.parametrize("name", ["subclassed", "lambda layer with ops", "own layer"])
def test_an_instance_that_can_not_be_copied_is_trained_itself(name):
    with seeded(draw_seed(0)):
        instance = NETWORKS[name]()
        instance(X[:1])
    before = [np.asarray(v).copy() for v in instance.variables]
    first, second = by_us(instance), by_us(instance)
    assert first.network_.rebuilt_from == "model"
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    for one, other in zip(before, instance.variables, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))
    assert cross_val_score(first, X, Y, cv=2, error_score="raise").shape == (2,)
    search = StackedGridSearchCV(
        KerasClassifier(instance, epochs=EPOCHS, random_state=0),
        {"optimizer__learning_rate": [1e-9, 0.5]},
        cv=2,
        scoring="neg_log_loss",
    ).fit(X, Y)
    resting, moving = search.cv_results_["mean_test_score"]
    assert abs(resting - moving) > 0.01  # each candidate is trained as it is compiled
    engine.claim(instance)
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(RuntimeError, match="another thread is fitting it"),
    ):
        pool.submit(by_us, instance).result()
    engine.release(instance)
    with pytest.raises(TypeError, match="Pass model= a function that builds it"):
        pickle.dumps(first.network_)


class OfAMethod(KerasClassifier):
    """Builds its network itself, as scikeras has it."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def _keras_build_fn(self, meta):
        inputs = keras.Input((meta["n_features_in_"],))
        hidden = TakesNothing(2.0)(L.Dense(self.units)(inputs))
        return keras.Model(inputs, L.Dense(meta["n_classes_"], activation="softmax")(hidden))


def test_subclasses_may_build_their_network():
    classifier = OfAMethod(units=5, epochs=EPOCHS, random_state=0).fit(X, Y)
    assert classifier.network_.arrays[0].shape == (12, 5)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))
    assert clone(classifier).units == 5


def test_an_optimizer_that_trained_another_network_is_copied():
    optimizer = keras.optimizers.Adam(0.01)

    def build():
        model = small()
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy())
        return model

    def once():
        model = small()
        model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy())
        return model

    model, history = by_keras(once)
    for _ in range(2):
        by_us(build, optimizer="rmsprop", callbacks=[HalvingBatches()])
        classifier = by_us(build, optimizer="rmsprop")
        assert_equal(classifier, model, history)


def test_several_inputs_and_outputs():
    class Splitting(KerasClassifier):
        @property
        def feature_encoder(self):
            return FunctionTransformer(lambda X: {"left": X[:, :4], "right": X[:, 4:]})

    def build():
        inputs = [keras.Input((4,), name="left"), keras.Input((8,), name="right")]
        joined = L.Concatenate()([L.Dense(3)(part) for part in inputs])
        return keras.Model(inputs, L.Dense(3, activation="softmax")(joined))

    classifier = Splitting(build, epochs=EPOCHS, random_state=0).fit(X, Y)
    np.testing.assert_allclose(
        classifier.predict_proba(X),
        np.asarray(classifier.model_({"left": X[:, :4], "right": X[:, 4:]})),
        atol=1e-5,
    )
    assert classifier.predict(X).shape == (40,)


@only_on("tensorflow", "on JAX, Keras traces a layer to build it")
def test_run_eagerly_is_obeyed():
    seen = []

    class Eager(L.Layer):
        def call(self, inputs):
            seen.append(np.asarray(inputs).sum())  # fails in a graph
            return inputs

    classifier = by_us(lambda: softmax_on(Eager(), inputs=False), run_eagerly=True)
    seen.clear()
    classifier.predict(X)
    assert seen


def test_a_network_can_predict_without_a_fit():
    trained = by_us(small)
    untrained = KerasClassifier(small, random_state=0).initialize(X, Y)
    assert untrained.history_.n_epochs == 0
    model = untrained.model_
    model.set_weights(trained.model_.get_weights())
    untrained.model_ = model
    np.testing.assert_array_equal(untrained.predict_proba(X), trained.predict_proba(X))
    pretrained = KerasClassifier(trained.model_).initialize(X, Y)
    np.testing.assert_array_equal(pretrained.predict(X), trained.predict(X))


# What would have no effect, or can't be had


def compiling():
    model = small()
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def compiling_as_told(compile_kwargs):
    model = small()
    model.compile(**compile_kwargs | {"loss": "sparse_categorical_crossentropy"})
    return model


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"optimizer__learning_rate": 0.1}, "optimizer__learning_rate would have no effect"),
        ({"optimizer": "sgd"}, "optimizer would have no effect"),
        ({"metrics": ["accuracy"]}, "metrics would have no effect"),
        ({"loss": "mse"}, "loss would have no effect"),
        ({"fit__steps_per_epoch": 3}, "fit__steps_per_epoch would have no effect"),
        ({"fit__initial_epoch": 1}, "set warm_start=True"),
        ({"predict__steps": 1}, "predict__steps would have no effect"),
        ({"fit__validation_data": X}, r"must be a pair, \(X_val, y_val\)"),
        ({"class_weight": {0: -1, 1: 1, 2: 1}}, "class 0 is -1"),
        ({"class_weight": {0: None, 1: 1, 2: 1}}, "class 0 is None"),
    ],
)
def test_parameters_without_effect_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        KerasClassifier(compiling, **params).fit(X, Y)


def test_parameters_with_effect_are_taken():
    classifier = KerasClassifier(compiling_as_told, random_state=0)
    losses = [
        classifier.set_params(optimizer__learning_rate=rate).fit(X, Y).history_["loss"]
        for rate in (1e-3, 1.0)
    ]
    assert losses[0] != losses[1]
    KerasClassifier(compiling, optimizer="adam", loss="sparse_categorical_crossentropy").fit(X, Y)
    given = KerasClassifier(small, fit__validation_data=(X[:9], Y[:9])).fit(X, Y)
    assert "val_loss" in given.history_


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 3}, r"Invalid argument 'epochs' .* set it in the constructor"),
        ({"batch_size": 3}, r"set_params\(batch_size=\.\.\.\)"),
        ({"verbose": 0}, "Invalid argument 'verbose'"),
        ({"callbacks": []}, "Invalid argument 'callbacks'"),
        ({"validation_data": (X, Y)}, "pass X_val and y_val to fit"),
    ],
)
def test_arguments_of_keras_are_answered_with_a_remedy(change, message):
    with pytest.raises(TypeError, match=message):
        KerasClassifier(small).fit(X, Y, **change)


@pytest.mark.parametrize(
    ("model", "rows", "message"),
    [
        (small, X[:, :5], r"takes rows of shape \(12,\).* rows of shape \(5,\)"),
        (lambda: softmax_on(L.Conv2D(2, 3), inputs=False), X, r"can't take rows of shape \(12,\)"),
        (dense_network, X.reshape(40, 4, 3), r"takes rows of shape \(4,\).*Flatten"),
        (lambda: 3, X, "must return a keras.Model; it returned a int"),
    ],
)
def test_misfits_are_one_sentence(model, rows, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        KerasClassifier(model).fit(rows, Y)
    assert len(str(caught.value).splitlines()) <= 3


def test_one_hot_targets_and_losses_of_labels_do_not_fit():
    with pytest.raises(ValueError, match=r"argmax\(axis=1\)"):
        KerasClassifier(small, loss="sparse_categorical_crossentropy").fit(X, FORMS["one_hot"])
    with pytest.raises(ValueError, match=r"argmax\(axis=1\)"):
        DenseClassifier((4,)).fit(X, FORMS["one_hot"])
    classifier = KerasClassifier(small, epochs=1).fit(X, FORMS["one_hot"])
    assert isinstance(classifier.model_.loss, keras.losses.CategoricalCrossentropy)
    assert classifier.predict(X).shape == (40, 3)


# Containers, as scikit-learn's users have them

ROWS = {
    "nullable": lambda: pd.DataFrame(X).astype("Float32"),
    "arrow": lambda: pd.DataFrame(X).astype("float[pyarrow]"),
    "polars": lambda: pl.DataFrame(X),
    "list": X.tolist,
    "float64": lambda: X.astype(np.float64),
}


@pytest.mark.parametrize("make", [small, lambda: softmax_on(L.Lambda(lambda x: 2 * x))])
@pytest.mark.parametrize("container", ROWS)
def test_containers_of_rows(container, make):
    classifier = KerasClassifier(make, epochs=1, random_state=0)
    expected = classifier.fit(X, Y).predict_proba(X)
    rows = ROWS[container]()
    np.testing.assert_allclose(classifier.fit(rows, Y).predict_proba(rows), expected, atol=1e-5)


@pytest.mark.parametrize("kind", [csr_array, csc_array])
def test_sparse_rows_are_taken_by_pipelines(kind):
    pipeline = make_pipeline(FlattenScale(), DenseClassifier(4, epochs=1, random_state=0))
    expected = pipeline.fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(pipeline.fit(kind(X), Y).predict_proba(kind(X)), expected)
    with pytest.raises(TypeError, match="dense data is required"):
        pipeline[-1].fit(kind(X), Y)


LABELS = {
    "Int64": (lambda: pd.Series(Y).astype("Int64"), np.int64),
    "arrow": (lambda: pd.Series(Y).astype("int64[pyarrow]"), np.int64),
    "strings": (lambda: pd.Series(Y).astype(str), object),
    "categories": (lambda: pd.Series(Y).astype("category"), np.int64),
    "polars": (lambda: pl.Series(Y), np.int64),
    "list": (Y.tolist, np.int64),
}


@pytest.mark.parametrize("container", LABELS)
def test_containers_of_labels(container):
    labels, dtype = LABELS[container]
    for classifier in (KerasClassifier(small, epochs=1), DenseClassifier((4,), epochs=1)):
        predicted = classifier.fit(X, labels()).predict(X)
        assert predicted.dtype == dtype or predicted.dtype.kind in "UO"
        assert set(predicted) <= set(labels().to_list() if hasattr(labels(), "to_list") else Y)


def test_frames_out_do_not_disturb():
    with config_context(transform_output="pandas"):
        classifier = KerasClassifier(small, epochs=1, random_state=0).fit(X, Y)
        assert isinstance(classifier.predict(X), np.ndarray)


@pytest.mark.parametrize("augment", [None, "affine"])
def test_colours(augment):
    images = rng.random((40, 8, 8, 3), dtype=np.float32)
    classifier = ConvClassifier((4,), hidden_layer_sizes=8, epochs=1, augment=augment)
    assert classifier.fit(images, Y).predict_proba(images).shape == (40, 3)


def test_names_that_programs_for_scikit_learns_networks_read():
    classifier = DenseClassifier(8, epochs=3, random_state=0).fit(X, Y)
    assert classifier.loss_curve_ == classifier.history_["loss"]
    assert classifier.best_loss_ == min(classifier.loss_curve_)


def test_a_subclass_may_score_in_its_own_way():
    class Missing(KerasClassifier):
        @staticmethod
        def scorer(y_true, y_pred, **kwargs):
            return np.mean(y_true != y_pred)

    classifier = Missing(small, epochs=1, random_state=0).fit(X, Y)
    assert classifier.score(X, Y) == 1 - np.mean(classifier.predict(X) == Y)


@pytest.mark.parametrize("make", [small, with_own_layer])
def test_threads_give_the_same_numbers(make):
    alone = by_us(make).predict_proba(X)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: by_us(make).predict_proba(X), range(4)))
    for each in found:
        np.testing.assert_array_equal(each, alone)


def test_callbacks_of_predictions_are_told_of_them():
    seen = []

    class Told(C.Callback):
        def on_predict_begin(self, logs=None):
            seen.append("begin")

    classifier = by_us(small, predict__callbacks=[Told()])
    expected = by_us(small).predict_proba(X)
    assert seen == []
    np.testing.assert_allclose(classifier.predict_proba(X), expected, atol=1e-6)
    assert seen == ["begin"]
    DenseClassifier(4, epochs=1, callbacks=[Told()]).fit(X, Y).predict(X)
    assert seen == ["begin"] * 2
    assert all(callback.model is None for callback in classifier.predict__callbacks)
    with seeded(draw_seed(0)):
        instance = NETWORKS["own layer"]()
    before = [np.asarray(v).copy() for v in instance.variables]
    by_us(instance, predict__callbacks=[Told()]).predict(X)
    for one, other in zip(before, instance.variables, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))


def test_a_fit_of_ones_own_gets_arrays_as_with_scikeras():
    OwnFit.handed = frozenset()
    classifier = by_us(NETWORKS["own fit"])
    assert OwnFit.handed >= {"x", "y", "sample_weight", "batch_size"}
    assert classifier.n_iter_ == EPOCHS
