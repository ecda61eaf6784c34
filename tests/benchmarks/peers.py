"""Which workflows are served by whom: every cell tried, and the documents' table printed.

The same functions that the tests run on our network run here on scikeras's `KerasClassifier`, on
`keras.wrappers.SKLearnClassifier`, on skorch's `NeuralNetClassifier` and on scikit-learn's
`MLPClassifier`. A cell that took longer than two minutes counts as one that hangs. Some minutes.

    pip install torch skorch
    python tests/benchmarks/peers.py [--why]
"""

import contextlib
import io
import os
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
from _common import heading
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.workflows import WORKFLOWS, Peer
from test_workflows import OURS, own_loss, own_network

LIMIT = 120  # seconds


def mlp(*, stops=False, epochs=15, **settings):
    """Give scikit-learn's own network."""
    from sklearn.neural_network import MLPClassifier

    if stops:
        settings |= {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 1}
    defaults = {"batch_size": 32, "learning_rate_init": 0.01, "random_state": 0}
    return MLPClassifier((64,), max_iter=epochs, **defaults | settings)


def no_network_of_ones_own():
    """Say why `MLPClassifier` has no such thing."""
    raise NotImplementedError("MLPClassifier builds its own network")


def stopping():
    """Give Keras's settings to stop early."""
    import keras

    stop = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
    return {"validation_split": 0.2, "callbacks": [stop]}


def scikeras_s(model, *, stops=False, **settings):
    """Give scikeras's class."""
    from scikeras.wrappers import KerasClassifier

    if stops:
        settings |= stopping()
    defaults = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "adam",
        "optimizer__learning_rate": 0.01,
        "epochs": 15,
        "batch_size": 32,
        "random_state": 0,
        "verbose": 0,
    }
    return KerasClassifier(model, **defaults | settings)


def scikeras(**settings):
    """Give scikeras's class on the dense network."""
    from skmnist import dense_network

    return scikeras_s(dense_network, model__hidden_layer_sizes=(64,), **settings)


def scikeras_on_own():
    """Give scikeras's class on the user's network."""
    metrics = ["accuracy", "sparse_top_k_categorical_accuracy"]
    return scikeras_s(own_network, model__units=32, loss=own_loss, metrics=metrics)


def build(X, y, network, loss, **settings):
    """Build a compiled network, as `keras.wrappers` wants it."""
    import keras

    rate = settings.pop("learning_rate", 0.01)
    model = network(**settings, meta={"n_features_in_": X.shape[1], "n_classes_": y.shape[1]})
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy", "categorical_accuracy"])
    return model


def wrapped(network, loss, *, stops=False, epochs=15, warm_start=False, rate=0.01, **settings):
    """Give Keras's own wrapper."""
    import keras

    fit = {"epochs": epochs, "batch_size": 32, "verbose": 0} | (stopping() if stops else {})
    model = {"network": network, "loss": loss, "learning_rate": rate, **settings}
    return keras.wrappers.SKLearnClassifier(
        build, warm_start=warm_start, model_kwargs=model, fit_kwargs=fit
    )


def keras_wrappers(**settings):
    """Give Keras's own wrapper on the dense network."""
    from skmnist import dense_network

    sizes = {"hidden_layer_sizes": (64,)}
    return wrapped(dense_network, "categorical_crossentropy", **sizes, **settings)


def own_loss_of_one_hot(y_true, y_pred):
    """Do what `own_loss` does, for labels as `keras.wrappers` passes them."""
    import keras

    return 1.5 * keras.losses.categorical_crossentropy(y_true, y_pred)


def skorch_s(module, criterion=None, *, stops=False, epochs=15, callbacks=(), **settings):
    """Give skorch's class."""
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EarlyStopping
    from skorch.dataset import ValidSplit

    stopping = [EarlyStopping(patience=1, load_best=True)] if stops else []
    torch.manual_seed(0)
    return NeuralNetClassifier(
        module,
        criterion=criterion or torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        **{"lr": 0.01, "max_epochs": epochs, "batch_size": 32, "verbose": 0} | settings,
        iterator_train__shuffle=True,
        train_split=ValidSplit(0.2, stratified=True) if stops else None,
        callbacks=[*callbacks, *stopping],
    )


class AsFloat32(nn.Module):
    """Takes rows of any type, as PyTorch's own layers don't."""

    def forward(self, X):
        return X.float()


def torch_network():
    """Build a dense network of PyTorch that takes rows of any width."""
    hidden = (AsFloat32(), nn.LazyLinear(64), nn.ReLU())
    return nn.Sequential(*hidden, nn.Linear(64, 10))


def skorch(**settings):
    """Give skorch's class on the dense network."""
    return skorch_s(torch_network, **settings)


def torch_network_of_ones_own(units):
    """Build what `own_network` builds."""
    hidden = (nn.LazyLinear(units), nn.ReLU(), nn.BatchNorm1d(units), nn.Dropout(0.1))
    return nn.Sequential(AsFloat32(), *hidden, nn.Linear(units, 10))


def skorch_on_own():
    """Give skorch's class on the user's network, with a loss and metrics of the user's choice."""
    from skorch.callbacks import EpochScoring

    class OwnLoss(nn.CrossEntropyLoss):
        def forward(self, input, target):  # noqa: A002 - PyTorch's name
            return 1.5 * super().forward(input, target)

    metrics = [
        EpochScoring(name, name=name, on_train=True, lower_is_better=False)
        for name in ("accuracy", "top_k_accuracy")
    ]
    return skorch_s(
        torch_network_of_ones_own,
        OwnLoss,
        module__units=32,
        callbacks=metrics,
        predict_nonlinearity=nn.Softmax(dim=-1),
    )


class KerasWrappers(Peer):
    """Keras's wrapper, whose settings are dicts that a search takes whole."""

    def grid(self, *rates):
        """Give a grid of the dicts."""
        step = self.pipe().steps[-1][0]
        return {f"{step}__model_kwargs": [self.make(rate=rate).model_kwargs for rate in rates]}


PEERS = [
    Peer(
        "scikeras",
        scikeras,
        rate="optimizer__learning_rate",
        history=lambda network: network.history_["loss"],
        own=scikeras_on_own,
    ),
    KerasWrappers(
        "`keras.wrappers`",
        keras_wrappers,
        rate="model_kwargs",
        history=lambda network: network.history_["loss"],
        own=lambda: wrapped(own_network, own_loss_of_one_hot, units=32),
    ),
    Peer(
        "skorch",
        skorch,
        rate="lr",
        history=lambda network: network.history[:, "train_loss"],
        own=skorch_on_own,
    ),
    Peer(
        "`MLPClassifier`",
        mlp,
        rate="learning_rate_init",
        history=lambda network: network.loss_curve_,
        own=no_network_of_ones_own,
    ),
    OURS,
]


def too_long(number, frame):
    """End a workflow that hangs."""
    raise TimeoutError(f"more than {LIMIT} seconds")


def served(work, peer, X, y):
    """Try a workflow; gives None, or why it failed."""
    signal.alarm(LIMIT)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            work(peer, X, y)
    except BaseException as error:  # noqa: BLE001 - pytest's failures are none of Exception's
        lines = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {lines[0][:150]}"
    finally:
        signal.alarm(0)
    return None


def checks(peer):
    """Count scikit-learn's own checks that pass, and that fail."""
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [check["status"] for check in check_estimator(peer.make(epochs=30), on_fail=None)]
    return f"{found.count('passed')} passed, {found.count('failed')} failed"


def _row(title, cells):
    return f"| {title} | " + " | ".join(cells) + " |"


def main():
    """Print the table."""
    from sklearn.datasets import load_digits

    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # where new processes find the networks
    signal.signal(signal.SIGALRM, too_long)
    X, y = load_digits(return_X_y=True)
    X, y = X[:400].astype(np.uint8), y[:400]
    heading("Workflows", "skorch", "torch")
    names = [peer.name for peer in PEERS]
    lines = [_row("", names), _row("---", ["---"] * len(PEERS))]
    lines.append(_row("scikit-learn's own checks", [checks(peer) for peer in PEERS]))
    reasons = []
    for title, work in WORKFLOWS.items():
        found = [served(work, peer, X, y) for peer in PEERS]
        lines.append(_row(title, ["\N{EN DASH}" if why else "✓" for why in found]))
        print(lines[-1], file=sys.stderr)
        reasons += [f"{title}, {n}: {w}" for n, w in zip(names, found, strict=True) if w]
    print("\n".join(lines))  # at the end: some peers print while they work
    if "--why" in sys.argv:
        print("\n" + "\n".join(reasons))


if __name__ == "__main__":
    import peers  # by its name, so that what it defines can be pickled

    peers.main()
