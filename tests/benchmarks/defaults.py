"""Measure the settings that defaults are chosen from, on training images held out.

    SKMNIST_DATA_HOME=... python tests/benchmarks/defaults.py networks|baselines [--jobs N]

Of MNIST's 60,000 training images 10,000, stratified, are held out and scored on; the test set is
not read. Networks are tried with each kind of augmentation and several numbers of epochs, baselines
at several settings, scikit-learn's own among them. Each line is printed as it is done, and kept in
``defaults.json``.
"""

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from _common import heading
from joblib import Parallel, delayed
from sklearn.model_selection import train_test_split

warnings.simplefilter("ignore")
FOUND = Path(__file__).with_suffix(".json")
EPOCHS = {
    100: (20, 40, 80, 160),
    300: (20, 40, 80, 160),
    1000: (20, 40, 80, 160),
    3000: (20, 40, 80),
    10_000: (10, 20, 40),
    50_000: (5, 10, 20),
}
DRAWS = {100: 5, 300: 4, 1000: 3, 3000: 2, 10_000: 1, 50_000: 1}
THEIRS = {
    "logistic_regression": {"C": 1.0, "max_iter": 100},
    "linear_svm": {"C": 1.0},
    "rbf_svm": {"C": 1.0, "gamma": "scale"},
    "knn": {"n_neighbors": 5, "weights": "uniform"},
    "random_forest": {"n_estimators": 100},
    "extra_trees": {"n_estimators": 100},
    "hist_gradient_boosting": {"max_features": 1.0},
    "mlp": {"hidden_layer_sizes": [100]},
    "gaussian_nb": {"var_smoothing": 1e-9},
}
"""scikit-learn's own defaults, where the pipelines' differ."""
OTHERS = {
    "logistic_regression": ({"C": 0.03},),
    "linear_svm": ({"C": 0.003},),
    "rbf_svm": ({"gamma": 0.03}, {"gamma": "scale"}),
    "knn": tuple({"n_neighbors": n, "weights": "uniform"} for n in (1, 3)),
    "random_forest": ({"n_estimators": 500},),
    "extra_trees": ({"n_estimators": 500},),
    "hist_gradient_boosting": (
        {"learning_rate": 0.3, "max_iter": 60, "max_features": 0.05, "max_leaf_nodes": 15},
        {"learning_rate": 0.1, "max_iter": 200, "max_features": 0.05, "max_leaf_nodes": 15},
        {"learning_rate": 0.2, "max_iter": 100, "max_features": 0.05, "max_leaf_nodes": 31},
    ),
    "mlp": (
        {"early_stopping": True},
        {"hidden_layer_sizes": [512, 512], "max_iter": 20},
        {"max_iter": 50},
    ),
    "gaussian_nb": ({"var_smoothing": 0.03},),
}


def data(n_rows, draw):
    """Draw training images of the 50,000; give them, and those held out."""
    from skmnist import fetch_mnist

    X, y = fetch_mnist(return_X_y=True, download_if_missing=False)
    X, X_out, y, y_out = train_test_split(X, y, test_size=10_000, stratify=y, random_state=0)
    if n_rows < len(y):
        X, _, y, _ = train_test_split(X, y, train_size=n_rows, stratify=y, random_state=draw)
    return X, y, X_out, y_out


def fit(name, n_rows, draw, params):
    """Fit one model, and print a line."""
    from skmnist import make_model

    X, y, X_out, y_out = data(n_rows, draw)
    model = make_model(name, **params)
    if "random_state" in model[-1].get_params():
        model[-1].set_params(random_state=draw)
    start = time.perf_counter()
    right = float(np.mean(model.fit(X, y).predict(X_out) == y_out))
    line = {"model": name, "rows": n_rows, "draw": draw, "accuracy": right}
    line |= {"params": params, "seconds": round(time.perf_counter() - start, 2)}
    print(json.dumps(line), flush=True)
    return line


def auto(n_rows):
    """Give the setting measured here that is nearest to what the convolutional pipeline takes."""
    epochs = np.clip(round(30_000 / n_rows), 20, 160)
    measured = [each for each in EPOCHS[n_rows] if each <= epochs]
    return {"augment": "elastic" if n_rows < 5000 else "affine", "epochs": max(measured)}


def _cells(lines):
    """Give a function that looks up the mean accuracy of a model, or says that it was not run."""
    found = {}
    for line in lines:
        key = line["model"], line["rows"], json.dumps(line["params"])
        found.setdefault(key, []).append(line["accuracy"])

    def cell(name, n_rows, params):
        accuracies = found.get((name, n_rows, json.dumps(params)))
        return f"{100 * np.mean(accuracies):.1f}" if accuracies else "not run"

    return cell


def table(lines):
    """Write the documents' table of networks by the number of rows."""
    cell = _cells(lines)
    texts = [
        "| rows | draws | RBF SVM | dense | dense, bent | convolutional | convolutional, bent |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for n_rows, n_draws in DRAWS.items():
        plain = {"augment": None, "epochs": 20}
        cells = [f"{n_rows:,}", str(n_draws), cell("rbf_svm", n_rows, {})]
        cells += [cell(m, n_rows, p) for m in ("dense", "conv") for p in (plain, auto(n_rows))]
        texts.append(f"| {' | '.join(cells)} |")
    return "\n".join(texts)


def baselines_table(lines):
    """Write the documents' table of baselines beside scikit-learn's own defaults."""
    from skmnist.pipelines import MODELS

    cell = _cells([line for line in lines if line["draw"] == 0])
    sizes = (1000, 10_000, 50_000)
    texts = [
        f"| baseline, with scikit-learn's own defaults | {' | '.join(f'{n:,}' for n in sizes)} |",
        "|---|---:|---:|---:|",
    ]
    for name, theirs in THEIRS.items():
        both = [f"{cell(name, n, {})}, {cell(name, n, theirs)}" for n in sizes]
        texts.append(f"| {MODELS[name].words} | {' | '.join(both)} |")
    return "\n".join(texts)


def read(*kinds):
    """Read what was found of some kinds of models."""
    paths = [FOUND.with_name(f"{FOUND.stem}_{kind}.json") for kind in kinds]
    return [line for path in paths for line in json.loads(path.read_text())]


def networks():
    """List the fits of networks."""
    for n_rows, numbers in EPOCHS.items():
        for epochs in sorted(numbers, reverse=True):
            for augment in ("elastic", "affine", None):
                for draw in range(DRAWS[n_rows]):
                    for name in ("conv", "dense"):
                        yield name, n_rows, draw, {"augment": augment, "epochs": epochs}


def baselines():
    """List the fits of baselines, the shortest first."""
    for n_rows in (1000, 10_000, 50_000):
        for name, theirs in THEIRS.items():
            for params in ({}, theirs, *OTHERS[name]):
                yield name, n_rows, 0, params


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["networks", "baselines"])
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    heading("Defaults, on training images held out")
    fits = {"networks": networks, "baselines": baselines}[chosen.kind]()
    done = Parallel(n_jobs=chosen.jobs, return_as="generator_unordered", batch_size=1)(
        delayed(fit)(*each) for each in fits
    )
    found = []
    for line in done:
        found.append(line)
        kept = FOUND.with_name(f"{FOUND.stem}_{chosen.kind}.json")
        kept.write_text("[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n")
    sys.stdout.flush()
