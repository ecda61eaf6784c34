"""The steps of a fit: check, build, weigh and split, plan, train, record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import type_of_target

from skmnist import engine
from skmnist._compat.callbacks import CallbackSupportMixin
from skmnist._compat.keras import keras
from skmnist._images import image_shape
from skmnist.augmentation import Augmentation, Kind
from skmnist.classifiers.building import (
    BuiltNetwork,
    Rebuild,
    build_network,
    check_same_network,
)
from skmnist.classifiers.compiling import CompileParameters
from skmnist.classifiers.losses import Link
from skmnist.classifiers.monitor import check_validation
from skmnist.classifiers.predicting import PredictingClassifier
from skmnist.classifiers.refusals import (
    check_plan,
    check_routes,
    check_same_kind,
    refuse_fit_params,
)
from skmnist.classifiers.reporting import EpochReporter, unchanged_on_error
from skmnist.classifiers.samples import (
    check_labels,
    check_validation_samples,
    numpy_labels,
    split_samples,
    weighted_samples,
)
from skmnist.classifiers.scikeras import fit_setting
from skmnist.classifiers.targets import TargetEncoder, Targets
from skmnist.history import History
from skmnist.keras_models import seeded
from skmnist.networks import draw_seed

__all__ = ["FittingClassifier"]


class FittingClassifier(CallbackSupportMixin, PredictingClassifier):
    """A classifier that fits a network; what it is asked for, its parameters say."""

    _fewest_classes = 1
    n_features_in_: int
    history_: History
    _checkpoint: engine.Checkpoint

    def _fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        epochs: int | Literal["auto"],
        go_on: bool,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        partial: bool = False,
    ) -> None:
        # check
        checked, labels = self._check_data(X, y, classes, go_on=go_on)
        seed = draw_seed(self.random_state)
        checkpoint = self._checkpoint if go_on else None
        # build
        built = self._network_to_train(self._encode_features(checked), seed)
        check_same_network(built.model, checkpoint)
        # weigh and split
        samples = weighted_samples(
            checked, labels, sample_weight, fit_setting(self, "class_weight")
        )
        if X_val is None and y_val is None:
            samples, held_out = split_samples(samples, fit_setting(self, "validation_split"), seed)
        else:
            held_out = self._check_validation_data(X_val, y_val, len(checked))
        # plan
        plan = self._plan(samples.n_samples, epochs, seed, partial=partial)
        callbacks = self._keras_callbacks()
        check_plan(plan, callbacks)
        check_validation(plan, getattr(self, "_skl_callbacks", ()), held_out)
        # train
        reporter = EpochReporter(
            self._init_callback_context(max_subtasks=plan.epochs),
            {"estimator": self, "X": X, "y": labels},
            plan.epochs,
            held_out,
            verbose=bool(fit_setting(self, "verbose")),
        )
        self.link_ = built.link  # callbacks may predict
        trained = engine.train(
            built.model,
            self._encode(samples, built.form),
            plan,
            validation=held_out and self._encode(held_out, built.form),
            initial=built.initial,
            checkpoint=checkpoint,
            callbacks=callbacks,
            on_epoch=reporter,
            builder=built.builder,
            described=built.description,
        )
        # record
        self._record(trained, built.link, self.history_ if go_on else History())
        reporter.end(trained.network)

    def _check_parameters(self, fit_params: dict[str, Any]) -> None:
        parameters = self.get_params(deep=False)
        refuse_fit_params(type(self).__name__, parameters, fit_params)
        self._validate_params()

    def _check_data(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None, *, go_on: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Check rows and labels, and learn from them what a network function may ask for."""
        check_routes(self.get_params(deep=False))
        checked, labels = self._check_samples(
            X, numpy_labels(y), reset=not go_on, multi_output=True
        )
        X_dtype = getattr(X, "dtype", checked.dtype)
        if go_on:
            check_same_kind(type(self).__name__, X_dtype, labels, vars(self))
        else:
            self.X_dtype_ = X_dtype
            self.y_dtype_, self.y_ndim_, self.y_shape_ = labels.dtype, labels.ndim, labels.shape
        self.X_shape_ = checked.shape
        known = None
        if not self._has_own_encoder():
            labels, known = check_labels(
                labels, classes, self.classes_ if go_on else None, fewest=self._fewest_classes
            )
        if not go_on:
            self._fit_targets(labels, known)
            self.feature_encoder_ = self.feature_encoder.fit(checked)
            self.__dict__.update(getattr(self.feature_encoder_, "get_metadata", dict)())
        engine.check_process()
        return checked, labels

    def _check_validation_data(self, X_val: Any, y_val: Any, n_rows: int) -> engine.Samples:
        check_validation_samples(X_val, y_val, n_rows)
        y_val = numpy_labels(y_val)
        X_val, y_val = self._check_samples(X_val, y_val, reset=False, multi_output=True)
        if not self._has_own_encoder():
            y_val, _ = check_labels(y_val, None, self.classes_)
        return engine.Samples(X_val, y_val, np.ones(len(X_val), dtype=np.float32))

    def _encode(self, samples: engine.Samples, form: engine.TargetForm) -> engine.Samples:
        """Bring checked rows and labels into the form that the network takes."""
        X, y = self._encode_features(samples.X), self._encode_labels(samples.y, form)
        return samples._replace(X=X, y=y)

    def _record(self, trained: engine.TrainingResult, link: Link, before: History) -> None:
        self.link_ = link
        self.network_, self._checkpoint = trained.network, trained.checkpoint
        self.history_ = before.then(trained.history)
        self.n_iter_ = self.history_.n_epochs
        self.best_epoch_ = before.n_epochs + trained.best_epoch

    @contextmanager
    def _kept_on_error(self) -> Iterator[None]:
        """Stay as it was where a fit fails, and give back a model of the user's."""
        try:
            with unchanged_on_error(self):
                yield
        finally:
            engine.release(self.model)

    # What another kind of classifier may do in its own way

    def _plan(self, n_rows: int, epochs: Any, seed: int, *, partial: bool) -> engine.TrainingPlan:
        size = fit_setting(self, "batch_size")
        return engine.TrainingPlan(
            n_rows if size == -1 else size or 32,
            epochs,
            seed,
            shuffle=fit_setting(self, "shuffle"),
            augmentation=self._augmentation(self.augment),
        )

    def _augmentation(self, kind: Kind | None) -> Augmentation | None:
        if kind is None:
            return None
        return Augmentation(kind, image_shape(self.X_shape_[1:], self.image_shape))

    def _network_to_train(self, X: Any, seed: int) -> BuiltNetwork:
        parameters, seen = self.get_params(deep=False), self._get_metadata()
        is_model = isinstance(self.model, keras.Model)
        with seeded(seed):
            return build_network(
                self.model if is_model else self._build_keras_model,
                X,
                Targets(
                    self.target_type_,
                    len(self.classes_),
                    getattr(self, "n_outputs_expected_", None),
                ),
                CompileParameters(
                    self._get_compile_kwargs, parameters, self._passes_compile_kwargs()
                ),
                Rebuild(type(self), parameters, seen),
            )

    def _fit_targets(self, y: NDArray[Any], classes: NDArray[Any] | None) -> None:
        self.classes_ = classes  # scikeras's encoders take them from here
        self.target_encoder_ = self.target_encoder.fit(y)
        self.target_type_ = getattr(self.target_encoder_, "target_type_", None) or type_of_target(y)
        self.__dict__.update(getattr(self.target_encoder_, "get_metadata", dict)())
        if classes is not None:
            self.classes_ = classes  # in the type they came in

    def _encode_labels(self, y: NDArray[Any], form: engine.TargetForm) -> Any:
        if isinstance(self.target_encoder_, TargetEncoder):
            self.target_encoder_.form_ = form
        return self.target_encoder_.transform(y)
