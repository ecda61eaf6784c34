"""Significance: whether two classifiers differ by more than chance. Numbers in, numbers out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

__all__ = [
    "Accuracy",
    "FoldsTest",
    "accuracy",
    "compare_on_folds",
    "holm",
    "mcnemar",
    "on_more_folds",
]


class FoldsTest(NamedTuple):
    """Tests of the difference between two models on the same folds.

    Parameters
    ----------
    difference : float
        Mean of the first's scores minus the second's.
    low, high : float
        95% confidence interval of the difference.
    effect_size : float
        The difference in standard deviations of the folds' differences.
    pvalue : float
        Of the corrected resampled t-test, two-sided.
    worse, alike, better : float
        Probability that the first is worse by more than the region of practical equivalence, within
        it, better by more.
    """

    difference: float
    low: float
    high: float
    effect_size: float
    pvalue: float
    worse: float
    alike: float
    better: float


def compare_on_folds(
    first: ArrayLike, second: ArrayLike, *, n_train: float, n_test: float, rope: float = 0.005
) -> FoldsTest:
    """Compare two models by their scores on the same folds of a cross-validation.

    It may be repeated, which makes the verdict surer. Training sets of folds overlap, so scores are
    not independent: the variance of their mean is taken to be ``1 / n + n_test / n_train``
    times that of the differences instead of ``1 / n`` [1]_. The same scale serves the Bayesian
    verdict, whose posterior is Student's t [2]_.

    Parameters
    ----------
    first, second : array-like of shape (n_folds,)
        Scores, fold by fold.
    n_train, n_test : float
        Rows that a fold trains on, and is scored on.
    rope : float, default=0.005
        Half the width of the region of practical equivalence: a difference below it matters to
        nobody.

    Returns
    -------
    FoldsTest
        The comparison.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52,
       239-281, 2003.
    .. [2] A. Benavoli, G. Corani, J. Demšar and M. Zaffalon, "Time for a change: a tutorial for
       comparing multiple classifiers through Bayesian analysis", JMLR 18(77), 1-36, 2017.

    Examples
    --------
    >>> from skmnist.significance import compare_on_folds
    >>> found = compare_on_folds([0.9, 0.92, 0.91], [0.88, 0.89, 0.9], n_train=200, n_test=100)
    >>> round(found.difference, 3), round(found.pvalue, 3)
    (0.02, 0.16)
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n = len(differences)
    if n < 2:
        raise ValueError(f"A comparison on folds needs 2 or more of them; got {n}.")
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    scale = deviation * np.sqrt(1 / n + n_test / n_train)
    if scale < 1e-12:  # the same on all folds: a t distribution without width
        sure = float(abs(mean) > 1e-12)
        below, above = float(mean < -rope), float(mean > rope)
        effect = float(np.sign(mean) * np.inf) if sure else 0.0
        return FoldsTest(mean, mean, mean, effect, 1 - sure, below, 1 - below - above, above)
    return _student(mean, deviation, scale, n - 1, rope)


def on_more_folds(
    found: FoldsTest, n_folds: int, times: int, overlap: float, rope: float
) -> FoldsTest:
    """Foretell a comparison on more folds, if these differ as those that were seen.

    Parameters
    ----------
    found : FoldsTest
        The comparison on the folds that were seen.
    n_folds : int
        How many these are.
    times : int
        How many times as many there would be.
    overlap : float
        Rows that a fold is scored on over rows that it trains on.
    rope : float
        Half the width of the region of practical equivalence.

    Returns
    -------
    FoldsTest
        The comparison on ``times * n_folds`` folds.
    """
    if found.effect_size == 0 or not np.isfinite(found.effect_size):
        return found
    deviation = abs(found.difference / found.effect_size)
    n = times * n_folds
    scale = deviation * float(np.sqrt(1 / n + overlap))
    return _student(found.difference, deviation, scale, n - 1, rope)


def _student(mean: float, deviation: float, scale: float, df: int, rope: float) -> FoldsTest:
    posterior = stats.t(df=df, loc=mean, scale=scale)
    low, high = posterior.interval(0.95)
    pvalue = 2 * stats.t.sf(abs(mean) / scale, df=df)
    worse, better = float(posterior.cdf(-rope)), float(posterior.sf(rope))
    return FoldsTest(
        mean,
        float(low),
        float(high),
        mean / deviation,
        float(pvalue),
        worse,
        1 - worse - better,
        better,
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Test whether two models err equally often on the same test set, exactly.

    Parameters
    ----------
    only_first : int
        Rows that only the first has right.
    only_second : int
        Rows that only the second has right.

    Returns
    -------
    float
        Two-sided p value of the binomial test on the rows where just one is right [1]_.

    References
    ----------
    .. [1] Q. McNemar, "Note on the sampling error of the difference between correlated proportions
       or percentages", Psychometrika 12, 153-157, 1947; exact form by the binomial distribution.

    Examples
    --------
    >>> from skmnist.significance import mcnemar
    >>> round(mcnemar(15, 4), 5)
    0.01921
    """
    n = only_first + only_second
    return float(stats.binomtest(only_first, n).pvalue) if n else 1.0


def holm(pvalues: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values for their number.

    Parameters
    ----------
    pvalues : array-like of shape (n_tests,)
        Of tests that are looked at together.

    Returns
    -------
    ndarray of shape (n_tests,)
        Holm's adjusted p values [1]_: rejecting those below a level keeps the probability of any
        false rejection below it.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
       of Statistics 6, 65-70, 1979.

    Examples
    --------
    >>> from skmnist.significance import holm
    >>> holm([0.01, 0.04, 0.03]).round(6).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(pvalues, dtype=float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


class Accuracy(NamedTuple):
    """An accuracy with its 95% confidence interval.

    Parameters
    ----------
    value : float
        Share of rows that were classified rightly.
    low, high : float
        Limits of the interval.
    """

    value: float
    low: float
    high: float

    @property
    def interval(self) -> str:
        """The interval in a sentence."""
        return f"{self.low:.2%} to {self.high:.2%}"

    def __str__(self) -> str:
        return f"{self.value:.2%} ({100 * self.low:.2f} to {self.high:.2%})"


def accuracy(n_right: int, n: int) -> Accuracy:
    """Compute an accuracy and its 95% confidence interval.

    Parameters
    ----------
    n_right : int
        Rows that were classified rightly.
    n : int
        All rows.

    Returns
    -------
    Accuracy
        With Wilson's interval [1]_.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22(158), 209-212, 1927.

    Examples
    --------
    >>> from skmnist.significance import accuracy
    >>> print(accuracy(9800, 10_000))
    98.00% (97.71 to 98.26%)
    """
    limits = stats.binomtest(n_right, n).proportion_ci(method="wilson")
    return Accuracy(n_right / n, float(limits.low), float(limits.high))
