"""scikit-learn's private names.

Other projects build on these names too: they have been there, as they are, for years.
"""

from __future__ import annotations

from typing import Any, Final

from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._split import _yields_constant_splits as yields_constant_splits
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as num_samples

SEARCH_CONSTRAINTS: Final[dict[str, list[Any]]] = dict(BaseSearchCV._parameter_constraints)
select_best_index: Final = BaseSearchCV._select_best_index

__all__ = [
    "SEARCH_CONSTRAINTS",  # of the parameters that its searches share
    "BaseSearchCV",  # what its searches share
    "Interval",  # a range of numbers in `_parameter_constraints`
    "Options",  # a set of values there
    "StrOptions",  # a set of strings there
    "check_feature_names_in",  # names of columns for `get_feature_names_out`
    "check_sample_weight",  # sample weights, in scikit-learn's words where they are wrong
    "num_samples",  # rows of arrays, frames and lists
    "safe_indexing",  # rows of arrays, frames and lists, by number
    "select_best_index",  # how its searches choose, where `refit` is a function
    "yields_constant_splits",  # whether a splitter gives the same folds twice
]
