"""Tuning inside the folds: equal chances for all, and nothing leaks."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from skmnist import compare, learning_curves, make_baseline
from skmnist.comparison.tuning import choices_in_words

mpl.use("Agg")
SMOOTHING = {"gaussiannb__var_smoothing": [1e-9, 0.1]}


@pytest.fixture(scope="module")
def images(digits):
    X, y = digits
    return X[:300], y[:300]


@pytest.fixture(scope="module")
def tuned(images):
    X, y = images
    names = ["gaussian_nb", "linear_svm", "dummy"]
    return compare(names, X, y, cv=2, tune=4, X_test=X[:90], y_test=y[:90], random_state=0)


def test_each_fold_keeps_its_choice_and_its_cost(tuned):
    choices = tuned.choices()
    assert choices[["model", "fold"]].to_numpy().tolist() == [
        [name, fold] for name in ("gaussian_nb", "linear_svm") for fold in (0, 1, -1)
    ]  # the dummy has nothing to tune
    assert (choices["n_candidates"] == 4).all()
    assert (choices[["search_seconds", "refit_seconds"]] > 0).all(axis=None)
    assert set(choices["params"][0]) == {"gaussiannb__var_smoothing"}
    assert tuned.frame().loc["gaussian_nb", "fit_seconds"] == pytest.approx(
        choices.query("model == 'gaussian_nb' and fold >= 0")[["search_seconds", "refit_seconds"]]
        .sum(axis=1)
        .mean()
    )


@pytest.mark.slow
def test_candidates_are_the_same_in_all_folds(images):
    X, y = images
    runs = [compare(["knn"], X, y, cv=3, tune=2, random_state=seed) for seed in (0, 0, 1)]
    chosen = [[str(params) for params in run.choices()["params"]] for run in runs]
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) <= 2  # of six


def test_choices_are_those_of_scikit_learns_search(images):
    X, y = images
    search = GridSearchCV(make_baseline("gaussian_nb"), SMOOTHING, cv=3)
    found = compare({"own": search}, X, y, cv=[(np.arange(200), np.arange(200, 300))])
    by_hand = GridSearchCV(make_baseline("gaussian_nb"), SMOOTHING, cv=3).fit(X[:200], y[:200])
    choice = found.choices().iloc[0]
    assert choice["params"] == by_hand.best_params_
    assert choice["score"] == by_hand.best_score_
    assert found.folds_["score"].tolist() == [by_hand.score(X[200:], y[200:])]


@pytest.mark.slow
def test_tuning_leaks_nothing():
    """Of labels that are noise, the best of many candidates is no better than chance."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(400, 6, 6)).astype("float32")
    y = rng.permutation(np.repeat(np.arange(4), 100))
    names = ["gaussian_nb", "linear_svm", "knn"]
    found = compare(names, X, y, cv=5, tune=6, random_state=0)
    assert (found.frame()["mean"] - 0.25).abs().max() < 0.06
    # whereas the scores inside, by which candidates are chosen, are flattered
    assert found.choices()["score"].mean() > 0.25


@pytest.mark.slow
def test_networks_are_tuned_by_searches_that_stack(images):
    X, y = images
    found = compare(["dense"], X[:200], y[:200], cv=2, tune=2, random_state=0)
    assert type(found.models["dense"]).__name__ == "StackedRandomizedSearchCV"
    assert found.frame().loc["dense", "mean"] > 0.8


def test_choices_in_words(tuned):
    lines = choices_in_words(tuned.choices().assign(search_seconds=1.25))
    name, chosen, seconds = lines[0]
    assert (name, seconds) == ("naive Bayes", "1.2 s")
    assert chosen.startswith("var_smoothing=")
    assert sum(int(part.rpartition("(")[2].rstrip(")")) for part in chosen.split("; ")) == 2


def test_the_report_says_what_was_tuned_and_shows_curves(tuned, images, tmp_path):
    X, y = images
    curves = learning_curves(["gaussian_nb", "dummy"], X, y, sizes=[30, 100], n_draws=2)
    tuned.to_html(tmp_path / "with.html", curves=curves)
    text = (tmp_path / "with.html").read_text()
    assert "the best of 4 candidates" in text
    assert "var_smoothing=" in text
    assert "Means over 2 draws" in text
    assert ">100 rows</th>" in text
    curves.to_html(tmp_path / "alone.html", title="Curves")
    alone = (tmp_path / "alone.html").read_text()
    assert "Ahead with 100 rows is naive Bayes" in alone
    assert "What was tuned" not in alone
    compare(["dummy"], X, y, cv=2).to_html(tmp_path / "without.html")
    without = (tmp_path / "without.html").read_text()
    assert not any(words in without for words in ("What was tuned", "Learning curves"))


@pytest.mark.parametrize("number", [0, 1, 7])
def test_numbers_of_candidates_that_grids_do_not_hold_are_refused(images, number):
    with pytest.raises(ValueError, match=rf"from 2 to 6, the candidates of 'knn'; got {number}\."):
        compare(["dummy", "knn"], *images, tune=number)


def test_own_models_bring_their_own_search(images):
    with pytest.raises(ValueError, match="Pass models of your own as searches"):
        compare({"own": GaussianNB()}, *images, tune=4)
    untuned = compare({"own": GaussianNB()}, images[0].reshape(300, -1), images[1], cv=2)
    assert untuned.choices().empty
