"""How often verdicts are right: pairs of equal models, and of models 1, 3 and 6 points apart.

Each data set is drawn anew: two classes of normal features, alike for both models, of which one
sees clearer ones. A model is the line between the classes' means. Both are scored on the same
folds; beside the verdicts stands the corrected resampled t-test at 5%.

    python tests/benchmarks/verdicts.py
"""

import numpy as np
from _common import heading
from sklearn.model_selection import RepeatedStratifiedKFold

from skmnist.comparison.verdicts import verdict_of
from skmnist.significance import compare_on_folds

DATA_SETS = 1000
ROWS, FEATURES, SHIFT = 1000, 10, 0.7
GAPS = (0, 1, 3, 6)  # points
SCHEMES = {"5 folds": (5, 1), "5 folds, 2 times": (5, 2), "10 folds, 10 times": (10, 10)}
Y = np.arange(ROWS) % 2


def held_out(n_folds, n_repeats):
    """Give a mask of the rows that each fold leaves out, of shape (n_folds, n_rows)."""
    folds = RepeatedStratifiedKFold(n_splits=n_folds, n_repeats=n_repeats, random_state=0)
    out = np.zeros((n_folds * n_repeats, ROWS), bool)
    for fold, (_, test) in enumerate(folds.split(Y, Y)):
        out[fold, test] = True
    return out


def draw(rng, shift):
    """Draw the features that a model sees."""
    return rng.normal(size=(ROWS, FEATURES)) + shift * Y[:, None]


def scores(X, out):
    """Score the line between the classes' means on the rows left out, fold by fold."""
    of_class = [(~out & (label == Y)).astype(float) for label in (0, 1)]
    low, high = (mask @ X / mask.sum(axis=1, keepdims=True) for mask in of_class)
    above = (((high + low) / 2 * (high - low)).sum(axis=1) < (X @ (high - low).T)).T
    return ((above == Y) & out).sum(axis=1) / out.sum(axis=1)


def shift_for(gap, out):
    """Find the shift at which a model is so many points behind, on 400 data sets."""
    rngs = [np.random.default_rng([7, seed]) for seed in range(400)]
    noise = [rng.normal(size=(ROWS, FEATURES)) for rng in rngs]

    def mean(shift):
        return np.mean([scores(each + shift * Y[:, None], out).mean() for each in noise])

    best, (low, high) = mean(SHIFT), (0.2, SHIFT)
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if best - mean(middle) > gap / 100 else (low, middle)
    return high


def main():
    heading("Verdicts on two models")
    print(f"{DATA_SETS} data sets of {ROWS} rows; within half a point is practically the same")
    print(
        f"  {'':<20}{'apart':>6}{'better':>9}{'same':>9}{'undecided':>11}{'worse':>9}{'t-test':>9}"
    )
    for name, scheme in SCHEMES.items():
        out = held_out(*scheme)
        n_test = out.sum() / len(out)
        for gap in GAPS:
            shift = shift_for(gap, held_out(5, 1)) if gap else SHIFT
            verdicts, differ = [], 0
            for seed in range(DATA_SETS):
                rng = np.random.default_rng([gap, seed])
                first, second = scores(draw(rng, SHIFT), out), scores(draw(rng, shift), out)
                found = compare_on_folds(first, second, n_train=ROWS - n_test, n_test=n_test)
                verdicts.append(verdict_of(found))
                differ += found.pvalue < 0.05
            shares = (
                verdicts.count(v) / DATA_SETS for v in ("better", "same", "undecided", "worse")
            )
            better, same, undecided, worse = shares
            print(
                f"  {name:<20}{gap:>6}{better:>9.1%}{same:>9.1%}{undecided:>11.1%}{worse:>9.1%}"
                f"{differ / DATA_SETS:>9.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
