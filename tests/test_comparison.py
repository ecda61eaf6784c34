import re
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from statsmodels.stats.proportion import proportion_confint

from skmnist import Comparison, ErrorsDisplay, compare, make_baseline
from skmnist.comparison import FoldResult
from skmnist.comparison.verdicts import more_folds, verdict_of
from skmnist.significance import compare_on_folds, on_more_folds

mpl.use("agg")


@pytest.fixture(scope="module")
def images(digits):
    X, y = digits
    return X[:200], y[:200]


def test_frame_summarises_the_folds(images):
    found = compare(["dummy", "gaussian_nb"], *images, cv=3, random_state=0)
    frame = found.frame()
    assert list(frame.index) == ["gaussian_nb", "dummy"]  # the best first
    columns = ["mean", "std", "fit_seconds", "predict_us", "n_bytes", "pareto"]
    assert list(frame.columns) == columns
    scores = found.folds_.query("model == 'gaussian_nb'")["score"]
    assert frame.loc["gaussian_nb", "mean"] == pytest.approx(scores.mean())
    assert frame.loc["gaussian_nb", "std"] == pytest.approx(np.std(scores, ddof=1))
    assert (frame[["fit_seconds", "predict_us", "n_bytes"]] > 0).all(axis=None)
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
    with pytest.raises(TypeError, match="a list of names: \\['dummy'\\]"):
        compare("dummy", X, y)
    with pytest.raises(ValueError, match="passed together"):
        compare(["dummy"], X, y, X_test=X)
    with pytest.raises(ValueError, match="no model 'svm'; there are dense, conv, dummy"):
        compare(["svm"], X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare(["dummy"], X, y[:-1])


def test_estimators_passed_in_are_not_changed(images):
    model = make_baseline("extra_trees", n_estimators=5)
    compare({"trees": model}, *images, cv=2, random_state=0)
    assert model[-1].random_state is None
    assert not hasattr(model[-1], "classes_")


MODELS = ["gaussian_nb", "knn", "dummy"]


@pytest.fixture(scope="module")
def found(digits):
    X, y = digits
    return compare(
        MODELS, X[:300], y[:300], cv=4, X_test=X[300:500], y_test=y[300:500], random_state=0
    )


def test_costs_and_who_is_not_beaten():
    def result(model, fold, score, seconds):
        return FoldResult(model, fold, score, seconds, 0.001, 20, 10, 1000, np.zeros(10))

    scores = {"a": (0.5, 1.0), "b": (0.6, 2.0), "c": (0.55, 3.0)}
    results = [result(m, fold, s + fold / 10, t) for m, (s, t) in scores.items() for fold in (0, 1)]
    frame = Comparison(
        results, scoring="accuracy", models={}, scored=[], folds=(None, None)
    ).frame()
    assert frame["pareto"].to_dict() == {"b": True, "c": False, "a": True}
    assert frame.loc["a", ["mean", "fit_seconds", "predict_us"]].tolist() == pytest.approx(
        [0.55, 1.0, 100.0]
    )


def test_pairs_and_words(found, digits):
    pairs = found.pairwise()
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        ("knn", "gaussian_nb"),
        ("knn", "dummy"),
        ("gaussian_nb", "dummy"),
    ]
    scores = found.folds_.set_index(["fold", "model"])["score"]
    difference = (scores.xs("knn", level=1) - scores.xs("dummy", level=1)).mean()
    assert pairs.loc[1, "difference"] == pytest.approx(difference)
    assert (pairs["pvalue_holm"] >= pairs["pvalue"]).all()
    frame = found.frame()
    n_ahead = pairs.loc[1, "only_first"] - pairs.loc[1, "only_second"]
    assert n_ahead / 200 == pytest.approx(frame.loc["knn", "test"] - frame.loc["dummy", "test"])


SAID = re.compile(
    r"K nearest neighbours "
    r"(beats .* by [\d.]+ points \(-?[\d.]+ to [\d.]+\): .*% sure"
    r"|leads .* by [\d.]+ points \(-?[\d.]+ to [\d.]+\), undecided: better with .*%; .* folds .*)"
)


def test_verdicts_say_how_much_and_how_sure(found):
    said = found.verdicts()
    assert len(said) == 4
    assert all(SAID.fullmatch(line) for line in said[:2]), said
    assert said[1].startswith("K nearest neighbours beats dummy by ")
    alone = found.pairwise()["only_first"]
    for line, n_rows in zip(said[2:], alone, strict=False):
        assert f"k nearest neighbours alone is right on {n_rows} rows" in line
    assert len(found.verdicts(all_pairs=True)) == 6
    assert "are practically the same" in found.verdicts(rope=0.5)[0]


def test_twins_are_the_same(digits):
    twins = {"one": make_baseline("gaussian_nb"), "two": make_baseline("gaussian_nb")}
    X, y = (part[:300] for part in digits)
    same = "One and two are practically the same, 0.0 points (0.0 to 0.0) apart"
    assert compare(twins, X, y, cv=2, random_state=0).verdicts() == [
        f"{same}: more than 99.9% sure within 0.5 points"
    ]


def test_more_folds_may_decide():
    spread = np.array([-1, -0.5, 0, 0.5, 1]) / np.std([-1, -0.5, 0, 0.5, 1], ddof=1)
    near, far = (
        compare_on_folds(0.9 + ahead + 0.012 * spread, np.full(5, 0.9), n_train=4, n_test=1)
        for ahead in (0.02, 0.008)
    )
    assert verdict_of(near) == verdict_of(far) == "undecided"
    assert more_folds(near, 5, 1 / 4, 0.005) == 2
    assert verdict_of(on_more_folds(near, 5, 2, 1 / 4, 0.005)) == "better"
    assert more_folds(far, 5, 1 / 4, 0.005) is None


def test_predictions_and_mistakes(found, digits):
    X, y = digits
    truth, predicted = found.predictions("gaussian_nb")
    assert np.array_equal(truth, y[300:500])
    assert np.mean(truth == predicted) == pytest.approx(found.frame().loc["gaussian_nb", "test"])
    errors = found.errors("gaussian_nb")
    refitted = make_baseline("gaussian_nb").fit(X[:300], y[:300])
    expected = ErrorsDisplay.from_estimator(refitted, X[300:500], y[300:500]).frame()
    assert errors.frame()["index"].tolist() == expected["index"].tolist()
    on_folds = compare(["linear_svm"], X[:100], y[:100], cv=2, random_state=0)
    assert np.array_equal(on_folds.predictions("linear_svm")[0], y[:100])
    with pytest.raises(ValueError, match="estimates no probabilities"):
        on_folds.errors("linear_svm")
    with pytest.raises(ValueError, match="no model 'svm'; there are linear_svm"):
        on_folds.errors("svm")


def test_markdown(found):
    lines = found.to_markdown().splitlines()
    assert lines[0].startswith("| model | mean ± std of folds | test set")
    assert len(lines) == 2 + 3
    assert len({line.count("|") for line in lines}) == 1


class Page(HTMLParser):
    """What a page asks for from elsewhere, and the text in it."""

    def __init__(self, text):
        super().__init__()
        self.asked, self.tags, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.asked += [v for k, v in attrs if k in ("src", "href", "srcset", "action", "data")]

    def handle_data(self, data):
        self.text += data


def test_the_report_needs_nothing_from_elsewhere(found, tmp_path):
    path = tmp_path / "report.html"
    found.to_html(path, title="<b>Digits</b>", made_by="skmnist compare --models 'a<b'")
    text = path.read_text()
    page = Page(text)
    assert page.asked
    assert all(value.startswith("data:image/png;base64,") for value in page.asked)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert "@import" not in text
    assert "url(" not in text
    assert "<b>Digits</b>" in page.text  # as text, not as a tag
    assert "skmnist compare --models 'a<b'" in page.text
    for words in (
        "K nearest neighbours beats dummy",
        "Worst mistakes",
        "Confusions",
        "scikit-learn",
    ):
        assert words in page.text
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_names_of_models_are_escaped_in_the_report(images, tmp_path):
    name = "<script>alert('1')</script>"
    found = compare({name: GaussianNB(), "other": GaussianNB()}, *images, cv=2)
    found.to_html(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    page = Page(text)
    assert "script" not in page.tags
    assert "<script" not in text
    assert f"Ahead is {name}, with" in page.text  # the summary
    assert f"{name} and other are practically the same" in page.text  # the verdict
    assert f"True and predicted labels of {name}" in page.text  # a caption


def test_a_report_that_fails_leaves_nothing(found, tmp_path, monkeypatch):
    (tmp_path / "report.html").write_text("old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        found.to_html(tmp_path / "report.html")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "old"


def test_a_comparison_with_one_model_or_another_score(digits, tmp_path):
    X, y = digits[0][:120], digits[1][:120]
    one = compare(["dummy"], X, y, cv=2, scoring="neg_log_loss", random_state=0)
    assert one.verdicts() == []
    one.to_html(tmp_path / "one.html")
    one.plot("scores")
    one.plot("cost")
