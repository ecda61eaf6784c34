"""Resident memory over a hundred fits in one process, ours and scikeras's, each in its own.

python tests/benchmarks/memory.py
"""

import gc
import json
import subprocess
import sys
import warnings
from pathlib import Path

from _common import heading

FITS = 100


def resident() -> float:
    """Give this process's resident memory in megabytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def measure(which: str) -> None:
    """Fit again and again; print the memory after each fit."""
    warnings.simplefilter("ignore")
    import numpy as np

    from skmnist import DenseClassifier, KerasClassifier, dense_network

    X = np.random.default_rng(0).random((500, 64), dtype=np.float32)
    y = np.arange(500) % 10
    sizes = (64,)
    memory = []
    for i in range(FITS):
        if which == "DenseClassifier":
            model = DenseClassifier(sizes, epochs=2, learning_rate=1e-3 * (1 + i % 7))
        else:
            if which == "scikeras":
                from scikeras.wrappers import KerasClassifier
            model = KerasClassifier(
                dense_network,
                model__hidden_layer_sizes=sizes,
                loss="sparse_categorical_crossentropy",
                epochs=2,
                verbose=0,
            )
        model.fit(X, y).predict(X)
        memory.append(resident())
    print(json.dumps(memory))


def main() -> None:
    heading(f"Resident memory over {FITS} fits of a 64-64-10 network, megabytes")
    print(f"  {'':<26}{'fit 10':>9}{'fit 100':>9}{'growth':>9}")
    for which in ("DenseClassifier", "KerasClassifier", "scikeras"):
        done = subprocess.run(
            [sys.executable, __file__, which], capture_output=True, text=True, check=True
        )
        memory = json.loads(done.stdout)
        print(f"  {which:<26}{memory[9]:9.0f}{memory[-1]:9.0f}{memory[-1] - memory[9]:9.1f}")


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
