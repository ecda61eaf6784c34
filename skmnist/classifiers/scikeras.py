"""scikeras's classifier, repaired for scikit-learn 1.6 and later."""

from __future__ import annotations

import difflib
import functools
import inspect
from copy import copy
from typing import Any, Self

from sklearn.base import BaseEstimator, ClassifierMixin

from skmnist import engine
from skmnist._compat.keras import keras
from skmnist._compat.scikeras import ROUTING_PREFIXES, BaseWrapper, ScikerasClassifier

__all__ = ["RepairedClassifier", "fit_setting"]

_SEEN = frozenset(
    [
        "X_dtype_",
        "X_shape_",
        "classes_",
        "feature_encoder_",
        "feature_names_in_",
        "n_classes_",
        "n_features_in_",
        "n_outputs_",
        "n_outputs_expected_",
        "target_encoder_",
        "target_type_",
        "y_dtype_",
        "y_ndim_",
    ]
)


def fit_setting(classifier: Any, name: str) -> Any:
    """Look up a parameter of Keras's `fit`, also under scikeras's longer name for it.

    Parameters
    ----------
    classifier : RepairedClassifier
        What is to be fitted.
    name : str
        The short name.

    Returns
    -------
    object
        What ``fit__name`` says, if it is set; else ``name``.
    """
    return getattr(classifier, f"fit__{name}", getattr(classifier, name))


class _MixinOnTheLeft(type):
    """Puts `ClassifierMixin` where scikit-learn needs it; scikeras has it behind `BaseEstimator`.

    There its tags are never asked for: the class is not taken for a classifier, and an integer
    ``cv`` silently means folds that are not stratified.
    """

    def mro(cls) -> list[type]:
        """Order the bases."""
        order = super().mro()
        order.remove(ClassifierMixin)
        order.insert(order.index(BaseWrapper), ClassifierMixin)
        return order


class RepairedClassifier(ScikerasClassifier, metaclass=_MixinOnTheLeft):
    """scikeras's class with scikit-learn's order of bases, parameters and representation."""

    build_fn = None  # scikeras's deprecated name for `model`
    _routing_prefixes = ROUTING_PREFIXES | {"callbacks"}
    _random_state = None  # with a seed, scikeras would switch all of TensorFlow to other ops

    __repr__ = BaseEstimator.__repr__

    def _check_model_param(self) -> Any:
        """Give what builds the network: any callable, where scikeras asks for a function."""
        model, own = self.model, getattr(self, "_keras_build_fn", None)
        if callable(model) and not isinstance(model, keras.Model) and own is None:
            return model
        if model is None and own is None and self.build_fn is None:
            raise ValueError(
                f"{type(self).__name__} needs a network: pass model=, a network function. "
                "A subclass without it must implement ``_keras_build_fn``."
            )
        return super()._check_model_param()

    def _passes_compile_kwargs(self) -> bool:
        """Tell whether the network function gets the arguments of `compile`."""
        if isinstance(self.model, keras.Model):
            return False
        parameters = inspect.signature(self._check_model_param()).parameters
        return "compile_kwargs" in parameters or any(
            p.kind is p.VAR_KEYWORD for p in parameters.values()
        )

    def _get_compile_kwargs(self) -> dict[str, Any]:
        """Give arguments of Keras's `compile`; metrics by name keep it from fit to fit."""
        settings: dict[str, Any] = super()._get_compile_kwargs()
        given = getattr(self, "compile__metrics", self.metrics)
        if isinstance(given, (list, tuple)):
            made = settings["metrics"]
            settings["metrics"] = [
                g if isinstance(g, str) else engine.renamed(m) if isinstance(g, type) else m
                for g, m in zip(given, made, strict=True)
            ]
        elif isinstance(given, str):
            settings["metrics"] = [given]
        return settings

    def _keras_callbacks(self) -> list[keras.callbacks.Callback]:
        self._initialize_callbacks()
        del self._predict_callbacks
        return self.__dict__.pop("_fit_callbacks")

    def _callbacks_of_predict(self) -> list[keras.callbacks.Callback]:
        """Give the callbacks that act on predictions."""
        if self.callbacks is None and not hasattr(self, "predict__callbacks"):
            return []
        self._initialize_callbacks()
        del self._fit_callbacks
        given = keras.tree.flatten(self.__dict__.pop("_predict_callbacks"))
        return [each for each in given if engine.acts_on(each, engine.PREDICT_HOOKS)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy, or what a subclass's own ``scorer`` does, as with scikeras.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts.

        Returns
        -------
        float
            The score.
        """
        if type(self).scorer is ScikerasClassifier.scorer:
            return ClassifierMixin.score(self, X, y, sample_weight)
        return float(self.scorer(y, self.predict(X), sample_weight=sample_weight))

    def __sklearn_clone__(self) -> Self:
        """Copy the unfitted classifier; Keras's objects among its parameters are shared.

        Fits copy them. Copies by Keras itself would lose what code of the user's own they hold.
        """
        parameters = self.get_params(deep=False).items()
        shared = {name: value for name, value in parameters if _is_of_keras(value)}
        stand_in = copy(self)
        stand_in.__dict__.update(dict.fromkeys(shared))
        clone: Self = super(RepairedClassifier, stand_in).__sklearn_clone__()
        clone.__dict__.update(shared)
        return clone

    def _get_metadata(self) -> dict[str, Any]:
        """Give what a network function may ask for: what is known of the data before training."""
        return {name: value for name, value in super()._get_metadata().items() if name in _SEEN}

    def set_params(self, **params: Any) -> Self:
        """Set parameters, routed ones included.

        Parameters
        ----------
        **params : dict
            Values by name. Of one name that is unknown, none is set.

        Returns
        -------
        Self
            The classifier itself.
        """
        known = self._get_param_names()
        for name in params:
            first, nested, _ = name.partition("__")
            is_nested = nested and hasattr(getattr(self, first, None), "set_params")
            is_routed = nested and first in self._routing_prefixes
            if not (name in known or is_nested or is_routed):
                near = difflib.get_close_matches(name, known, n=1)
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. "
                    + (f"Did you mean {near[0]!r}? " if near else "")
                    + f"Valid parameters are: {known!r}."
                )
        return super().set_params(**params)

    @property
    def _user_params(self) -> set[str]:
        kinds = (kind for kind in type(self).__mro__ if issubclass(kind, RepairedClassifier))
        own = {name for kind in kinds for name in _signature(kind)}
        return {name for name in self._get_param_names() if name not in own}

    def _get_param_names(self) -> list[str]:
        # a subclass of the user's may name a routed parameter and leave it at that
        own = {name for name in _signature(type(self)) if "__" not in name or hasattr(self, name)}
        if _takes_any(type(self)):  # what was routed came in as an attribute
            own |= {name for name in vars(self) if not name.startswith("_") and name[-1] != "_"}
        return sorted(own)


def _is_of_keras(value: Any) -> bool:
    kinds = (keras.Model, keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric)
    values = value if isinstance(value, (list, tuple)) else [value]
    return any(isinstance(each, kinds) for each in values)


@functools.cache
def _signature(kind: type) -> tuple[str, ...]:
    parameters = inspect.signature(kind).parameters.values()
    return tuple(p.name for p in parameters if p.kind is not p.VAR_KEYWORD)


@functools.cache
def _takes_any(kind: type) -> bool:
    parameters = inspect.signature(kind).parameters.values()
    return any(p.kind is p.VAR_KEYWORD for p in parameters)
