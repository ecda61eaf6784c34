"""How often two equal models are told apart: the corrected t-test beside the naive one.

Two naive Bayes models see disjoint halves of the features, which are drawn alike: neither is
better. Each data set is drawn anew, and both are scored on the same folds.

    python tests/benchmarks/significance.py
"""

import numpy as np
from _common import heading
from scipy import stats
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.naive_bayes import GaussianNB

from skmnist.significance import compare_on_folds

DATA_SETS = 1000
ROWS, FEATURES, SHIFT = 200, 10, 0.4
LEVEL = 0.05


def scores_of(columns, X, y, splits):
    return np.array(
        [
            np.mean(GaussianNB().fit(X[a][:, columns], y[a]).predict(X[b][:, columns]) == y[b])
            for a, b in splits
        ]
    )


def main():
    heading("False positives of tests on cross-validation scores, at the 5% level")
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=4, random_state=0)
    corrected = naive = 0
    for seed in range(DATA_SETS):
        rng = np.random.default_rng(seed)
        y = np.arange(ROWS) % 2
        X = rng.normal(size=(ROWS, 2 * FEATURES)) + SHIFT * y[:, None]
        splits = list(folds.split(X, y))
        halves = (slice(0, FEATURES), slice(FEATURES, None))
        first, second = (scores_of(half, X, y, splits) for half in halves)
        found = compare_on_folds(first, second, n_train=ROWS * 4 / 5, n_test=ROWS / 5)
        corrected += found.pvalue < LEVEL
        naive += stats.ttest_rel(first, second).pvalue < LEVEL
    print(f"{DATA_SETS} data sets of {ROWS} rows, 5 folds, 4 times")
    print(f"  corrected resampled t-test  {corrected / DATA_SETS:6.1%}")
    print(f"  paired t-test               {naive / DATA_SETS:6.1%}")


if __name__ == "__main__":
    main()
