"""The network where its author did not think of it: scikit-learn's meta-estimators and tools."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - lets it be imported
from sklearn.feature_selection import SelectPercentile
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from skmnist import DenseClassifier, FlattenScale

NET = DenseClassifier((64,), epochs=15, batch_size=32, learning_rate=0.01, random_state=0)
PIPE = make_pipeline(FlattenScale(max_value=16), NET)


@pytest.fixture(scope="module")
def images():
    X, y = load_digits(return_X_y=True)
    return X[:400].astype(np.uint8), y[:400]


ENSEMBLES = {
    "voting": VotingClassifier(
        [("net", PIPE), ("lr", LogisticRegression(max_iter=20))], voting="soft"
    ),
    "stacking": StackingClassifier([("net", PIPE)], LogisticRegression(), cv=2),
    "bagging": BaggingClassifier(PIPE, 2, max_samples=0.8, random_state=0),
    "bagging features": BaggingClassifier(PIPE, 2, max_features=0.5, random_state=0),
    "calibrated": CalibratedClassifierCV(PIPE, cv=2),
    "calibrated ensemble=False": CalibratedClassifierCV(PIPE, cv=2, ensemble=False),
    "one against the rest": OneVsRestClassifier(PIPE),
    "select": make_pipeline(FlattenScale(max_value=16), SelectPercentile(percentile=50), NET),
}


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.filterwarnings("ignore:Features .* are constant")
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
@pytest.mark.parametrize("ensemble", ENSEMBLES.values(), ids=ENSEMBLES)
def test_ensembles(ensemble, images):
    X, y = images
    fitted = clone(ensemble).fit(X[:300], y[:300])
    assert fitted.score(X[300:], y[300:]) > 0.75
    assert fitted.predict_proba(X[300:]).shape == (100, 10)


def test_boosting_weighs_the_rows(images):
    X, y = images
    boosted = AdaBoostClassifier(NET, n_estimators=3, random_state=0).fit(X[:300] / 16, y[:300])
    assert len(boosted.estimators_) == 3
    assert boosted.score(X[300:] / 16, y[300:]) > 0.8


def test_self_training_learns_from_rows_without_labels(images):
    X, y = images
    some = np.where(np.arange(300) < 150, y[:300], -1)
    trained = SelfTrainingClassifier(NET, threshold=0.8, max_iter=2).fit(X[:300] / 16, some)
    assert (trained.labeled_iter_ > 0).any()
    assert trained.score(X[300:] / 16, y[300:]) > 0.8


def test_thresholds(images):
    X, y = images
    is_eight = y == 8
    tuned = TunedThresholdClassifierCV(PIPE, scoring="f1", cv=2).fit(X[:300], is_eight[:300])
    assert 0 < tuned.best_threshold_ < 1
    assert tuned.score(X[300:], is_eight[300:]) > 0.9
    fixed = FixedThresholdClassifier(PIPE, threshold=0.9).fit(X[:300], is_eight[:300])
    assert fixed.predict(X).sum() <= tuned.predict(X).sum() + 20


def test_a_frozen_network_stays_as_it_is(images):
    X, y = images
    frozen = FrozenEstimator(clone(PIPE).fit(X[:300], y[:300]))
    before = frozen.predict_proba(X)
    calibrated = CalibratedClassifierCV(frozen).fit(X[300:], y[300:])
    assert np.array_equal(frozen.fit(X[:10], y[:10]).predict_proba(X), before)
    assert calibrated.predict(X).shape == (400,)


def test_halving_by_rows_and_by_epochs(images):
    grid = {"denseclassifier__learning_rate": [0.0001, 0.001, 0.01]}
    by_rows = HalvingGridSearchCV(PIPE, grid, cv=2, min_resources=60, random_state=0).fit(*images)
    by_epochs = HalvingGridSearchCV(
        PIPE, grid, cv=2, resource="denseclassifier__epochs", max_resources=6, random_state=0
    ).fit(*images)
    for search in (by_rows, by_epochs):
        assert search.best_params_["denseclassifier__learning_rate"] == 0.01


def test_tools_of_inspection_and_validation(images):
    X, y = images
    fitted = clone(PIPE).fit(X, y)
    found = permutation_importance(fitted, X[:100], y[:100], n_repeats=1, random_state=0)
    assert found.importances_mean[0] == 0  # a corner that is never inked
    assert found.importances_mean.max() > 0
    rates = {"param_name": "denseclassifier__learning_rate", "param_range": [1e-5, 1e-2]}
    _, scores = validation_curve(PIPE, X, y, cv=2, **rates)
    assert scores[1].mean() > scores[0].mean()
    probabilities = cross_val_predict(PIPE, X, y, cv=2, method="predict_proba")
    assert probabilities.shape == (400, 10)
    scored = cross_validate(PIPE, X, y, cv=2, return_estimator=True, return_indices=True)
    curves = [pipe[-1].history_["loss"] for pipe in scored["estimator"]]
    assert [len(curve) for curve in curves] == [15, 15]


def test_frames_in_and_out_and_memory(images, tmp_path):
    X, y = images
    frame = pd.DataFrame(X).add_prefix("pixel")
    pipe = clone(PIPE).set_params(memory=str(tmp_path))
    pipe[0].set_output(transform="pandas")
    pipe.fit(frame, y)
    assert isinstance(pipe[:-1].transform(frame), pd.DataFrame)
    assert list(pipe[-1].feature_names_in_) == list(frame.columns)
    assert list(pipe[:-1].get_feature_names_out()) == list(frame.columns)
    again = clone(pipe).fit(frame, y)  # the first step now comes from the cache
    assert np.array_equal(again.predict_proba(frame), pipe.predict_proba(frame))


def test_html_representation_names_the_parameters():
    html = PIPE._repr_html_()
    for word in ("FlattenScale", "DenseClassifier", "learning_rate", "0.01"):
        assert word in html
