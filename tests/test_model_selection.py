"""The searches: what `GridSearchCV` gives, from networks trained together."""

import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from support.callbacks import AfterEpochs, needs_callbacks

from skmnist import (
    DenseClassifier,
    EpochHalvingSearchCV,
    FlattenScale,
    StackedGridSearchCV,
    StackedRandomizedSearchCV,
    engine,
    make_baseline,
    make_dense_pipeline,
    param_grid,
)

NET = DenseClassifier((16,), epochs=4, batch_size=64, random_state=0)
RATES = {"learning_rate": [0.0003, 0.01]}


@pytest.fixture(scope="module")
def digits(digits):
    X, y = digits
    return X[:300], y[:300]


def assert_same_search(ours, plain, tolerance=0.005):
    """Same table, same candidates, mean scores within half a point, the same winner."""
    assert ours.cv_results_.keys() == plain.cv_results_.keys()
    assert ours.cv_results_["params"] == plain.cv_results_["params"]
    for key, values in plain.cv_results_.items():
        if "_test_" in key or "_train_" in key:
            np.testing.assert_allclose(ours.cv_results_[key], values, atol=tolerance)
    assert ours.best_params_ == plain.best_params_
    assert ours.n_splits_ == plain.n_splits_
    assert type(ours.scorer_) is type(plain.scorer_)


def both(estimator, grid, X, y, fit_params=None, **settings):
    ours = StackedGridSearchCV(estimator, grid, **settings).fit(X, y, **(fit_params or {}))
    plain = GridSearchCV(estimator, grid, **settings).fit(X, y, **(fit_params or {}))
    assert_same_search(ours, plain)
    assert np.array_equal(ours.predict(X), plain.predict(X))
    return ours


@pytest.mark.slow
def test_a_pipeline_and_its_architecture(digits):
    pipeline = make_pipeline(FlattenScale(), NET)
    grid = {
        "denseclassifier__learning_rate": [0.0003, 0.01],
        "denseclassifier__hidden_layer_sizes": [(16,), (8, 8)],
    }
    ours = both(pipeline, grid, *digits, cv=3, return_train_score=True)
    assert (ours.cv_results_["mean_fit_time"] > 0).all()


@pytest.mark.slow
def test_earlier_steps_are_fitted_for_each_fold_and_searched(digits):
    pipeline = make_pipeline(FlattenScale(), PCA(random_state=0), StandardScaler(), NET)
    grid = {"pca__n_components": [5, 20], "denseclassifier__learning_rate": [0.001, 0.01]}
    both(pipeline, grid, *digits, cv=3)


def test_names_as_labels_and_weights(digits):
    X, y = digits
    weights = np.random.default_rng(0).integers(0, 3, len(y))
    names = np.array([f"digit {label}" for label in y])
    ours = both(NET, RATES, X / 255, names, cv=3, fit_params={"sample_weight": weights})
    assert ours.classes_[3] == "digit 3"


def test_two_scores_and_refit_by_a_function(digits):
    settings = {"cv": 3, "scoring": ["accuracy", "neg_log_loss"]}
    both(NET, RATES, digits[0] / 255, digits[1], refit="neg_log_loss", **settings)

    def worst(results):
        return int(np.argmin(results["mean_test_accuracy"]))

    both(NET, RATES, digits[0] / 255, digits[1], refit=worst, **settings)


def test_a_candidate_that_fails(digits):
    grid = {"learning_rate": [0.003, 1e30], "dropout": [0.1, 0.3]}
    X, y = digits[0] / 255, digits[1]
    with pytest.warns(match="fits failed"), pytest.warns(match="test scores are non-finite"):
        ours = StackedGridSearchCV(NET, grid, cv=3).fit(X, y)
    failed = np.isnan(ours.cv_results_["mean_test_score"])
    assert failed.tolist() == [p["learning_rate"] > 1 for p in ours.cv_results_["params"]]
    good = GridSearchCV(NET, grid | {"learning_rate": [0.003]}, cv=3).fit(X, y)
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"][~failed],
        good.cv_results_["mean_test_score"],
        atol=0.005,
    )
    with pytest.raises(FloatingPointError, match="training diverged"):
        StackedGridSearchCV(NET, grid, cv=3, error_score="raise").fit(X, y)


def test_groups(digits):
    X, y = digits[0] / 255, digits[1]
    groups = np.arange(len(y)) // 7 % 11
    both(NET, RATES, X, y, cv=GroupKFold(3), fit_params={"groups": groups})


def test_what_holds_several_networks(digits):
    voting = VotingClassifier(
        [("a", NET), ("b", clone(NET).set_params(random_state=1))], voting="soft"
    )
    both(voting, {"a__learning_rate": [0.001, 0.01]}, digits[0] / 255, digits[1], cv=3)


@pytest.mark.slow
def test_networks_among_other_models(digits):
    """A grid may put networks where there were none, and the other way around."""
    pipeline = make_pipeline(FlattenScale(), LogisticRegression(C=0.1))
    grid = {"logisticregression": [LogisticRegression(C=0.01), NET]}
    both(pipeline, grid, *digits, cv=3)


def test_without_networks_it_is_scikit_learns(digits, monkeypatch):
    monkeypatch.setattr(engine.cooperative, "train_runs", None)
    both(make_baseline("gaussian_nb"), param_grid("gaussian_nb"), *digits, cv=3)


def test_candidates_share_programs(digits):
    engine.clear_programs()
    before = engine.count_traces()
    grid = {"learning_rate": [0.001, 0.003, 0.01], "dropout": [0.1, 0.2], "weight_decay": [0, 0.1]}
    StackedGridSearchCV(NET, grid, cv=5, refit=False).fit(digits[0] / 255, digits[1])
    assert engine.count_traces() == before + 1  # 60 fits


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_give_the_same_numbers(digits, backend):
    from joblib import parallel_config

    grid = {"learning_rate": [0.001, 0.003, 0.01, 0.02], "dropout": [0.1, 0.2]}
    pipeline = make_pipeline(FlattenScale(), NET)
    grid = {f"denseclassifier__{name}": values for name, values in grid.items()}
    alone = StackedGridSearchCV(pipeline, grid, cv=3).fit(*digits)
    with parallel_config(backend=backend):
        shared = StackedGridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(*digits)
    for fold in range(3):
        key = f"split{fold}_test_score"
        assert np.array_equal(alone.cv_results_[key], shared.cv_results_[key])
    one, other = (s.best_estimator_[-1].network_.arrays for s in (alone, shared))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_it_is_an_estimator_like_any(digits):
    search = StackedGridSearchCV(NET, RATES, cv=3)
    assert clone(search).get_params().keys() == GridSearchCV(NET, RATES).get_params().keys()
    assert "StackedGridSearchCV" in search._repr_html_()
    fitted = search.fit(digits[0] / 255, digits[1])
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(digits[0] / 255), fitted.predict(digits[0] / 255))


@needs_callbacks
def test_callbacks_see_every_epoch(digits, capsys):
    from sklearn.callback import ProgressBar

    search = StackedGridSearchCV(NET, RATES, cv=3).set_callbacks(ProgressBar())
    search.fit(digits[0] / 255, digits[1])
    assert "DenseClassifier - fit" in capsys.readouterr().out


def test_randomized(digits):
    settings = {"n_iter": 3, "cv": 3, "random_state": 0}
    rates = {"learning_rate": loguniform(1e-3, 1e-2)}
    X, y = digits[0] / 255, digits[1]
    ours = StackedRandomizedSearchCV(NET, rates, **settings).fit(X, y)
    assert_same_search(ours, RandomizedSearchCV(NET, rates, **settings).fit(X, y))


def test_an_interrupted_search_is_as_before(digits):
    X, y = digits[0] / 255, digits[1]

    def interrupts(estimator, X, y):
        raise KeyboardInterrupt

    search = StackedGridSearchCV(NET, RATES, cv=3, scoring=interrupts)
    before = dict(vars(search))
    with pytest.raises(KeyboardInterrupt, match="StackedGridSearchCV was interrupted"):
        search.fit(X, y)
    assert vars(search) == before


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "kill"), reason="needs signals")
def test_ctrl_c_ends_a_search_at_once(digits):
    code = """
import numpy as np
from skmnist import DenseClassifier, StackedGridSearchCV
X = np.random.default_rng(0).random((4000, 784), dtype="f4")
network = DenseClassifier((512, 512), epochs=1000, random_state=0)
print("ready", flush=True)
search = StackedGridSearchCV(network, {"learning_rate": [0.001] * 8})
try:
    search.fit(X, np.arange(4000) % 10)
except KeyboardInterrupt as error:
    print(error, hasattr(search, "n_splits_"))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert out == "StackedGridSearchCV was interrupted: it is as it was before fit. False\n", err


HALVING = {"learning_rate": [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02], "dropout": [0.1, 0.3]}


@pytest.mark.slow
def test_halving_ends_with_the_networks_of_a_whole_search(digits):
    X, y = digits[0] / 255, digits[1]
    network = clone(NET).set_params(epochs=9)
    search = EpochHalvingSearchCV(network, HALVING, cv=3).fit(X, y)
    assert search.n_resources_ == [1, 3, 9]
    assert search.n_candidates_ == [12, 4, 2]
    table = search.cv_results_
    assert len(table["params"]) == 18
    assert list(table["iter"]) == [0] * 12 + [1] * 4 + [2] * 2
    assert list(table["n_resources"]) == [1] * 12 + [3] * 4 + [9] * 2
    whole = GridSearchCV(network, HALVING, cv=3).fit(X, y)
    of = dict(
        zip(
            map(str, whole.cv_results_["params"]), whole.cv_results_["mean_test_score"], strict=True
        )
    )
    for params, score in zip(table["params"][-2:], table["mean_test_score"][-2:], strict=True):
        assert abs(of[str(params)] - score) <= 0.005
    assert search.best_index_ >= 16
    assert search.best_params_ == table["params"][search.best_index_]
    assert search.best_estimator_.n_iter_ == 9


@needs_callbacks
def test_halving_trains_nothing_twice(digits):
    trained = []
    network = clone(NET).set_params(epochs=9).set_callbacks(AfterEpochs(trained.append))
    EpochHalvingSearchCV(network, HALVING, cv=3, refit=False).fit(digits[0] / 255, digits[1])
    assert len(trained) == 3 * (12 * 1 + 4 * 2 + 2 * 6)


def test_halving_in_a_pipeline_with_several_scores(digits):
    pipeline = make_dense_pipeline(hidden_layer_sizes=(16,), epochs=4, random_state=0)
    rates = {"denseclassifier__learning_rate": [0.0001, 0.001, 0.01]}
    settings = {"cv": 3, "scoring": ["accuracy", "neg_log_loss"], "min_resources": 2, "factor": 2}
    search = EpochHalvingSearchCV(pipeline, rates, refit="neg_log_loss", **settings).fit(*digits)
    assert search.n_resources_ == [2, 4]
    assert search.best_score_ == search.cv_results_["mean_test_neg_log_loss"][-2:].max()
    with pytest.raises(ValueError, match="refit names the one that chooses"):
        EpochHalvingSearchCV(pipeline, rates, refit=False, **settings).fit(*digits)


def test_halving_refuses_what_it_cannot_do(digits):
    X, y = digits[0] / 255, digits[1]
    cases = [
        ({"param_grid": {"epochs": [1, 2]}}, "it is the resource"),
        ({"estimator": LogisticRegression()}, "one KerasClassifier"),
        ({"min_resources": 5}, "min_resources=5 is greater than the epochs of the estimator, 4"),
        ({"cv": StratifiedKFold(3, shuffle=True)}, "consistent folds"),
        ({"factor": 1}, "'factor' parameter"),
    ]
    for settings, message in cases:
        search = EpochHalvingSearchCV(**{"estimator": NET, "param_grid": RATES, "cv": 3} | settings)
        before = dict(vars(search))
        with pytest.raises(ValueError, match=message):
            search.fit(X, y)
        assert vars(search) == before
