"""What data scientists do with a classifier: a function each, under its title in the table.

`tests/test_workflows.py` runs them on our network, `tests/benchmarks/peers.py` on the peers' as
well. Each takes a `Peer`, small images as rows of uint8 from 0 to 16, and their labels; and fails
where it is not served.
"""

import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - lets it be imported
from sklearn.feature_selection import SelectPercentile
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from skmnist import FlattenScale, ValidationMonitor


@dataclass(frozen=True)
class Peer:
    """A classifier to put into workflows.

    Parameters
    ----------
    name : str
        What the table calls it.
    make : callable
        Gives one with 64 hidden units, 15 epochs, batches of 32, a learning rate of 0.01 and seed
        0, and takes ``epochs``, ``warm_start``, ``class_weight``, and ``stops``: whether to hold
        rows back and stop early.
    rate : str
        Its parameter for the learning rate.
    history : callable
        Gives the training losses of a fitted one.
    own : callable
        Gives one with a network of the user's own.
    """

    name: str
    make: Callable[..., Any]
    rate: str
    history: Callable[[Any], list[float]]
    own: Callable[[], Any]

    def pipe(self, **settings: Any) -> Pipeline:
        """Put it behind a step that scales."""
        return make_pipeline(FlattenScale(max_value=16), self.make(**settings))

    def grid(self, *rates: float) -> dict[str, list[float]]:
        """Give a grid of learning rates for `pipe`."""
        step = self.pipe().steps[-1][0]
        return {f"{step}__{self.rate}": list(rates)}


WORKFLOWS: dict[str, Callable[[Peer, Any, Any], None]] = {}


def workflow(title):
    """Enter a function in the table under a title."""

    def enter(work):
        WORKFLOWS[title] = work
        return work

    return enter


def outputs(model, X):
    """Give probabilities, or what is predicted where there are none."""
    return getattr(model, "predict_proba", model.predict)(X)


def learns(model, X, y, least=0.75):
    """Fit on three quarters; the score on the rest says that it has learned."""
    cut = len(X) * 3 // 4
    fitted = clone(model).fit(X[:cut], y[:cut])
    assert fitted.score(X[cut:], y[cut:]) > least
    return fitted


@workflow("`GridSearchCV` over the network's parameters")
def grid_search(peer, X, y):
    search = GridSearchCV(peer.pipe(), peer.grid(1e-5, 0.01), cv=2).fit(X, y)
    assert list(search.best_params_.values()) == [0.01]
    assert search.best_estimator_.score(X, y) > 0.9


@workflow("`HalvingGridSearchCV`, by rows")
def halving(peer, X, y):
    search = HalvingGridSearchCV(
        peer.pipe(), peer.grid(1e-5, 0.001, 0.01), cv=2, min_resources=60, random_state=0
    )
    assert list(search.fit(X, y).best_params_.values()) == [0.01]


@workflow("An integer `cv` means stratified folds")
def stratified(peer, X, y):
    in_order = np.argsort(y, kind="stable")  # where plain folds leave out whole classes
    pipe = peer.pipe()
    scores = cross_val_score(pipe, X[in_order], y[in_order], cv=3)
    folds = cross_val_score(pipe, X[in_order], y[in_order], cv=StratifiedKFold(3))
    np.testing.assert_allclose(scores, folds, atol=0.1)
    assert scores.min() > 0.7


@workflow("`n_jobs=2` in processes gives the numbers of `n_jobs=1`")
def in_workers(peer, X, y):
    _same_numbers(peer, X, y, "loky")


@workflow("`n_jobs=2` in threads gives the numbers of `n_jobs=1`")
def in_threads(peer, X, y):
    _same_numbers(peer, X, y, "threading")


def _same_numbers(peer, X, y, backend):
    search = GridSearchCV(peer.pipe(epochs=3), peer.grid(0.001, 0.01), cv=2, refit=False)
    alone = clone(search).fit(X, y)
    with joblib.parallel_config(backend, n_jobs=2):
        together = clone(search).fit(X, y)
        scored = cross_val_score(peer.pipe(epochs=3), X, y, cv=2)
    for split in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(alone.cv_results_[split], together.cv_results_[split])
    np.testing.assert_array_equal(scored, cross_val_score(peer.pipe(epochs=3), X, y, cv=2))


@workflow("The same `random_state` gives the same bits")
def seeds(peer, X, y):
    once, twice = (outputs(peer.pipe(epochs=3).fit(X, y), X) for _ in range(2))
    np.testing.assert_array_equal(once, twice)


@workflow('`VotingClassifier(voting="soft")`')
def voting(peer, X, y):
    members = [("net", peer.pipe()), ("logistic", LogisticRegression(max_iter=1000))]
    learns(VotingClassifier(members, voting="soft"), X, y)


@workflow("`StackingClassifier`")
def stacking(peer, X, y):
    learns(StackingClassifier([("net", peer.pipe())], LogisticRegression(), cv=2), X, y)


@workflow("`BaggingClassifier`, of rows and of features")
def bagging(peer, X, y):
    learns(BaggingClassifier(peer.pipe(), 2, max_samples=0.8, random_state=0), X, y)
    learns(BaggingClassifier(peer.pipe(), 2, max_features=0.5, random_state=0), X, y)


@workflow("`AdaBoostClassifier`")
def boosting(peer, X, y):
    learns(AdaBoostClassifier(peer.make(), n_estimators=3, random_state=0), X / 16, y)


@workflow("`CalibratedClassifierCV`, one or many")
def calibrated(peer, X, y):
    for ensemble in (True, False):
        model = learns(CalibratedClassifierCV(peer.pipe(), cv=2, ensemble=ensemble), X, y)
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


@workflow("`OneVsRestClassifier`")
def one_against_the_rest(peer, X, y):
    learns(OneVsRestClassifier(peer.pipe()), X, y)


@workflow("`SelfTrainingClassifier`")
def self_training(peer, X, y):
    some = np.where(np.arange(len(y)) % 2, y, -1)
    trained = SelfTrainingClassifier(peer.make(), threshold=0.8, max_iter=2).fit(X / 16, some)
    assert (trained.labeled_iter_ > 0).any()
    assert trained.score(X / 16, y) > 0.8


@workflow("`TunedThresholdClassifierCV`")
def threshold(peer, X, y):
    tuned = learns(TunedThresholdClassifierCV(peer.pipe(), scoring="f1", cv=2), X, y == 8)
    assert 0 < tuned.best_threshold_ < 1


@workflow("`FrozenEstimator`")
def frozen(peer, X, y):
    fitted = FrozenEstimator(peer.pipe().fit(X[:300], y[:300]))
    before = outputs(fitted, X)
    CalibratedClassifierCV(fitted).fit(X[300:], y[300:])
    np.testing.assert_array_equal(outputs(fitted.fit(X[:10], y[:10]), X), before)


@workflow("`SelectPercentile` and `PCA` before it")
def selection(peer, X, y):
    scale = FlattenScale(max_value=16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # corners that are never inked
        learns(make_pipeline(scale, SelectPercentile(percentile=50), peer.make()), X, y)
    learns(make_pipeline(scale, PCA(20, random_state=0), peer.make()), X, y)


@workflow("`permutation_importance`")
def importance(peer, X, y):
    fitted = peer.pipe().fit(X, y)
    found = permutation_importance(fitted, X[:100], y[:100], n_repeats=1, random_state=0)
    assert found.importances_mean[0] == 0  # a corner that is never inked
    assert found.importances_mean.max() > 0


@workflow("`learning_curve`, `validation_curve`")
def curves(peer, X, y):
    _, _, scores = learning_curve(peer.pipe(), X, y, train_sizes=[0.2, 1.0], cv=2)
    assert scores[1].mean() > scores[0].mean()
    ((name, rates),) = peer.grid(1e-5, 0.01).items()
    _, scores = validation_curve(peer.pipe(), X, y, param_name=name, param_range=rates, cv=2)
    assert scores[1].mean() > scores[0].mean()


@workflow("`cross_val_predict`, `ConfusionMatrixDisplay`")
def out_of_fold(peer, X, y):
    probabilities = cross_val_predict(peer.pipe(), X, y, cv=2, method="predict_proba")
    assert (probabilities.argmax(axis=1) == y).mean() > 0.75
    import matplotlib as mpl

    mpl.use("Agg")
    display = ConfusionMatrixDisplay.from_estimator(peer.pipe().fit(X, y), X, y)
    assert display.confusion_matrix.shape == (10, 10)


@workflow("pandas frames in, feature names, `set_output`")
def pandas_frames(peer, X, y):
    frame = pd.DataFrame(X).add_prefix("pixel ")
    pipe = peer.pipe().set_output(transform="pandas").fit(frame, pd.Series(y))
    assert isinstance(pipe[:-1].transform(frame), pd.DataFrame)
    assert list(pipe[-1].feature_names_in_) == list(frame.columns)
    assert pipe.score(frame, y) > 0.8


@workflow("polars frames in, for the network itself too")
def polars_frames(peer, X, y):
    frame = pl.DataFrame(X, schema=[f"pixel {i}" for i in range(64)])
    assert peer.pipe().fit(frame, pl.Series(y)).score(frame, y) > 0.8
    assert peer.make().fit(frame / 16, pl.Series(y)).score(frame / 16, y) > 0.8


@workflow("Labels of any type, in `predict` and `classes_`")
def names_of_classes(peer, X, y):
    names = np.array([f"digit {i}" for i in range(10)])
    fitted = learns(peer.pipe(), X, names[y])
    assert list(fitted.classes_) == list(names)
    assert set(fitted.predict(X)) <= set(names)
    assert learns(peer.pipe(), X, y > 4).classes_.dtype == bool


@workflow("`Pipeline(memory=...)`")
def cached_steps(peer, X, y):
    with tempfile.TemporaryDirectory() as folder:
        pipe = peer.pipe(epochs=3).set_params(memory=folder).fit(X, y)
        again = clone(pipe).fit(X, y)  # the first step now comes from the cache
        np.testing.assert_array_equal(outputs(again, X), outputs(pipe, X))


@workflow("A Keras network of your own: functional, batch norm, dropout, own loss, two metrics")
def own_network(peer, X, y):
    learns(make_pipeline(FlattenScale(max_value=16), peer.own()), X, y)


@workflow("HTML representation with parameters")
def representation(peer, X, y):
    html = peer.pipe()._repr_html_()
    for word in ("FlattenScale", "0.01", peer.rate):
        assert word in html


@workflow("`sample_weight` routed through searches and Pipelines")
def routed_weights(peer, X, y):
    pytest.importorskip("sklearn", "1.8", reason="before, no search routes into Pipeline.score")
    with config_context(enable_metadata_routing=True):
        net = peer.make().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipe = make_pipeline(FlattenScale(max_value=16), net)
        weights = {"sample_weight": np.where(y < 5, 1.0, 1e-6)}
        search = GridSearchCV(pipe, peer.grid(0.01), cv=2).fit(X, y, **weights)
        scores = cross_validate(pipe, X, y, cv=2, params=weights)["test_score"]
    assert (search.predict(X[y >= 5]) < 5).mean() > 0.8
    assert scores.min() > 0.85


@workflow('`class_weight="balanced"`, also in a search')
def class_weights(peer, X, y):
    rare = np.flatnonzero((y != 8) | (np.arange(len(y)) % 8 == 0))
    X, y = X[rare], (y[rare] == 8)
    net = peer.make(class_weight="balanced")
    pipe = make_pipeline(FlattenScale(max_value=16), net)
    search = GridSearchCV(pipe, peer.grid(0.01), cv=2, scoring="balanced_accuracy").fit(X, y)
    assert search.best_score_ > 0.6


@workflow("Early stopping inside cross-validation, on rows of the training folds")
def early_stopping(peer, X, y):
    scored = cross_validate(peer.pipe(stops=True, epochs=200), X, y, cv=2, return_estimator=True)
    assert scored["test_score"].min() > 0.7
    for pipe in scored["estimator"]:
        assert len(peer.history(pipe[-1])) < 200


@workflow("Validation rows of the user's own, through fitted steps (`transform_input`)")
def routed_validation(peer, X, y):
    with config_context(enable_metadata_routing=True):
        net = peer.make(epochs=3).set_fit_request(X_val=True, y_val=True)
        pca = PCA(20, random_state=0)
        pipe = make_pipeline(FlattenScale(max_value=16), pca, net, transform_input=["X_val"])
        held_out = {"X_val": X[300:], "y_val": y[300:]}
        pipe.fit(X[:300], y[:300], **held_out)
        assert len(pipe[-1].history_["val_accuracy"]) == 3
        inner = GridSearchCV(pipe, peer.grid(0.01), cv=2).fit(X[:300], y[:300], **held_out)
    curve = inner.best_estimator_[-1].history_["val_accuracy"]
    np.testing.assert_array_equal(curve, pipe[-1].history_["val_accuracy"])


@workflow("... and a validation set that the folds would slice is refused")
def sliced_validation(peer, X, y):
    with config_context(enable_metadata_routing=True):
        net = peer.make(epochs=3).set_fit_request(X_val=True, y_val=True)
        folds = {"cv": 2, "error_score": "raise"}
        with pytest.raises(ValueError, match="as many rows as X"):
            cross_validate(net, X / 16, y, params={"X_val": X[::-1], "y_val": y[::-1]}, **folds)


@workflow("Loss curves of every fold after a search")
def curves_of_folds(peer, X, y):
    pytest.importorskip("sklearn.callback")
    monitor = ValidationMonitor(["accuracy", "neg_log_loss"])
    net = peer.make(stops=True).set_callbacks(monitor)
    pipe = make_pipeline(FlattenScale(max_value=16), net)
    search = GridSearchCV(pipe, peer.grid(0.001, 0.01), cv=2, refit=False)
    with joblib.parallel_config("loky", n_jobs=2):
        search.fit(X, y)
    log = monitor.get_logs().data_as_pandas.query("task_name == 'epoch'")
    folds = log.groupby("parent_task_id_path")["neg_log_loss"]
    assert folds.ngroups == 4
    assert (folds.max() > folds.first()).all()


@workflow("`ProgressBar` shows the epochs inside the folds")
def progress(peer, X, y):
    import contextlib
    import io

    shown = io.StringIO()
    bar = pytest.importorskip("sklearn.callback").ProgressBar(max_propagation_depth=None)
    with contextlib.redirect_stdout(shown):
        GridSearchCV(peer.pipe(epochs=2), peer.grid(0.01), cv=2).set_callbacks(bar).fit(X, y)
    assert type(peer.make()).__name__ in shown.getvalue()


@workflow("`ScoringMonitor` records every epoch")
def scores_of_epochs(peer, X, y):
    monitor = pytest.importorskip("sklearn.callback").ScoringMonitor(scoring="accuracy")
    peer.make(epochs=4).set_callbacks(monitor).fit(X / 16, y)
    log = monitor.get_logs().data_as_pandas
    assert (log["task_name"] == "epoch").sum() == 4


class _StopAtTheSecond:
    def setup(self, estimator, context): ...
    def teardown(self, estimator, context): ...
    def on_fit_task_begin(self, estimator, context): ...
    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        assert fitted_estimator.predict_proba(X[:1]).shape == (1, 10)
        return context.task_name == "epoch" and context.task_id == 1


@workflow("A callback of scikit-learn's stops training")
def stopping_callback(peer, X, y):
    pytest.importorskip("sklearn.callback")
    net = peer.make().set_callbacks(_StopAtTheSecond()).fit(X / 16, y)
    assert len(peer.history(net)) == 2


@workflow("`partial_fit(classes=...)` on a stream of chunks")
def streaming(peer, X, y):
    net = peer.make()
    for _ in range(8):
        for chunk in np.array_split(np.arange(len(y)), 4):
            net.partial_fit(X[chunk] / 16, y[chunk], classes=np.arange(10))
    assert net.score(X / 16, y) > 0.8


@workflow("Two warm fits of 3 epochs train as far as one of 6")
def warm_start(peer, X, y):
    net = peer.make(epochs=3, warm_start=True)
    net.fit(X / 16, y).fit(X / 16, y)
    whole = peer.make(epochs=6).fit(X / 16, y)
    assert peer.history(net)[-1] < 1.5 * peer.history(whole)[-1]


@workflow("... and a new learning rate takes effect without forgetting")
def warm_rate(peer, X, y):
    net = peer.make(epochs=3, warm_start=True).fit(X / 16, y)
    before = outputs(net, X / 16)
    net.set_params(**{peer.rate: 1e-9}).fit(X / 16, y)
    np.testing.assert_allclose(outputs(net, X / 16), before, atol=1e-3)


@workflow("imbalanced-learn's pipelines")
def resampling(peer, X, y):
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline

    sampler = RandomOverSampler(random_state=0)
    pipe = make_imbalanced_pipeline(FlattenScale(max_value=16), sampler, peer.make())
    learns(pipe, X, y)
    assert cross_val_score(pipe, X, y, cv=2).min() > 0.75


@workflow("Optuna's `OptunaSearchCV`")
def optuna_search(peer, X, y):
    import optuna
    from optuna_integration import OptunaSearchCV

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ((name, _),) = peer.grid(0.01).items()
    space = {name: optuna.distributions.FloatDistribution(0.005, 0.02)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls its search experimental
        search = OptunaSearchCV(peer.pipe(), space, n_trials=2, cv=2, random_state=0).fit(X, y)
    assert search.best_score_ > 0.75


@workflow("mlxtend's bootstrap and its `EnsembleVoteClassifier`")
def mlxtends_evaluation(peer, X, y):
    from mlxtend.classifier import EnsembleVoteClassifier
    from mlxtend.evaluate import bootstrap_point632_score

    scores = bootstrap_point632_score(peer.pipe(), X, y, n_splits=2, random_seed=0)
    assert scores.min() > 0.75
    fitted = peer.pipe().fit(X, y)
    vote = EnsembleVoteClassifier(
        [fitted, fitted], voting="soft", fit_base_estimators=False, use_clones=False
    )
    assert vote.fit(X, y).score(X, y) > 0.8


_LOAD = "import pickle, sys; model, X, p = pickle.load(open(sys.argv[1], 'rb'))\n"
_COMPARE = "assert (getattr(model, 'predict_proba', model.predict)(X) == p).all()"


@workflow("A pickle predicts the same in a new process")
def new_process(peer, X, y):
    fitted = peer.pipe(epochs=3).fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.pkl")
        path.write_bytes(pickle.dumps((fitted, X, outputs(fitted, X))))
        subprocess.run([sys.executable, "-c", _LOAD + _COMPARE, path], check=True)


@workflow("A failed fit leaves the last one usable")
def failed_fit(peer, X, y):
    net = peer.make(epochs=3).fit(X / 16, y)
    before = outputs(net, X / 16)
    for features, labels in ((np.full(X.shape, np.nan), y), (X / 16, y + 0.5), (X[1:] / 16, y)):
        with pytest.raises(ValueError, match=r"NaN|Unknown label type|inconsistent numbers"):
            net.fit(features, labels)
        np.testing.assert_array_equal(outputs(net, X / 16), before)


@workflow("NaN, wrong width, unfitted, continuous labels: scikit-learn's errors")
def bad_data(peer, X, y):
    net = peer.make(epochs=1)
    with pytest.raises(NotFittedError):
        net.predict(X)
    with pytest.raises(ValueError, match="Unknown label type"):
        net.fit(X / 16, y + 0.5)
    with pytest.raises(ValueError, match="contains NaN"):
        net.fit(np.full(X.shape, np.nan), y)
    with pytest.raises(ValueError, match="is expecting 64 features"):
        net.fit(X / 16, y).predict(X[:, :32])


@workflow("Unknown names and bad values of parameters are refused")
def bad_parameters(peer, X, y):
    net = peer.make()
    with pytest.raises(ValueError, match=r"Invalid parameter '?leaning_rate"):
        net.set_params(leaning_rate=0.1)
    with pytest.raises(ValueError, match="parameter of"):
        net.set_params(**{peer.rate: -1.0}).fit(X / 16, y)
