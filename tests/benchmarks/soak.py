"""A long life in one process: 300 fits of mixed architectures, then 20,000 single predictions.

Prints resident memory and the time of each tenth: neither should grow.

    python tests/benchmarks/soak.py
"""

import warnings

from _common import heading, seconds
from memory import resident

FITS, PREDICTIONS, TENTHS = 300, 20_000, 10


def architectures():
    """Give 40 networks: more than the cache of programs holds."""
    from skmnist import ConvClassifier, DenseClassifier

    for i in range(32):
        sizes = (16 + 8 * (i % 8),) * (1 + i // 8)
        yield DenseClassifier(sizes, dropout=0.1 * (i % 2), batch_norm=i % 5 == 4)
    for i in range(8):
        yield ConvClassifier((2 + i, 4), hidden_layer_sizes=(16,))


def report(title, times, memory):
    """Print a table of tenths."""
    print(f"{title}\n  {'tenth':<8}{'seconds':>10}{'memory, MB':>12}")
    for i, (took, megabytes) in enumerate(zip(times, memory, strict=True), 1):
        print(f"  {i:<8}{took:>10.2f}{megabytes:>12.0f}")
    print(f"  last by first: {times[-1] / times[0]:.2f}x, {memory[-1] - memory[0]:+.1f} MB\n")


def main() -> None:
    """Fit, then predict."""
    warnings.simplefilter("ignore")
    heading(f"{FITS} fits of 40 architectures, {PREDICTIONS:,} predictions of one image")
    from sklearn.base import clone

    from skmnist import flatten_and_scale, load_digits28

    X, y = load_digits28(return_X_y=True)
    X = flatten_and_scale(X)
    models = list(architectures())

    def fits(tenth):
        for i in range(FITS // TENTHS):
            network = clone(models[(7 * (tenth * FITS // TENTHS + i)) % len(models)])
            network.set_params(epochs=2, random_state=i).fit(X[:500], y[:500]).predict(X[:100])

    def predictions(tenth):
        for i in range(PREDICTIONS // TENTHS):
            network.predict(X[i % 1000 : i % 1000 + 1])

    network = clone(models[3]).set_params(epochs=2, random_state=0).fit(X[:500], y[:500])
    for title, work in (("Fits", fits), ("Predictions", predictions)):
        times, memory = [], []
        for tenth in range(TENTHS):
            times.append(seconds(lambda work=work, tenth=tenth: work(tenth)))
            memory.append(resident())
        report(title, times, memory)


if __name__ == "__main__":
    main()
