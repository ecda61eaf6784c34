"""What Keras can train is trained to Keras's own numbers, by whichever way it is trained.

Each case is compared with plain Keras on the same rows, in the same order, from the same weights.
"""

import inspect
import json

import keras
import numpy as np
import pytest
from oracle import EPOCHS, FORMS, L, X, Y, assert_equal, by_keras, by_us, small

from skmnist.engine import programs, proven
from skmnist.keras_models import described

pytestmark = pytest.mark.filterwarnings(
    # Keras's own, of what users do in some cases
    "ignore:.*received `from_logits=True`:UserWarning",
    "ignore:.*You are using a softmax over axis:UserWarning",
)

ADAM = {"class_name": "adam", "config": {"learning_rate": 0.01}}


# Layers: networks that hold all of them

VECTOR = [
    L.Dense(8, activation="tanh"),
    *(L.Activation("gelu"), L.ReLU(), L.LeakyReLU(), L.ELU(), L.PReLU(), L.Softmax()),
    *(L.ActivityRegularization(l2=0.01), L.Identity(), L.Masking(), L.Rescaling(2.0)),
    *(L.LayerNormalization(), L.RMSNormalization(), L.UnitNormalization()),
    *(L.GaussianNoise(0.1), L.GaussianDropout(0.2), L.AlphaDropout(0.2)),
    L.BatchNormalization(),
    *(L.Reshape((2, 4)), L.Permute((2, 1)), L.Flatten(), L.RepeatVector(2)),
]


def vectors():
    inputs = outputs = keras.Input((12,))
    for layer in VECTOR:
        outputs = type(layer).from_config(layer.get_config())(outputs)
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
        *(L.LSTM(3)(steps), L.GRU(3)(steps), L.SimpleRNN(3)(steps)),
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
    lstm3 = L.GlobalAveragePooling3D()(
        L.ConvLSTM3D(1, 2)(L.Reshape((2, 3, 2, 1, 1))(inputs)[..., :])
    )
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
    free = by_us(lambda: build(0.3))
    assert np.abs(free.network_.arrays[0] - np.asarray(model.weights[0])).max() < 0.1


def test_the_networks_hold_every_proven_layer():
    held = set()
    for build in (
        *GROUPS,
        lambda: keras.Sequential([keras.Input((2,)), L.Dropout(0.5), L.Dense(3)]),
    ):
        objects = proven._objects(json.loads(described(build())))
        held |= {each["class_name"] for each in objects if each.get("module") == "keras.layers"}
    assert held == proven.LAYERS


def aliases_of(module, names):
    return {name for name in dir(module) if getattr(getattr(module, name), "__name__", "") in names}


NOT_IN_PROGRAMS = {
    "state beside their weights": """Discretization HashedCrossing Hashing IntegerLookup
        Normalization StringLookup TextVectorization SpectralNormalization""",
    "draw otherwise in a program": """AugMix MixUp CutMix RandAugment RandomColorDegeneration
        RandomColorJitter RandomCrop RandomElasticTransform RandomErasing RandomGaussianBlur
        RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
        RandomSaturation RandomSharpness RandomShear""",
    "code of the user's own": "Lambda FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper Pipeline",
    "new in Keras, and not tried on each backend": """AdaptiveAveragePooling1D
        AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D
        AdaptiveMaxPooling3D ContrastLimitedAdaptiveHistogramEqualization ReversibleEmbedding
        AutoContrast Equalization Solarization""",
    "not for rows of numbers": "MaxNumBoundingBoxes MelSpectrogram STFTSpectrogram",
    "no layer by themselves": "Layer Wrapper",
}
"""Why Keras's other layers go through its own loop, all of which the next test enumerates."""


def test_every_layer_of_keras_has_its_way():
    kinds = {
        value.__name__
        for value in vars(keras.layers).values()
        if inspect.isclass(value) and issubclass(value, L.Layer)
    }
    listed = {name for names in NOT_IN_PROGRAMS.values() for name in names.split()}
    assert not listed & proven.LAYERS
    assert kinds - proven.LAYERS <= listed


BY_THE_LOOP = {
    "Normalization": lambda: _adapted(L.Normalization()),
    "Discretization": lambda: L.Discretization(bin_boundaries=[0.3, 0.6]),
    "adapted Discretization": lambda: _adapted(L.Discretization(num_bins=3)),
    "Hashing": lambda: L.Hashing(4),
    "SpectralNormalization": lambda: L.SpectralNormalization(L.Dense(4)),
    "Lambda": lambda: L.Lambda(lambda x: keras.ops.square(x)),
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
ON_LABELS = {"SparseCategoricalCrossentropy", "Circle"}


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
    from skmnist.classifiers.targets import form_for

    expected = "labels" if name in ("sparse_categorical_crossentropy", "circle") else "one_hot"
    assert form_for(name, 3, 3) == expected
    assert form_for(getattr(keras.losses, name), 3, 3) == expected
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
    assert_equal(classifier, model, {"loss": history["loss"]}, names=["loss", "auc"])


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
    "lambda": ("one_hot", lambda: lambda y_true, y_pred: own_square(y_true, y_pred)),
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
        np.testing.assert_allclose(
            by_us(small, metrics=[metric]).history_["auc"], history[next(iter(history))], atol=1e-4
        )


def test_metrics_by_name_keep_their_names():
    names = ["AUC", "F1Score", "top_k_categorical_accuracy", "mse", "Precision"]
    for _ in range(2):
        history = by_us(small, metrics=["accuracy", *names]).history_
        assert list(history) == [
            *("loss", "accuracy", "auc", "f1_score"),
            *("top_k_categorical_accuracy", "mse", "precision"),
        ]
    assert np.shape(history["f1_score"]) == (EPOCHS, 3)  # one value a class


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
