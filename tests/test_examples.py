"""The examples run as they stand, on the data that need no download."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, tmp_path):
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 80
