"""What type checkers and editors see of the public API."""

import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="the gate installs it after the tests")

PROGRAM = """
from skmnist import DenseClassifier, compare, make_dense_pipeline, recipes
import skmnist

reveal_type(DenseClassifier(64, epochs=3))
reveal_type(DenseClassifier().fit([[0.0]], [0]))
reveal_type(compare)
reveal_type(skmnist.load_digits28)
DenseClassifier(learnin_rate=0.1)
"""


@pytest.mark.slow
def test_a_users_program_is_typed(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--config-file=", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.count('Revealed type is "skmnist.classifiers.dense.DenseClassifier"') == 2
    assert "skmnist.comparison.result.Comparison" in done.stdout
    assert 'Unexpected keyword argument "learnin_rate"' in done.stdout
    assert 'Revealed type is "Any"' not in done.stdout
