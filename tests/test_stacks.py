"""Networks trained in stacks: they equal the same networks trained alone."""

import threading

import numpy as np
import pytest
from support.backends import only_on
from support.callbacks import AfterEpochs, needs_callbacks

from skmnist import (
    ConvClassifier,
    DenseClassifier,
    KerasClassifier,
    dense_network,
    engine,
    flatten_and_scale,
)
from skmnist.engine import lanes, run_cooperatively

ALIKE = {"hidden_layer_sizes": (32, 16), "batch_size": 64, "random_state": 0}
APART = [
    {"learning_rate": 0.001, "dropout": 0.1, "weight_decay": 0.1, "label_smoothing": 0.0},
    {"learning_rate": 0.003, "dropout": 0.5, "weight_decay": 0.0001, "label_smoothing": 0.1},
    {"learning_rate": 0.02, "dropout": 0.3, "weight_decay": 0.01, "random_state": 7},
]


@pytest.fixture(scope="module")
def rows(digits):
    X, y = digits
    return flatten_and_scale(X[:500]), y[:500]


@pytest.fixture
def stack_sizes(monkeypatch):
    """Stack wherever it can be done, and keep what each stack is made of."""
    made = []
    train = lanes.train_stack

    def watched(runs, *rest):
        made.append(len(runs))
        return train(runs, *rest)

    monkeypatch.setattr(lanes, "train_stack", watched)
    with engine.forced_layout(stack_size=64):
        yield made


def fit_together(classifiers, X, y, **params):
    done = run_cooperatively([lambda c=c: c.fit(X, y, **params) for c in classifiers])
    return [each.value for each in done]


def assert_same(one, other, tolerance=1e-5):
    """After one epoch, float32 sums in another order move no weight by more than this."""
    assert one.history_.keys() == other.history_.keys()
    for name in one.history_:
        np.testing.assert_allclose(one.history_[name], other.history_[name], rtol=1e-4)
    for a, b in zip(one.network_.arrays, other.network_.arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)
    assert (one.n_iter_, one.best_epoch_) == (other.n_iter_, other.best_epoch_)


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "rmsprop", "sgd"])
def test_a_stack_equals_networks_alone(rows, stack_sizes, optimizer):
    settings = [ALIKE | own | {"epochs": 1, "optimizer": optimizer} for own in APART]
    together = fit_together([DenseClassifier(**s) for s in settings], *rows)
    assert stack_sizes == [3]
    for classifier, own in zip(together, settings, strict=True):
        assert_same(classifier, DenseClassifier(**own).fit(*rows))


ANY = {
    "convolutions": lambda **own: ConvClassifier((4, 6), hidden_layer_sizes=(8,), **own),
    "batch normalisation": lambda **own: DenseClassifier((16,), batch_norm=True, **own),
    "all of it": lambda **own: ConvClassifier((4,), batch_norm=True, **own),
    "other metrics": lambda **own: DenseClassifier(
        (16,), metrics=["top_k_categorical_accuracy"], **own
    ),
    "gradients of limited length": lambda learning_rate, dropout, **own: KerasClassifier(
        dense_network,
        model__hidden_layer_sizes=(16,),
        model__dropout=dropout,
        optimizer="nadam",
        optimizer__learning_rate=learning_rate,
        optimizer__global_clipnorm=0.1,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **own,
    ),
}


@only_on("jax", "TensorFlow's stacks are of dense networks")
@pytest.mark.parametrize("kind", ANY)
def test_any_network_can_be_stacked(kind, rows, stack_sizes):
    settings = [
        {"learning_rate": rate, "dropout": dropout, "batch_size": 64, "random_state": seed}
        for rate, dropout, seed in [(0.001, 0.1, 0), (0.003, 0.5, 1), (0.02, 0.3, 7)]
    ]
    common = {"epochs": 1, "validation_split": 0.2}
    together = fit_together([ANY[kind](**common, **own) for own in settings], *rows)
    assert stack_sizes == [3]
    for classifier, own in zip(together, settings, strict=True):
        assert_same(classifier, ANY[kind](**common, **own).fit(*rows), tolerance=2e-5)


@only_on("jax", "TensorFlow's stacks are of dense networks")
def test_networks_that_see_padding_are_stacked_with_their_like(rows, stack_sizes):
    X, y = rows
    parts = [(X[:n], y[:n]) for n in (400, 401, 400, 401)]

    def make():
        return DenseClassifier((16,), batch_norm=True, epochs=1, batch_size=64, random_state=0)

    together = [d.value for d in run_cooperatively([lambda p=p: make().fit(*p) for p in parts])]
    assert stack_sizes == [2, 2]
    for classifier, part in zip(together, parts, strict=True):
        assert_same(classifier, make().fit(*part))


@pytest.mark.slow
def test_under_the_compiler_too(rows, stack_sizes):
    settings = [ALIKE | own | {"epochs": 1} for own in APART]
    with engine.forced_strategy("xla"):
        together = fit_together([DenseClassifier(**s) for s in settings], *rows)
        assert stack_sizes == [3]
        for classifier, own in zip(together, settings, strict=True):
            assert_same(classifier, DenseClassifier(**own).fit(*rows))


def test_after_ten_epochs_scores_are_the_same(digits):
    X, y = flatten_and_scale(digits[0]), digits[1]
    settings = [ALIKE | own | {"epochs": 10} for own in APART]
    together = fit_together([DenseClassifier(**s) for s in settings], X[:1200], y[:1200])
    for classifier, own in zip(together, settings, strict=True):
        alone = DenseClassifier(**own).fit(X[:1200], y[:1200])
        assert abs(classifier.score(X[1200:], y[1200:]) - alone.score(X[1200:], y[1200:])) <= 0.005


def test_own_rows_weights_and_validation(rows, stack_sizes):
    X, y = rows
    rng = np.random.default_rng(0)
    parts = [(X[i:], y[i:], rng.uniform(0.1, 2, len(y) - i)) for i in (0, 3, 5)]

    def make():
        return DenseClassifier(**ALIKE, epochs=1, validation_split=0.2)

    together = [d.value for d in run_cooperatively([lambda p=p: make().fit(*p) for p in parts])]
    assert stack_sizes == [3]
    for classifier, part in zip(together, parts, strict=True):
        assert_same(classifier, make().fit(*part))
    assert "val_accuracy" in together[0].history_


def test_each_stops_on_its_own(rows, stack_sizes):
    settings = [
        ALIKE | own | {"epochs": 12, "validation_split": 0.3, "early_stopping": True, "patience": 1}
        for own in [{"learning_rate": r, "schedule": "constant"} for r in (0.001, 0.03, 0.05)]
    ]
    together = fit_together([DenseClassifier(**s) for s in settings], *rows)
    assert stack_sizes == [3]
    assert len({c.n_iter_ for c in together}) > 1
    for classifier, own in zip(together, settings, strict=True):
        assert_same(classifier, DenseClassifier(**own).fit(*rows), tolerance=1e-3)


def test_one_that_diverges_leaves_the_others_alone(rows):
    rates = (1e-3, 1e30, 2e-3)
    classifiers = [DenseClassifier(**ALIKE, epochs=2, learning_rate=rate) for rate in rates]

    def fit(classifier):
        try:
            return classifier.fit(*rows)
        except FloatingPointError as error:
            return str(error)

    good, bad, fine = (
        d.value for d in run_cooperatively([lambda c=c: fit(c) for c in classifiers])
    )
    assert "training diverged" in bad
    assert_same(good, DenseClassifier(**ALIKE, epochs=2, learning_rate=1e-3).fit(*rows))
    assert fine.n_iter_ == 2


@pytest.mark.slow
def test_what_cannot_be_stacked_is_trained_alone(rows, stack_sizes):
    settings = [
        {"batch_norm": True},
        {"metrics": ["top_k_categorical_accuracy"]},
        {"batch_size": 32},
        {"hidden_layer_sizes": (8,)},
        {"epochs": 2},
    ]
    for own in settings:
        both = [ALIKE | {"epochs": 1} | own, ALIKE | {"epochs": 1}]
        together = fit_together([DenseClassifier(**s) for s in both], *rows)
        for classifier, each in zip(together, both, strict=True):
            alone = DenseClassifier(**each).fit(*rows)
            for a, b in zip(classifier.network_.arrays, alone.network_.arrays, strict=True):
                assert np.array_equal(a, b)  # the very same program
    assert stack_sizes == []


@pytest.mark.slow
def test_large_stacks_are_split_and_share_a_program(rows, stack_sizes):
    engine.clear_programs()
    before = engine.count_traces()
    classifiers = [DenseClassifier(**ALIKE, epochs=1, learning_rate=r / 1e3) for r in range(1, 6)]
    with engine.forced_layout(stack_size=2):
        together = fit_together(classifiers, *rows)
    assert stack_sizes == [2, 2, 1]
    assert engine.count_traces() == before + 1
    alone = DenseClassifier(**ALIKE, epochs=1, learning_rate=0.005).fit(*rows)
    assert_same(together[-1], alone)


@pytest.mark.parametrize("patience", [None, 2])
def test_a_pause_changes_nothing(rows, patience):
    stopping = {"early_stopping": patience is not None, "patience": patience or 1}
    settings = [ALIKE | own | stopping | {"epochs": 6, "validation_split": 0.2} for own in APART]
    fit = [lambda s=s: DenseClassifier(**s).fit(*rows) for s in settings]
    whole = [each.value for each in run_cooperatively(fit)]
    pauses, trained = None, []
    for until in (1, 3, 6):
        done = run_cooperatively(fit, pauses=pauses, until=until)
        pauses = [each.pauses for each in done]
        trained.append([each.value.n_iter_ for each in done])
    assert trained[0] == [1, 1, 1]
    for one, other in zip((each.value for each in done), whole, strict=True):
        assert_same(one, other, tolerance=0)


def test_going_on_with_other_rows_is_refused(rows):
    X, y = rows
    paused = run_cooperatively([lambda: DenseClassifier(**ALIKE, epochs=2).fit(X, y)], until=1)
    with pytest.raises(ValueError, match="rows that reach the network are other ones"):
        run_cooperatively(
            [lambda: DenseClassifier(**ALIKE, epochs=2).fit(X[::-1], y[::-1])],
            pauses=[each.pauses for each in paused],
            until=2,
        )


def test_an_error_gives_up_the_others(rows):
    ended = []

    def unwinds():
        try:
            DenseClassifier(**ALIKE, epochs=1).fit(*rows)
        finally:
            ended.append(True)

    def fails():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        run_cooperatively([unwinds, fails])
    assert ended == [True]


def test_functions_that_train_twice_or_never(rows):
    def twice():
        first = DenseClassifier(**ALIKE, epochs=1).fit(*rows)
        return [first, DenseClassifier(**ALIKE | {"random_state": 3}, epochs=1).fit(*rows)]

    (pair, nothing) = (each.value for each in run_cooperatively([twice, lambda: 3]))
    assert nothing == 3
    assert len(pair) == 2


def test_waiting_is_told_from_working(rows):
    done = run_cooperatively(
        [lambda: DenseClassifier(**ALIKE, epochs=1).fit(*rows), lambda: sum(range(20_000_000))]
    )
    assert done[0].seconds_off > 0.1  # while the other one worked
    assert done[1].seconds_off == 0


@needs_callbacks
def test_large_networks_run_side_by_side_with_the_same_bits(rows, stack_sizes):
    settings = [ALIKE | {"epochs": 2, "learning_rate": r / 1e3} for r in range(1, 8)]
    threads = set()
    watch = AfterEpochs(lambda classifier: threads.add(threading.get_ident()))
    watched = [DenseClassifier(**s).set_callbacks(watch) for s in settings]
    with engine.forced_layout(stack_size=1, n_lanes=3):
        together = fit_together(watched, *rows)
    assert len(threads) == 3
    assert stack_sizes == []
    for classifier, own in zip(together, settings, strict=True):
        assert_same(classifier, DenseClassifier(**own).fit(*rows), tolerance=0)


@pytest.mark.slow
@needs_callbacks
def test_what_runs_side_by_side_is_given_up_together(rows):
    def interrupt(classifier):
        if classifier.random_state % 2:
            raise KeyboardInterrupt

    classifiers = [
        DenseClassifier(**ALIKE | {"random_state": seed}, epochs=10_000) for seed in range(6)
    ]
    for each in classifiers:
        each.set_callbacks(AfterEpochs(interrupt))
    with engine.forced_layout(stack_size=1, n_lanes=2), pytest.raises(KeyboardInterrupt):
        fit_together(classifiers, *rows)
    assert not any(hasattr(c, "network_") for c in classifiers)
