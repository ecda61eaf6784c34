"""The code in documents runs and prints what they say; tables are those measured, links lead."""

import json
import re
import sys
from pathlib import Path

import pytest
from support.callbacks import needs_callbacks
from test_architecture import FLOORS

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
import accuracy
import defaults

ROOT = Path(__file__).parents[1]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in sorted(ROOT.rglob("*.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
}
README, FIGURES = DOCUMENTS["README.md"], DOCUMENTS["tests/benchmarks/README.md"]
BLOCKS = [
    pytest.param(
        *found,
        id=f"{name}-{i}",
        marks=needs_callbacks if "set_callbacks" in found[0] else (),
    )
    for name, text in DOCUMENTS.items()
    for i, found in enumerate(
        re.findall(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", text, flags=re.DOTALL)
    )
]


def masked(text: str) -> str:
    return re.sub(r"\d+\.\d+%", "#", text)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "output"), BLOCKS)
def test_python_blocks_run(code, output, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "document", "exec"), {"__name__": "__main__"})
    if output:  # to the last decimal only on the machine that it was made on
        assert masked(capsys.readouterr().out) == masked(output)


def test_the_two_commands_stand_as_they_must():
    commands = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    assert commands[0] == "pip install . && skmnist compare --data digits\n"
    assert commands[1] == 'pip install -e ".[test]" && pytest\n'


def test_the_front_door_is_short():
    assert len(README.splitlines()) <= 150


def test_accuracies_are_those_that_were_measured():
    table = accuracy.table(json.loads(accuracy.FOUND.read_text()))
    assert table in README
    assert table in FIGURES


def test_what_few_images_reach_is_what_was_measured():
    found = defaults.read("networks", "baselines")
    assert defaults.table(found) in FIGURES
    assert defaults.baselines_table(found) in FIGURES


@pytest.mark.parametrize("name", DOCUMENTS)
def test_percent_signs_stand_as_they_do_in_tables(name):
    assert not re.findall(r"\d %", DOCUMENTS[name])


def test_what_is_said_to_be_tested_is():
    module = ""
    named = re.findall(r"`(test_\w+\.py)?::(test_\w+)`", DOCUMENTS["tests/README.md"])
    assert len(named) > 15
    for name, function in named:
        module = name or module
        assert f"def {function}(" in (Path(__file__).parent / module).read_text()


def test_every_room_has_its_floor_in_the_table():
    listed, floor = {}, None
    block = DOCUMENTS["CONTRIBUTING.md"].partition("```text\n")[2].partition("```")[0]
    for line in block.splitlines()[1:]:
        floor = int(line[0]) if line[0] != " " else floor
        names = [name for name in line[7:].split() if name in FLOORS]
        listed |= dict.fromkeys(names, floor)
    assert listed == {room: n for room, n in FLOORS.items() if not room.endswith("__")}


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    folder = (ROOT / name).parent
    for link in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[name]):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else ROOT / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link
