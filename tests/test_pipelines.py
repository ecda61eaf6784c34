import pytest
from sklearn.pipeline import Pipeline

from skmnist import FlattenScale, list_baselines, make_baseline, make_dense_pipeline


def test_first_steps_are_the_same():
    for pipeline in (make_dense_pipeline(), *map(make_baseline, list_baselines())):
        assert isinstance(pipeline, Pipeline)
        assert isinstance(pipeline[0], FlattenScale)


@pytest.mark.parametrize(
    "name", ["dummy", "gaussian_nb", "knn", "linear_svm", "logistic_regression"]
)
def test_baselines_learn(name, digits):
    X, y = digits
    score = make_baseline(name).fit(X[:600], y[:600]).score(X[600:900], y[600:900])
    assert score < 0.3 if name == "dummy" else score > 0.8


def test_parameters_override_the_choices_made_here():
    assert make_baseline("rbf_svm")[-1].C == 10
    assert make_baseline("rbf_svm", C=3)[-1].C == 3
    assert make_dense_pipeline(epochs=2)[-1].epochs == 2


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="no baseline 'svm'; there are dummy, logistic_regression"):
        make_baseline("svm")
