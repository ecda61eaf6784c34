"""Fits on the workers of a Dask cluster, of which some may die."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from skmnist._compat.joblib import dask_backend_class

if TYPE_CHECKING:
    from distributed import Client
    from joblib.parallel import ParallelBackendBase

__all__ = ["dask_backend"]


def dask_backend(client: Client) -> ParallelBackendBase:
    """Give joblib's Dask backend, under which a worker may die.

    ``joblib.parallel_config(backend="dask")`` does the same while all workers live, but the data
    that one of them held, and a search with them, are lost when it dies. With this backend they
    are sent again and its tasks are run by the others. Each array goes to each worker once. A task
    that kills one worker after the other ends the search with an error that names it.
    Needs Dask: ``pip install 'skmnist[dask]'``.

    Parameters
    ----------
    client : distributed.Client
        Connected to the cluster.

    Returns
    -------
    joblib.parallel.ParallelBackendBase
        For ``joblib.parallel_config(backend=...)``.

    Raises
    ------
    ImportError
        If Dask is not installed.

    Examples
    --------
    >>> from distributed import Client, LocalCluster  # doctest: +SKIP
    >>> from joblib import parallel_config  # doctest: +SKIP
    >>> with Client(LocalCluster(n_workers=2)) as client:  # doctest: +SKIP
    ...     with parallel_config(backend=dask_backend(client)):
    ...         search.fit(X, y)
    """
    base: Any = dask_backend_class()
    if base is None:
        raise ImportError("dask_backend needs Dask: pip install 'skmnist[dask]'")

    class Backend(base):
        """joblib's backend, which would wait for ever for a task whose workers all died."""

        def submit(self, func: Any, callback: Any = None) -> Any:
            future = super().submit(func, callback)

            def tell(done: Any) -> None:
                if done.exception() is not None:
                    callback(_Lost(func, done.exception()))

            future.add_done_callback(tell)
            return future

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, _Lost):
                raise RuntimeError(out.text()) from out.error  # noqa: TRY004 - of the work
            return super().retrieve_result_callback(out)

    return Backend(client=_Recoverable(client))


class _Lost(NamedTuple):
    """A task that no worker brought to its end."""

    task: Any
    error: BaseException

    def text(self) -> str:
        """Say what was lost, and what helps."""
        return (
            f"The workers that ran {'; '.join(_described(self.task))} died ({self.error}). Most "
            "often they had too little memory: give each more (memory_limit=), or fit fewer rows."
        )


def _described(task: Any) -> Iterator[str]:
    """Name the fits of a task, those of scikit-learn's searches by candidate and fold."""
    for function, arguments, settings in task.items:
        if "split_progress" in settings:
            fold = settings["split_progress"][0]
            yield f"the candidate {settings['parameters']} on fold {fold}"
        else:
            inner = [call for value in arguments if isinstance(value, list) for call in value]
            calls = [call for call in inner if hasattr(call, "items")]
            yield from (text for call in calls for text in _described(call))
            if not calls:
                yield getattr(function, "__name__", type(function).__name__)


class _Recoverable:
    """A Dask client whose data can be had again once the workers that held them are dead.

    What is scattered would be lost with them. As the result of a task it is kept by the scheduler,
    goes to a worker once, and to another where that one dies.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def scatter(self, data: Any, **options: Any) -> Any:
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            return self._client.submit(_itself, data, pure=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def _itself(data: Any) -> Any:
    return data
