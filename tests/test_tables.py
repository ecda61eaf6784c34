"""Tables of pixels on the command line, as Kaggle gives and takes them."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from skmnist import FlattenScale, load, make_baseline, save
from skmnist.cli import app


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def model(digits, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "bayes.skops"
    save(make_baseline("gaussian_nb").fit(*digits), path)
    return path


@pytest.fixture
def table(digits, tmp_path):
    """Kaggle's test file: 784 named columns, no labels."""
    path = tmp_path / "test.csv"
    frame = pd.DataFrame(digits[0][:30]).add_prefix("pixel")
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def expected(model, digits):
    return load(model).predict(digits[0][:30]).tolist()


def test_a_submission_is_written(model, table, expected, tmp_path):
    path = tmp_path / "submission.csv"
    done = run("predict", model, table, "--csv", "--out", path)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"Wrote {path}.\n"
    lines = path.read_text().splitlines()
    assert lines[:2] == ["ImageId,Label", f"1,{expected[0]}"]
    assert [int(line.split(",")[1]) for line in lines[1:]] == expected
    assert [int(line.split(",")[0]) for line in lines[1:]] == list(range(1, 31))
    printed = run("predict", model, table, "--csv").stdout
    assert printed == path.read_text()


def test_a_table_as_json_and_in_short(model, table, expected):
    found = json.loads(run("predict", model, table, "--json").stdout)
    assert found == {"file": str(table), "labels": expected}
    lines = run("predict", model, table).stdout.splitlines()
    counted = {int(line.split()[0]): int(line.split()[1]) for line in lines[2:-1]}
    assert counted == {label: expected.count(label) for label in set(expected)}
    assert "--csv --out FILE" in lines[-1]


def test_labels_in_a_parquet_file_are_not_looked_at(model, digits, expected, tmp_path):
    path = tmp_path / "test.parquet"
    frame = pd.DataFrame(digits[0][:30]).add_prefix("pixel")
    frame.assign(label=0).to_parquet(path)
    assert json.loads(run("predict", model, path, "--json").stdout)["labels"] == expected


def test_csv_of_pictures_goes_to_a_file_too(model, digits, tmp_path):
    Image.fromarray(np.asarray(digits[0][0]).reshape(28, 28)).save(tmp_path / "a.png")
    path = tmp_path / "found.csv"
    done = run("predict", model, tmp_path / "a.png", "--csv", "--out", path)
    assert done.exit_code == 0, done.output
    assert path.read_text() == run("predict", model, tmp_path / "a.png", "--csv").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.png", "test.csv", "--csv"], "A table is predicted alone: give test.csv"),
        (["test.csv", "--out", "x.csv"], "--out is the file for --csv: give both"),
        (["test.csv", "--csv", "--out", "no/x.csv"], "There is no folder no to write x.csv to"),
    ],
)
def test_mistakes_are_told_before_any_work(arguments, message):
    done = run("predict", "nothing.skops", *arguments)
    assert isinstance(done.exception, ValueError)
    assert message in str(done.exception)


def test_a_table_of_another_width_is_refused(model, table, tmp_path):
    path = tmp_path / "submission.csv"
    pd.read_csv(table).iloc[:, 1:].to_csv(table, index=False)
    done = run("predict", model, table, "--csv", "--out", path)
    assert "test.csv has 783 columns; it needs 784 of pixels" in str(done.exception)
    assert not path.exists()


def test_what_predicts_nothing_is_named(table, digits, tmp_path):
    path = tmp_path / "scale.skops"
    save(FlattenScale().fit(digits[0]), path)
    done = run("predict", path, table)
    assert "scale.skops holds a FlattenScale, which predicts nothing" in str(done.exception)
    done = run("evaluate", path)
    assert "scale.skops holds a FlattenScale, which is no classifier" in str(done.exception)
