"""Training and prediction as compiled programs, shared by every fit of an architecture.

The only place that knows TensorFlow or JAX. A fitted network is a configuration and arrays; what is
expensive, the traced and compiled epoch, is kept here in a bounded cache.
"""

from __future__ import annotations

from skmnist.engine.backends import backend
from skmnist.engine.cooperative import Done, run_cooperatively
from skmnist.engine.forced import forced_layout, forced_strategy
from skmnist.engine.keras_callbacks import PREDICT_HOOKS, acts_on
from skmnist.engine.measures import keras_loss, keras_metric, keras_name, renamed
from skmnist.engine.programs import clear_programs, count_traces, predict
from skmnist.engine.proven import is_proven_network
from skmnist.engine.recoding import Recoded, TargetForm, in_form
from skmnist.engine.records import Checkpoint, ResumePoint, Samples, TrainingPlan, TrainingResult
from skmnist.engine.schedules import SCHEDULES, Schedule, learning_rates
from skmnist.engine.training import begin, train
from skmnist.engine.working_models import claim, predict_with_callbacks, release

check_process = backend.check_process

__all__ = [
    "PREDICT_HOOKS",
    "SCHEDULES",
    "Checkpoint",
    "Done",
    "Recoded",
    "ResumePoint",
    "Samples",
    "Schedule",
    "TargetForm",
    "TrainingPlan",
    "TrainingResult",
    "acts_on",
    "begin",
    "check_process",
    "claim",
    "clear_programs",
    "count_traces",
    "forced_layout",
    "forced_strategy",
    "in_form",
    "is_proven_network",
    "keras_loss",
    "keras_metric",
    "keras_name",
    "learning_rates",
    "predict",
    "predict_with_callbacks",
    "release",
    "renamed",
    "run_cooperatively",
    "train",
]
