import numpy as np
import pytest
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from statsmodels.stats.proportion import proportion_confint

from skmnist import Comparison, compare, make_baseline
from skmnist.comparison import FoldResult


@pytest.fixture(scope="module")
def images(digits):
    X, y = digits
    return X[:200], y[:200]


def test_frame_summarises_the_folds(images):
    found = compare(["dummy", "gaussian_nb"], *images, cv=3, random_state=0)
    frame = found.frame()
    assert list(frame.index) == ["gaussian_nb", "dummy"]  # the best first
    assert list(frame.columns) == ["mean", "std", "fit_seconds", "predict_us"]
    scores = found.folds_.query("model == 'gaussian_nb'")["score"]
    assert frame.loc["gaussian_nb", "mean"] == pytest.approx(scores.mean())
    assert frame.loc["gaussian_nb", "std"] == pytest.approx(np.std(scores, ddof=1))
    assert (frame[["fit_seconds", "predict_us"]] > 0).all(axis=None)
    assert "gaussian_nb" in repr(found)
    assert "<table" in found._repr_html_()


def test_all_models_see_the_same_folds(images):
    twins = {"one": make_baseline("gaussian_nb"), "two": make_baseline("gaussian_nb")}
    folds = compare(twins, *images, cv=4, random_state=0).folds_
    one, two = (folds.query(f"model == '{name}'")["score"].tolist() for name in twins)
    assert one == two
    assert len(one) == 4


def test_test_set_is_scored_once_with_wilsons_interval(images, digits):
    X, y = digits
    frame = compare(
        ["gaussian_nb"], *images, cv=2, X_test=X[200:400], y_test=y[200:400], random_state=0
    ).frame()
    low, high = proportion_confint(round(frame["test"].iloc[0] * 200), 200, method="wilson")
    assert frame["test_low"].iloc[0] == pytest.approx(low, abs=1e-12)
    assert frame["test_high"].iloc[0] == pytest.approx(high, abs=1e-12)


def test_other_folds_scores_and_jobs(images):
    folds = KFold(3)
    alone = compare({"nb": GaussianNB()}, *images, cv=folds, scoring="f1_macro").folds_
    together = compare({"nb": GaussianNB()}, *images, cv=folds, scoring="f1_macro", n_jobs=2).folds_
    assert alone["score"].tolist() == together["score"].tolist()
    assert alone["n_scored"].tolist() == [67, 67, 66]


def test_equal_seeds_give_equal_scores(images):
    runs = [compare(["extra_trees"], *images, cv=2, random_state=1).folds_ for _ in range(2)]
    assert runs[0]["score"].tolist() == runs[1]["score"].tolist()


def test_callback_sees_each_result(images):
    seen = []
    compare(["dummy"], *images, cv=3, callback=seen.append)
    assert [(r.model, r.fold) for r in seen] == [("dummy", 0), ("dummy", 1), ("dummy", 2)]
    assert all(isinstance(r, FoldResult) for r in seen)


def test_errors(images):
    X, y = images
    with pytest.raises(ValueError, match="nothing to compare"):
        compare([], X, y)
    with pytest.raises(ValueError, match="passed together"):
        compare(["dummy"], X, y, X_test=X)
    with pytest.raises(ValueError, match="no baseline 'svm'"):
        compare(["svm"], X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare(["dummy"], X, y[:-1])


def test_estimators_passed_in_are_not_changed(images):
    model = make_baseline("extra_trees", n_estimators=5)
    compare({"trees": model}, *images, cv=2, random_state=0)
    assert model[-1].random_state is None
    assert not hasattr(model[-1], "classes_")


def test_comparison_of_given_results():
    results = [FoldResult("a", fold, 0.5 + fold / 10, 1.0, 0.001, 10) for fold in range(3)]
    frame = Comparison(results).frame()
    assert frame.loc["a"].tolist() == pytest.approx([0.6, 0.1, 1.0, 100.0])
