"""Training and prediction as compiled programs, shared by every fit of an architecture.

The only place that knows TensorFlow or JAX. A fitted network is a configuration and arrays; what is
expensive, the traced and compiled epoch, is kept here in a bounded cache.
"""

from __future__ import annotations

from skmnist.engine.backend import check_process
from skmnist.engine.keys import named_loss
from skmnist.engine.programs import clear_programs, count_traces, predict
from skmnist.engine.records import Checkpoint, Fit, Pause, Plan, Rows
from skmnist.engine.schedules import SCHEDULES, Schedule, learning_rates
from skmnist.engine.together import Done, run_together
from skmnist.engine.training import train

__all__ = [
    "SCHEDULES",
    "Checkpoint",
    "Done",
    "Fit",
    "Pause",
    "Plan",
    "Rows",
    "Schedule",
    "check_process",
    "clear_programs",
    "count_traces",
    "learning_rates",
    "named_loss",
    "predict",
    "run_together",
    "train",
]
