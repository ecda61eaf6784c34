"""Model cards: what a model is, what it was scored on, and how well it did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import precision_recall_fscore_support
from sklearn.pipeline import Pipeline

from skmnist._versions import versions
from skmnist.significance import accuracy

__all__ = ["model_card"]

_PACKAGES: Final = ("skmnist", "scikit-learn", "keras", "numpy")


def model_card(
    estimator: Any, X: ArrayLike, y: ArrayLike, *, data: str = "", title: str = "Model card"
) -> str:
    """Describe a fitted classifier in Markdown, scored on data that it has not seen.

    Parameters
    ----------
    estimator : classifier
        Fitted; of a Pipeline the last step is described.
    X : array-like of shape (n_samples, ...)
        Images or rows to score it on.
    y : array-like of shape (n_samples,)
        Their labels.
    data : str, default=""
        What ``X`` and ``y`` are, in words.
    title : str, default="Model card"
        The heading.

    Returns
    -------
    str
        Markdown: what it is, its accuracy with Wilson's 95% interval, precision and recall of each
        class, its last epoch, its settings, and the versions of what it runs on.

    Examples
    --------
    >>> from skmnist import load_digits28, make_baseline, model_card
    >>> X, y = load_digits28(subset="train", return_X_y=True)
    >>> model = make_baseline("knn").fit(X, y)
    >>> X_test, y_test = load_digits28(subset="test", return_X_y=True)
    >>> for line in model_card(model, X_test, y_test).splitlines()[:7:2]:
    ...     print(line)
    # Model card
    `FlattenScale`, then `KNeighborsClassifier`, for 10 classes.
    ## How good it is
    **98.33%** of 360 images right, 95% interval 96.41% to 99.23% (Wilson).
    """
    steps = (
        [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    )
    last = steps[-1]
    truth, predicted = np.asarray(y), np.asarray(estimator.predict(X))
    right = accuracy(int((truth == predicted).sum()), len(truth))
    score = (
        f"**{right.value:.2%}** of {len(truth):,} images right, 95% interval {right.interval} "
        "(Wilson)"
    )
    precisions, recalls, _, counts = precision_recall_fscore_support(
        truth, predicted, labels=estimator.classes_, zero_division=0
    )
    classes = zip(estimator.classes_, precisions, recalls, counts, strict=True)
    chain = ", then ".join(f"`{type(step).__name__}`" for step in steps)
    parts = [
        f"# {title}",
        f"{chain}, for {len(estimator.classes_)} classes.",
        "## How good it is",
        f"{score}{f': {data}' if data else ''}.",
        _table(
            ("class", "precision", "recall", "images"),
            ((label, f"{p:.2%}", f"{r:.2%}", f"{m:,}") for label, p, r, m in classes),
        ),
    ]
    if hasattr(last, "history_"):
        logs = {name: column[-1] for name, column in last.history_.items()}
        values = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
        parts += ["## How it was trained", f"{last.n_iter_} epochs; after the last: {values}."]
    settings = last.get_params(deep=False).items()
    parts += [
        "## Settings",
        _table(("parameter", "value"), ((f"`{k}`", f"`{v!r}`") for k, v in settings)),
        "## Versions",
        f"{versions(_PACKAGES)}.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
