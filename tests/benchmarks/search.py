"""Grid search: 12 candidates, 5 folds, the lesson's network, 10 epochs, without a refit.

Ours in stacks, with epoch halving and one by one; the matrix products of these fits alone, which
no way of training can save; scikeras and `MLPClassifier` in scikit-learn's `GridSearchCV`, each
with 1 and with 2 workers. Everything begins cold: starting workers, tracing and compiling are
counted. On MNIST's rows the peers fit the share of the candidates that is printed, and are compared
by seconds a fit.

    SKMNIST_DATA_HOME=... python tests/benchmarks/search.py [digits] [mnist]
"""

import itertools
import sys
import time
import warnings

import numpy as np
from _common import heading, mnist, peers
from joblib.externals.loky import get_reusable_executor
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skmnist import (
    DenseClassifier,
    EpochHalvingSearchCV,
    StackedGridSearchCV,
    recipes,
)
from skmnist.engine import clear_programs

warnings.simplefilter("ignore")
LAYERS = recipes.LESSON["hidden_layer_sizes"]
RATES = np.geomspace(2e-4, 2e-3, 12).round(6).tolist()

DENSE = DenseClassifier(**recipes.LESSON | {"validation_split": 0.0}, random_state=0)


def timed(search, X, y):
    """Fit from cold; gives seconds and the search."""
    clear_programs()
    get_reusable_executor().shutdown()
    start = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - start, search


def products_of_a_fit(n_rows, n_features, n_classes):
    """Time the matrix products of one fit alone, in NumPy: what no way of training can save."""
    widths = [n_features, *LAYERS, n_classes]
    batch = DENSE.batch_size
    rng = np.random.default_rng(0)
    kernels = [rng.random(shape, np.float32) for shape in itertools.pairwise(widths)]
    values = [rng.random((batch, width), np.float32) for width in widths]

    def step():
        for i, kernel in enumerate(kernels):
            values[i] @ kernel  # forward
            values[i].T @ values[i + 1]  # the kernel's gradient
            if i:
                values[i + 1] @ kernel.T  # the gradient of what came in

    for _ in range(20):
        step()
    n_steps = -(-n_rows // batch)
    start = time.perf_counter()
    for _ in range(n_steps):
        step()
    return DENSE.epochs * (time.perf_counter() - start)


def compare(title, X, y, candidates_of_peers):
    rates = {"learning_rate": RATES}
    settings = {"cv": 5, "refit": False}
    n_fits = 5 * len(RATES)
    print(f"{title}: {len(RATES)} learning rates, 5 folds")
    print(f"  {'':<46}{'fits':>5}{'seconds':>9}{'a fit':>8}  times ours")
    floor = products_of_a_fit(len(X) * 4 // 5, X.shape[1], 10)
    ours, stacked = timed(StackedGridSearchCV(DENSE, rates, **settings), X, y)
    print(f"  {'skmnist, StackedGridSearchCV':<46}{n_fits:5}{ours:9.1f}{ours / n_fits:8.3f}")
    line = f"{n_fits:5}{floor * n_fits:9.1f}{floor:8.3f}  {floor * n_fits / ours:6.2f}"
    print(f"  {'its matrix products alone, NumPy':<46}{line}")
    halved_in, halved = timed(EpochHalvingSearchCV(DENSE, rates, **settings), X, y)
    line = f"{n_fits:5}{halved_in:9.1f}{halved_in / n_fits:8.3f}  {halved_in / ours:6.2f}"
    print(f"  {'skmnist, EpochHalvingSearchCV':<46}{line}")
    singly, plain = timed(GridSearchCV(DENSE, rates, **settings), X, y)
    line = f"{n_fits:5}{singly:9.1f}{singly / n_fits:8.3f}  {singly / ours:6.2f}"
    print(f"  {'skmnist, one by one in GridSearchCV':<46}{line}")
    some = RATES[:: len(RATES) // candidates_of_peers]
    rate_of = {"MLPClassifier": "learning_rate_init", "scikeras": "optimizer__learning_rate"}
    for name, peer in peers().items():
        grid = {rate_of[name]: some}
        for n_jobs in (1, 2):
            search = GridSearchCV(peer, grid, n_jobs=n_jobs, **settings)
            took, _ = timed(search, X, y)
            fits = 5 * len(some)
            a_fit = took / fits
            line = f"{fits:5}{took:9.1f}{a_fit:8.3f}  {a_fit / (ours / n_fits):6.2f}"
            line += f"  ({a_fit / (halved_in / n_fits):.1f} times halving)"
            print(f"  {f'{name} in GridSearchCV, n_jobs={n_jobs}':<46}{line}", flush=True)
    agree(stacked, plain, halved)


def agree(stacked, plain, halved):
    """Print how far the scores and the winners of the three searches are apart."""
    ours, theirs = (s.cv_results_["mean_test_score"] for s in (stacked, plain))
    best = int(np.argmax(theirs))
    error = plain.cv_results_["std_test_score"][best] * np.sqrt(1 / 4)  # of a mean of 5, ddof 1
    second = np.sort(theirs)[-2]
    won = theirs[RATES.index(halved.best_params_["learning_rate"])]
    print(
        f"  mean scores, stacked against one by one: at most {abs(ours - theirs).max():.4f} apart"
    )
    print(
        f"  winners: stacked {stacked.best_params_['learning_rate']}, "
        f"one by one {plain.best_params_['learning_rate']}, "
        f"halving {halved.best_params_['learning_rate']}"
    )
    print(
        f"  the best is {theirs[best]:.4f} with a standard error of {error:.4f}; the second best "
        f"{theirs[best] - second:.4f} below, halving's winner {theirs[best] - won:.4f} below\n"
    )


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["digits", "mnist"]
    heading("Grid search")
    if "digits" in chosen:
        X, y = load_digits(return_X_y=True)
        compare("Bundled digits, 1,797 x 64", (X / 16).astype(np.float32), y, 12)
    if "mnist" in chosen:
        X, y, *_ = mnist()
        compare("MNIST, first 10,000 images", X[:10_000], y[:10_000], 2)
