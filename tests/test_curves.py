"""Learning curves of several models: nested rows, bands, crossings."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skmnist import LearningCurves, learning_curves
from skmnist.comparison import FoldResult

mpl.use("Agg")
SIZES = [40, 100, 300]


SEEN = []
"""What `Watching` models were fitted to."""


class Watching(LogisticRegression):
    def fit(self, X, y):
        SEEN.append((X[:, 0].copy(), y.copy(), self.random_state))
        return super().fit(X, y)


@pytest.fixture(scope="module")
def numbered(digits):
    """Four hundred rows whose first column is their number."""
    X, y = digits[0][:400] / 255, digits[1][:400]
    X[:, 0] = np.arange(400) / 400
    return X, y


@pytest.mark.slow
@pytest.mark.parametrize("has_test", [False, True])
def test_the_fewer_rows_are_among_the_more_and_none_is_scored_on(numbered, has_test):
    SEEN.clear()
    X, y = numbered
    test = {"X_test": X[:50], "y_test": y[:50]} if has_test else {}
    models = {"one": Watching(C=0.1), "two": Watching(C=0.1)}
    found = learning_curves(models, X, y, sizes=[300, 40, 100], n_draws=2, random_state=0, **test)
    assert found.draws_["rows"].tolist() == [40, 40, 100, 100, 300, 300] * 2
    for draw in (SEEN[:6], SEEN[6:]):
        for one, two in zip(draw[::2], draw[1::2], strict=True):
            np.testing.assert_array_equal(one[0], two[0])  # all models see the same
        few, some, many = (set(rows) for rows, _, _ in draw[::2])
        assert few < some < many
        for _, labels, _ in draw:
            counts = np.bincount(labels, minlength=10) / len(labels)
            assert np.abs(counts - np.bincount(y) / len(y)).max() < 0.03
    assert set(SEEN[0][0]) != set(SEEN[6][0])
    first, second = ({seed for _, _, seed in draw} for draw in (SEEN[:6], SEEN[6:]))
    assert len(first) == len(second) == 1  # a draw has a seed of its own, the same for all models
    assert first != second


def curves(**means):
    """Curves with given means at each size, two draws a point apart."""
    results = [
        FoldResult(name, draw, mean + shift, 1.0, 0.0, rows, 100, 10, np.zeros(1))
        for name, values in means.items()
        for rows, mean in zip(SIZES, values, strict=True)
        for draw, shift in enumerate((-0.005, 0.005))
    ]
    return LearningCurves(results, scoring="accuracy")


def test_means_and_intervals():
    frame = curves(a=(0.5, 0.6, 0.7)).frame()
    assert frame["rows"].tolist() == SIZES
    np.testing.assert_allclose(frame["mean"], [0.5, 0.6, 0.7])
    # Student's t of one degree of freedom
    np.testing.assert_allclose(frame["high"] - frame["mean"], 12.7062 * 0.005, rtol=1e-4)


def test_crossings():
    found = curves(steep=(0.5, 0.7, 0.9), flat=(0.6, 0.7, 0.8), low=(0.1, 0.1, 0.1))
    assert found.crossing("steep", "flat") == 100
    assert found.crossing("flat", "steep") is None
    assert found.crossing("flat", "low") == 40
    assert found.crossings() == ["Steep passes flat at about 100 rows"]
    between = curves(steep=(0.5, 0.72, 0.9), flat=(0.52, 0.7, 0.8))
    assert between.crossing("steep", "flat") == round(np.sqrt(40 * 100))
    with pytest.raises(ValueError, match="no model 'other'; there are flat, steep"):
        between.crossing("steep", "other")


def test_the_picture_has_a_line_and_a_band_for_each():
    display = curves(a=(0.5, 0.6, 0.7), gaussian_nb=(0.4, 0.5, 0.6)).plot()
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "a",
        "naive Bayes",
    ]
    assert len(display.ax_.lines) == len(display.ax_.collections) == 2
    assert display.frame()["rows"].tolist() == SIZES * 2


@pytest.mark.parametrize("sizes", [[], [5, 100], [100, 321]])
def test_sizes_that_can_not_be_had_are_refused(numbered, sizes):
    with pytest.raises(ValueError, match="sizes must be from 10, one row a class, to 320"):
        learning_curves(["dummy"], *numbered, sizes=sizes)
