"""`StackedGridSearchCV` and its randomized sister: scikit-learn's searches, trained in stacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Self

from joblib import parallel_config
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from skmnist._compat.sklearn import BaseSearchCV
from skmnist.classifiers import KerasClassifier
from skmnist.model_selection.stacking_backend import StackingBackend

__all__ = ["StackedGridSearchCV", "StackedRandomizedSearchCV", "StackedTraining", "networks_of"]


class StackedTraining(BaseSearchCV):
    """Lets a search of scikit-learn train the networks of its candidates and folds together."""

    estimator: Any

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Search, then refit.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Training rows.
        y : array-like of shape (n_samples,), default=None
            Their labels.
        **params : dict
            As scikit-learn's searches take them: ``sample_weight``, ``groups`` and what else is
            routed.

        Returns
        -------
        Self
            The search itself, as it was before where it fails or is interrupted.
        """
        together = (
            parallel_config(backend=StackingBackend(X)) if self._has_networks() else nullcontext()
        )
        with _unchanged_on_error(self), together:
            return super().fit(X, y, **params)

    def _has_networks(self) -> bool:
        return bool(networks_of(self.estimator)) or any(
            networks_of(value) for value in self._searched_values()
        )

    def _searched_values(self) -> Iterator[Any]:
        grids = getattr(self, "param_grid", None) or getattr(self, "param_distributions", None)
        for grid in [grids] if isinstance(grids, dict) else grids or []:
            for values in grid.values():
                if isinstance(values, Iterable):
                    yield from values


class StackedGridSearchCV(StackedTraining, GridSearchCV):
    """`GridSearchCV` that trains networks of one architecture together, whatever holds them.

    All candidates and folds of a grid take their turns up to where their networks are trained.
    Those that share an architecture, a batch size and a number of epochs are then trained as
    stacks, each by one compiled program with one more axis in front; learning rates, weight decay,
    dropout rates, label smoothing, seeds and rows are each network's own. A network so trained
    equals the same one trained alone up to the order of float32 sums. Everything else is
    scikit-learn's class: its parameters, ``cv_results_``, scores, refit, routing and errors.

    Estimators without a `KerasClassifier` are searched as `GridSearchCV` does. Networks that can't
    be stacked (convolutions, batch normalisation, Keras callbacks, metrics beside the accuracy) are
    trained one after the other.

    Parameters
    ----------
    estimator : estimator
        A `KerasClassifier`, a Pipeline with one, or anything else that fits one.
    param_grid : dict or list of dict
        As `GridSearchCV` takes it.
    scoring, n_jobs, refit, cv, verbose, error_score, return_train_score
        As `GridSearchCV` takes them. ``n_jobs`` workers share the candidates and folds, 15 at a
        time; on one machine 1 is best, since a stack keeps all cores busy.
    pre_dispatch : object
        Has no effect: what is trained together is also dispatched together.

    Attributes
    ----------
    cv_results_ : dict
        As `GridSearchCV` gives it. ``mean_fit_time`` counts a stack's time in equal shares for each
        epoch of a network, and what a fit does on its own in full; waiting for others is not
        counted.
    best_estimator_, best_score_, best_params_, best_index_, scorer_, n_splits_, refit_time_, \
multimetric_, classes_, n_features_in_, feature_names_in_
        As `GridSearchCV` gives them.

    See Also
    --------
    EpochHalvingSearchCV : Gives up bad candidates early.
    param_grid : Small grids for a start.

    Examples
    --------
    >>> from skmnist import StackedGridSearchCV, load_digits28, make_dense_pipeline
    >>> X, y = load_digits28(return_X_y=True)
    >>> pipeline = make_dense_pipeline(hidden_layer_sizes=(32,), epochs=5, random_state=0)
    >>> grid = {"denseclassifier__learning_rate": [0.0001, 0.01]}
    >>> search = StackedGridSearchCV(pipeline, grid, cv=3).fit(X, y)
    >>> search.best_params_
    {'denseclassifier__learning_rate': 0.01}
    """


class StackedRandomizedSearchCV(StackedTraining, RandomizedSearchCV):
    """`RandomizedSearchCV` that trains networks of one architecture together.

    What `StackedGridSearchCV` is to `GridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        A `KerasClassifier`, a Pipeline with one, or anything else that fits one.
    param_distributions : dict or list of dict
        As `RandomizedSearchCV` takes it.
    n_iter, scoring, n_jobs, refit, cv, verbose, random_state, error_score, return_train_score
        As `RandomizedSearchCV` takes them.
    pre_dispatch : object
        Has no effect.

    See Also
    --------
    StackedGridSearchCV : Says how networks are trained together.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from skmnist import StackedRandomizedSearchCV, load_digits28, make_dense_pipeline
    >>> X, y = load_digits28(return_X_y=True)
    >>> pipeline = make_dense_pipeline(hidden_layer_sizes=(32,), epochs=5, random_state=0)
    >>> rates = {"denseclassifier__learning_rate": loguniform(1e-3, 1e-2)}
    >>> search = StackedRandomizedSearchCV(pipeline, rates, n_iter=4, cv=3, random_state=0)
    >>> len(search.fit(X, y).cv_results_["params"])
    4
    """


def networks_of(value: Any) -> dict[str, KerasClassifier]:
    """Find the networks in an estimator, by the prefixes of their parameters.

    Parameters
    ----------
    value : object
        An estimator, or anything else.

    Returns
    -------
    dict of str to KerasClassifier
        An estimator that is a network itself has the prefix ``""``, a step of a Pipeline
        ``"step__"``.
    """
    if isinstance(value, KerasClassifier):
        return {"": value}
    if not isinstance(value, BaseEstimator):
        return {}
    return {
        f"{name}__": part
        for name, part in value.get_params().items()
        if isinstance(part, KerasClassifier)
    }


@contextmanager
def _unchanged_on_error(search: Any) -> Iterator[None]:
    """Let a failed or interrupted search leave no trace."""
    before = dict(search.__dict__)
    try:
        yield
    except BaseException as error:
        search.__dict__.clear()
        search.__dict__.update(before)
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(
                f"{type(search).__name__} was interrupted: it is as it was before fit."
            ) from None
        raise
