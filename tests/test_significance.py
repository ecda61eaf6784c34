"""The statistics, against scipy, statsmodels and published worked examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from skmnist.significance import accuracy, compare_on_folds, holm, mcnemar

EXACT = {"rel": 1e-9, "abs": 1e-12}


def test_without_overlap_it_is_the_paired_t_test():
    """With n_test / n_train = 0 the correction is none."""
    first, second = np.random.default_rng(0).normal(0.9, 0.01, (2, 10))
    ours = compare_on_folds(first, second, n_train=1, n_test=0)
    theirs = stats.ttest_rel(first, second)
    assert ours.pvalue == pytest.approx(theirs.pvalue, **EXACT)
    interval = theirs.confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), **EXACT)


def test_the_correction_by_hand():
    """Ten folds, a ninth as many test rows as training rows: variance times 1/10 + 1/9."""
    differences = np.array([0.01, 0.03, -0.01, 0.02, 0.02, 0.0, 0.04, 0.01, 0.02, 0.03])
    found = compare_on_folds(differences + 0.5, np.full(10, 0.5), n_train=90, n_test=10)
    t = differences.mean() / np.sqrt((1 / 10 + 1 / 9) * differences.var(ddof=1))
    assert found.pvalue == pytest.approx(2 * stats.t.sf(t, 9), **EXACT)
    assert found.effect_size == pytest.approx(differences.mean() / differences.std(ddof=1))
    posterior = stats.t(9, differences.mean(), differences.mean() / t)
    assert found.better == pytest.approx(posterior.sf(0.005), **EXACT)
    assert found.worse == pytest.approx(posterior.cdf(-0.005), **EXACT)
    assert found.worse + found.alike + found.better == pytest.approx(1)


def test_scikit_learns_worked_example():
    """The documentation of scikit-learn, "statistical comparison of models using grid search", uses
    the same correction: its function, written out."""
    rng = np.random.default_rng(1)
    differences = rng.normal(0.003, 0.01, 100)
    n_train, n_test = 90, 10
    corrected_std = np.sqrt(np.var(differences, ddof=1) * (1 / 100 + n_test / n_train))
    t = np.mean(differences) / corrected_std
    ours = compare_on_folds(differences, np.zeros(100), n_train=n_train, n_test=n_test)
    assert ours.pvalue == pytest.approx(2 * stats.t.sf(np.abs(t), 99), **EXACT)


def test_models_that_are_always_the_same():
    same = compare_on_folds([0.9, 0.8], [0.9, 0.8], n_train=2, n_test=1)
    assert (same.pvalue, same.alike, same.effect_size) == (1, 1, 0)
    ahead = compare_on_folds([0.9, 0.8], [0.8, 0.7], n_train=2, n_test=1)
    assert (ahead.pvalue, ahead.better, ahead.alike, ahead.effect_size) == (0, 1, 0, np.inf)
    behind = compare_on_folds([0.8, 0.7], [0.9, 0.8], n_train=2, n_test=1)
    assert (behind.worse, behind.alike, behind.effect_size) == (1, 0, -np.inf)
    with pytest.raises(ValueError, match="2 or more"):
        compare_on_folds([0.9], [0.8], n_train=2, n_test=1)


@given(
    hnp.arrays(float, 6, elements=st.floats(0, 1)), hnp.arrays(float, 6, elements=st.floats(0, 1))
)
def test_swapping_models_swaps_the_verdict(first, second):
    one = compare_on_folds(first, second, n_train=5, n_test=1)
    other = compare_on_folds(second, first, n_train=5, n_test=1)
    assert one.pvalue == pytest.approx(other.pvalue, abs=1e-9)
    assert one.worse == pytest.approx(other.better, abs=1e-9)
    assert one.difference == pytest.approx(-other.difference)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_statsmodels(only_first, only_second):
    theirs = mcnemar_of_statsmodels([[10, only_first], [only_second, 5]], exact=True).pvalue
    if only_first + only_second:
        assert mcnemar(only_first, only_second) == pytest.approx(theirs, **EXACT)
    else:
        assert mcnemar(0, 0) == 1


def test_mcnemars_worked_example():
    """A. Agresti, Categorical Data Analysis, table 10.1 has 150 and 86; far from even."""
    assert mcnemar(150, 86) == pytest.approx(stats.binomtest(86, 236).pvalue, **EXACT)
    assert mcnemar(150, 86) < 0.0001


@pytest.mark.slow
@settings(max_examples=10)  # statsmodels collects garbage at each call
@given(hnp.arrays(float, st.integers(1, 12), elements=st.floats(0, 1)))
def test_holm_is_statsmodels(pvalues):
    np.testing.assert_allclose(holm(pvalues), multipletests(pvalues, method="holm")[1], atol=1e-12)


@given(st.integers(1, 10_000), st.data())
def test_wilson_is_statsmodels(n, data):
    right = data.draw(st.integers(0, n))
    theirs = proportion_confint(right, n, method="wilson")
    assert accuracy(right, n) == pytest.approx((right / n, *theirs), rel=1e-9, abs=1e-9)
