"""Searches on a real Dask cluster of two processes give the numbers of one, also when one dies."""

import os
import signal
import threading
import time

import dask
import numpy as np
import pytest
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV

from skmnist import (
    EpochHalvingSearchCV,
    StackedGridSearchCV,
    compare,
    dask_backend,
    engine,
    make_dense_pipeline,
)

pytestmark = [
    pytest.mark.slow,
    # what Dask itself leaves open when a worker is killed, or when a cluster is closed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
GRID = {"denseclassifier__learning_rate": [0.001, 0.002, 0.004, 0.008, 0.016, 0.032]}


@pytest.fixture(scope="module")
def client():
    # A LocalCluster looks again this long after it lost a worker, and gives the worker up if it is
    # missing then: by default after 15 s, when the next test may just have killed it once more.
    patience = {"distributed.deploy.lost-worker-timeout": "1 hour"}
    with (
        dask.config.set(patience),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def images(digits):
    return digits[0][:600], digits[1][:600]


def small(epochs=4, units=32):
    return make_dense_pipeline(hidden_layer_sizes=(units,), epochs=epochs, random_state=0)


def kill_one(client, after):
    """Kill a worker as it works."""

    def kill():
        time.sleep(after)
        os.kill(next(iter(pids)), signal.SIGKILL)

    pids = client.run(os.getpid).values()
    killer = threading.Thread(target=kill)
    killer.start()
    return killer


@pytest.mark.parametrize("search", [GridSearchCV, StackedGridSearchCV, EpochHalvingSearchCV])
def test_a_search_gives_the_same_numbers(search, client, images):
    alone = search(small(), GRID, cv=3, refit=False).fit(*images).cv_results_
    with parallel_config(backend=dask_backend(client)):
        shared = search(small(), GRID, cv=3, refit=False).fit(*images).cv_results_
    np.testing.assert_array_equal(shared["mean_test_score"], alone["mean_test_score"])


def test_stacks_are_shared_out(client, images):
    before = client.run(engine.count_traces)
    with parallel_config(backend=dask_backend(client)):
        StackedGridSearchCV(small(units=24), GRID, cv=3, refit=False).fit(*images)
    after = client.run(engine.count_traces)
    assert all(after[worker] > before[worker] for worker in before)


def test_a_comparison_gives_the_same_numbers(client, images):
    models = {"dense": small(), "more": small(8)}
    alone = compare(models, *images, cv=2, random_state=0)
    with parallel_config(backend=dask_backend(client)):
        shared = compare(models, *images, cv=2, random_state=0)
    np.testing.assert_array_equal(shared.folds_["score"], alone.folds_["score"])


@pytest.mark.parametrize("search", [GridSearchCV, StackedGridSearchCV])
def test_a_worker_may_die(search, client, images):
    alone = search(small(60), GRID, cv=3, refit=False).fit(*images).cv_results_
    killer = kill_one(client, after=1.0)
    with parallel_config(backend=dask_backend(client)):
        shared = search(small(60), GRID, cv=3, refit=False).fit(*images).cv_results_
    killer.join()
    np.testing.assert_array_equal(shared["mean_test_score"], alone["mean_test_score"])
    client.wait_for_workers(2, timeout=30)


class Deadly(ClassifierMixin, BaseEstimator):
    """Needs more memory than any worker has."""

    def __init__(self, size=1):
        self.size = size

    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGKILL)

    def predict(self, X):
        return X


def test_a_task_that_kills_its_workers_is_named(client, images):
    search = GridSearchCV(Deadly(), {"size": [7]}, cv=2)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        Client(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")) as other,
        parallel_config(backend=dask_backend(other)),
        pytest.raises(RuntimeError, match=r"ran the candidate \{'size': 7\} on fold \d died"),
    ):
        search.fit(*images)
    other.cluster.close()


def travelled(client):
    """Bytes so far: of messages, which hold tasks and results, and of data from worker to worker.

    Heartbeats, which grow with time, are not among them.
    """

    def of_scheduler(dask_scheduler):
        streams = [*dask_scheduler.stream_comms.values(), *dask_scheduler.client_comms.values()]
        return sum(stream.byte_count for stream in streams)

    def of_worker(dask_worker):
        return dask_worker.batched_stream.byte_count, dask_worker.transfer_outgoing_bytes_total

    workers = np.sum(list(client.run(of_worker).values()), axis=0)
    messages = client.scheduler_comm.byte_count + client.run_on_scheduler(of_scheduler)
    return np.array([messages, 0]) + workers


def test_what_travels_does_not_grow_with_the_candidates(client, images):
    def sent(n_candidates):
        rates = np.geomspace(0.001, 0.01, n_candidates).tolist()
        grid = {"denseclassifier__learning_rate": rates}
        before = travelled(client)
        with parallel_config(backend=dask_backend(client)):
            GridSearchCV(small(1), grid, cv=3, refit=False).fit(*images)
        return travelled(client) - before

    client.wait_for_workers(2)
    sent(2)
    # the least of three: on a busy machine Dask takes a task back and sends it to the other worker
    (few, _), (many, moved) = (np.min([sent(n) for _ in range(3)], axis=0) for n in (2, 12))
    assert 2 < few / images[0].nbytes < 3  # once to the scheduler, once to a worker
    assert moved < 1.5 * images[0].nbytes  # from that to the other once
    assert (many - few) / (10 * 3) < 30_000  # bytes a task
