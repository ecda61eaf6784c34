"""Accuracy of every recipe on MNIST: several seeds, all 60,000 training images, cold fits.

The recipes were chosen on a split of the training images; the test set is scored here, once a fit,
and once for the seeds of a recipe together, in scikit-learn's `VotingClassifier`. What is found
is kept in `accuracy.json`, from which the documents' table is made.

    SKMNIST_DATA_HOME=... python tests/benchmarks/accuracy.py [RECIPE ...] [--seeds 3]
"""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
from _common import heading, mnist, seconds
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator

from skmnist import make_model, recipes
from skmnist.engine import clear_programs
from skmnist.significance import accuracy

FOUND = Path(__file__).with_suffix(".json")


def fit(name, seed, X, y):
    """Fit the classifier that a recipe is for, from cold; gives it and the seconds."""
    recipe = recipes.BY_NAME[name]
    clear_programs()
    classifier = make_model(recipe.model, **recipe, random_state=seed)[-1]
    return classifier, round(seconds(lambda: classifier.fit(X, y)), 1)


def measure(name, seeds, X, y, X_test, y_test):
    """Score a recipe fitted with each seed, one by one and together."""
    accuracies, times, members = [], [], []
    for seed in range(seeds):
        member, took = fit(name, seed, X, y)
        times.append(took)
        accuracies.append(float(np.mean(member.predict(X_test) == y_test)))
        members.append((f"seed {seed}", FrozenEstimator(member)))
        print(f"  {name}, seed {seed}: {accuracies[-1]:.2%} in {took:.0f} s", flush=True)
    vote = VotingClassifier(members, voting="soft").fit(X[:100], y[:100])  # fits the labels only
    together = float(np.mean(vote.predict(X_test) == y_test))
    return {"accuracy": accuracies, "seconds": times, "together": together}


def row(name, found):
    """Write a recipe's line of the documents' table."""
    accuracies = np.array(found["accuracy"])
    of_one = accuracy(round(accuracies.mean() * 10_000), 10_000)
    spread = f"{100 * accuracies.mean():.2f}% ± {100 * accuracies.std(ddof=1):.2f}"
    interval = f"{100 * of_one.low:.2f} to {100 * of_one.high:.2f}"
    together = f"{100 * found['together']:.2f}%"
    seeds, took = f"{len(accuracies)} seeds", np.median(found["seconds"])
    return f"| `{name}` | {spread} ({seeds}) | {interval} | {together} | {took:.0f} s |"


def table(found):
    """Write the documents' table."""
    lines = [
        "| recipe | test accuracy | 95% interval of one | the seeds together | a fit |",
        "|---|---|---|---|---|",
    ]
    ordered = sorted(found, key=lambda name: np.mean(found[name]["accuracy"]))
    return "\n".join(lines + [row(name, found[name]) for name in ordered])


def main():
    """Measure the recipes named, keep what was found, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recipes", nargs="*", default=list(recipes.BY_NAME))
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    heading("Accuracy on MNIST's 10,000 test images, 60,000 to learn from")
    X, y, X_test, y_test = mnist()
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    for name in chosen.recipes:
        found[name] = measure(name, chosen.seeds, X, y, X_test, y_test)
        FOUND.write_text(json.dumps(found, indent=1) + "\n")
    print("\n" + table(found))


if __name__ == "__main__":
    main()
