"""Scores of the rows that a fit validates on, for scikit-learn's callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from skmnist._compat.callbacks import ScoringMonitor
from skmnist.engine import Samples, TrainingPlan

__all__ = ["ValidationMonitor", "check_validation"]


class ValidationMonitor(ScoringMonitor):
    """Callback that scores a network after each epoch on the rows that its fit validates on.

    scikit-learn's `ScoringMonitor` scores the training data. This one takes the rows that
    ``validation_split`` sets aside, or those passed to `fit` as ``X_val`` and ``y_val``. Set on a
    network inside a search or a cross-validation it records the curve of every fit, and never
    sees a fold's test rows. The rows are not weighted. Needs scikit-learn 1.9, the first with
    callbacks.

    Parameters
    ----------
    scoring : str, callable, list, tuple or dict, default="accuracy"
        What to record, as in scikit-learn's `ScoringMonitor`.

    See Also
    --------
    sklearn.callback.ScoringMonitor : The same on the training data; has the log's description.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skmnist import DenseClassifier, ValidationMonitor, flatten_and_scale, load_digits28
    >>> X, y = load_digits28(subset="test", return_X_y=True)
    >>> monitor = ValidationMonitor(scoring=["accuracy", "neg_log_loss"])
    >>> network = DenseClassifier((16,), epochs=3, validation_split=0.2, random_state=0)
    >>> search = GridSearchCV(network.set_callbacks(monitor), {"dropout": [0.0, 0.2]}, cv=2)
    >>> search = search.fit(flatten_and_scale(X), y)
    >>> curves = monitor.get_logs().data_as_pandas.query("task_name == 'epoch'")
    >>> curves.groupby("parent_task_id_path")["neg_log_loss"].count().tolist()  # and the refit
    [3, 3, 3, 3, 3]
    """

    def __init__(self, scoring: Any = "accuracy") -> None:
        super().__init__(scoring=scoring)

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, fitted_estimator: Any = None
    ) -> None:
        """Score the network as it is.

        Parameters
        ----------
        estimator : KerasClassifier
            What is being fitted.
        context : sklearn.callback.CallbackContext
            The epoch, or the whole fit.
        fitted_estimator : KerasClassifier
            The same, ready to predict.
        """
        rows = fitted_estimator.held_out_
        names = getattr(estimator, "feature_names_in_", None)
        X = rows.X if names is None else pd.DataFrame(rows.X, columns=names)
        data = {"X": X, "y": rows.y, "fitted_estimator": fitted_estimator}
        super().on_fit_task_end(estimator, context, **data)


def check_validation(
    plan: TrainingPlan, callbacks: Sequence[object], held_out: Samples | None
) -> None:
    """Refuse a fit without rows to validate on where something needs them.

    Parameters
    ----------
    plan : TrainingPlan
        May stop early.
    callbacks : sequence of object
        Of scikit-learn's kind.
    held_out : Samples or None
        What there is to validate on.
    """
    asking = [
        *(["early_stopping=True"] if plan.patience is not None else []),
        *(type(c).__name__ for c in callbacks if isinstance(c, ValidationMonitor)),
    ]
    if asking and held_out is None:
        raise ValueError(
            f"{asking[0]} needs rows to validate on: set validation_split, or pass X_val and "
            "y_val to fit."
        )
