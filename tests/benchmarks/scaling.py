"""A grid search on Dask workers beside the same one in this process, on the bundled digits.

Seconds warm, bytes that cross the loopback device for a task, and the time that a task takes beside
its work; from these constants, an estimate for 10,000 fits on N workers of one core each.

    python tests/benchmarks/scaling.py
"""

import functools

import psutil
from _common import alternate, heading, seconds, table
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV

from skmnist import StackedGridSearchCV, dask_backend, load_digits28, make_dense_pipeline

RATES = [0.0005 * 1.3**i for i in range(6)]
FOLDS = 5
N_FITS = 10_000


def fit_twice(network, X, y):
    """Fit on a worker; gives the seconds of the second time, which compiles nothing."""
    network.fit(X, y)
    return seconds(lambda: network.fit(X, y))


def on(cluster, search, X, y):
    """Search on a cluster; nothing is refitted."""
    with Client(cluster) as client, parallel_config(backend=dask_backend(client)):
        search.fit(X, y)


def loopback():
    """Bytes sent so far between processes of this machine."""
    return psutil.net_io_counters(pernic=True)["lo"].bytes_sent


def main() -> None:
    heading("Scaling out with Dask")
    X, y = load_digits28(return_X_y=True)
    grid = {"denseclassifier__learning_rate": RATES}
    n_fits = len(RATES) * FOLDS
    settings = {"threads_per_worker": 1, "dashboard_address": ":0"}
    network = make_dense_pipeline(hidden_layer_sizes=(512, 256, 128, 32), epochs=10, random_state=0)
    plain = GridSearchCV(network, grid, cv=FOLDS, refit=False)
    stacked = StackedGridSearchCV(network, grid, cv=FOLDS, refit=False)
    empty = GridSearchCV(DummyClassifier(), {"random_state": [*range(60)]}, cv=FOLDS, refit=False)
    with LocalCluster(n_workers=2, **settings) as two:
        calls = {
            "GridSearchCV, two workers": functools.partial(on, two, plain, X, y),
            "GridSearchCV, this process, both cores": functools.partial(plain.fit, X, y),
            "StackedGridSearchCV, two workers": functools.partial(on, two, stacked, X, y),
            "StackedGridSearchCV, this process": functools.partial(stacked.fit, X, y),
        }
        for call in calls.values():
            call()
        before = loopback()
        calls["GridSearchCV, two workers"]()
        a_task = (loopback() - before) / n_fits
        times = alternate(calls, 2)
        table(f"{n_fits} fits of the lesson's network, 10 epochs of 1,797 x 784", times)
        on(two, empty, X, y)
        overhead = seconds(functools.partial(on, two, empty, X, y)) / (60 * FOLDS)
        with Client(two) as client:
            fit = client.submit(fit_twice, network, X, y).result()
            start = seconds(client.restart)
    print(f"bytes that travel: {a_task:,.0f} a task; the images themselves are {X.nbytes:,}")
    print(
        f"beside its work a task takes {1000 * overhead:.1f} ms of the scheduler and this process"
    )
    print(f"a warm fit on one core takes {fit:.2f} s; a new worker is there after {start:.1f} s")
    print(f"\nEstimate for {N_FITS:,} such fits, by max(fits x fit / N, fits x overhead) + start:")
    for n_workers in (1, 2, 8, 32, 128):
        busy = N_FITS * max(fit / n_workers, overhead) + start
        print(f"  {n_workers:>4} workers {busy / 60:8.1f} minutes")


if __name__ == "__main__":
    main()
