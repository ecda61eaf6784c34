"""The README's code runs, and prints what the README says that it prints."""

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
import accuracy
import defaults

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", README, flags=re.DOTALL)


def masked(text: str) -> str:
    return re.sub(r"\d+\.\d+%", "#", text)


@pytest.mark.parametrize(("code", "output"), BLOCKS, ids=range(len(BLOCKS)))
def test_python_blocks_run(code, output, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    if output:  # to the last decimal only on the machine that it was made on
        assert masked(capsys.readouterr().out) == masked(output)


def test_the_two_commands_stand_as_they_must():
    commands = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    assert commands[0] == "pip install . && skmnist compare --data digits\n"
    assert commands[1] == 'pip install -e ".[test]" && pytest\n'


def test_accuracies_are_those_that_were_measured():
    found = json.loads(accuracy.FOUND.read_text())
    assert accuracy.table(found) in README


def test_what_few_images_reach_is_what_was_measured():
    found = defaults.read("networks", "baselines")
    assert defaults.table(found) in README
    assert defaults.baselines_table(found) in README


def test_what_is_said_to_be_tested_is():
    module = ""
    for name, function in re.findall(r"`(test_\w+\.py)?::(test_\w+)`", README):
        module = name or module
        assert f"def {function}(" in (Path(__file__).parent / module).read_text()
