"""Bayesian search with Optuna over the dense network, with bad candidates given up between epochs.

Needs `pip install optuna optuna-integration`. Optuna's own search trains by `partial_fit`, an epoch
a call, and prunes a candidate once its folds fall behind; it knows no Pipeline there, so the images
are scaled first, which leaks nothing: the step is stateless.

python examples/optuna_search.py
"""

import warnings

import optuna
from optuna.distributions import FloatDistribution
from optuna_integration import OptunaSearchCV

from skmnist import DenseClassifier, FlattenScale, load_digits28

warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
warnings.filterwarnings("ignore", category=FutureWarning, module="optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)

X, y = load_digits28(subset="train", return_X_y=True)
X_test, y_test = load_digits28(subset="test", return_X_y=True)
scale = FlattenScale()

search = OptunaSearchCV(
    DenseClassifier((64,), random_state=0),
    {
        "learning_rate": FloatDistribution(1e-4, 3e-2, log=True),
        "dropout": FloatDistribution(0.05, 0.5),
    },
    cv=3,
    n_trials=12,
    max_iter=6,  # epochs
    enable_pruning=True,
    random_state=0,
    study=optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    ),
)
search.fit(scale.fit_transform(X), y)
pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in search.trials_)
print(f"{len(search.trials_)} trials, {pruned} of them given up early")
print({name: round(value, 4) for name, value in search.best_params_.items()})
print(f"{search.best_score_:.2%} over the folds")
print(f"{search.score(scale.transform(X_test), y_test):.2%} on {len(y_test)} test images")
