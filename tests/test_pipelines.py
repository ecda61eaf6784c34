import copy
import pickle

import pytest
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from skmnist import (
    FlattenScale,
    list_baselines,
    list_models,
    make_baseline,
    make_dense_pipeline,
    make_model,
    param_grid,
    recipes,
)
from skmnist.pipelines import MODELS


def test_first_steps_are_the_same():
    for pipeline in map(make_model, list_models()):
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
    with pytest.raises(ValueError, match="no model 'svm'; there are dense, conv, dummy"):
        make_model("svm")


def test_the_networks_come_before_the_baselines():
    assert list_models() == ["dense", "conv", *list_baselines()]


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.grid])
def test_grids_are_of_parameters_that_a_model_has(name):
    grid = param_grid(name)
    assert set(grid) <= set(make_model(name).get_params())
    for parameter, values in grid.items():
        setting = make_model(name).get_params()[parameter]
        # the settings are a candidate; the dense network's dropout lies between two
        assert setting in values or min(values) < setting < max(values)
    assert len(ParameterGrid(grid)) >= 6  # so that all can be tuned alike


def test_what_has_no_grid_says_which_have():
    with pytest.raises(ValueError, match="no grid for 'dummy'; there are dense, conv, logistic"):
        param_grid("dummy")


def test_recipes_know_their_model():
    assert set(recipes.BY_NAME) == set(recipes.__all__)
    for name, recipe in recipes.BY_NAME.items():
        assert make_model(recipe.model, **recipe)[-1].get_params() | recipe == (
            make_model(recipe.model, **recipe)[-1].get_params()
        ), name
        again = copy.deepcopy(recipe), pickle.loads(pickle.dumps(recipe))
        assert all((each, each.model) == (recipe, recipe.model) for each in again)
