"""The command line, as a user meets it: in a process of its own where it matters."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from skmnist.cli import app

run_inside = CliRunner().invoke


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "skmnist", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_compare_prints_a_table_of_80_columns():
    done = run("compare", "--models", "dummy,gaussian_nb", "--cv", 3)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "1,437 images of digits, 3-fold" in lines[0]
    assert [line.split()[0] for line in lines[3:5]] == ["gaussian_nb", "dummy"]
    assert max(map(len, lines)) <= 80
    assert done.stderr == ""


def test_compare_as_json():
    done = run_inside(app, ["compare", "--models", "dummy", "--cv", "2", "--json"])
    record = json.loads(done.stdout)["models"][0]
    assert record["model"] == "dummy"
    assert 0.05 < record["mean"] < 0.2


def test_train_then_evaluate(tmp_path):
    path = tmp_path / "model.skops"
    done = run("train", "--epochs", 3, "--out", path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Trained on 1,437 images" in done.stdout
    result = run_inside(app, ["evaluate", str(path), "--json"])
    scores = json.loads(result.stdout)
    assert scores["n_images"] == 360
    assert scores["low"] < scores["accuracy"] < scores["high"]
    assert scores["accuracy"] > 0.8
    text = run_inside(app, ["evaluate", str(path)]).stdout
    assert "of 360 test images right (95 % interval" in " ".join(text.split())


def test_train_by_recipe_as_json(tmp_path):
    path = tmp_path / "model.skops"
    arguments = ["train", "--recipe", "lesson", "--epochs", "1", "--out", str(path), "--json"]
    done = run_inside(app, arguments)
    assert set(json.loads(done.stdout)["last_epoch"]) == {
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "--models", "dense,svm"], "no model 'svm'; there are dense, dummy"),
        (["compare", "--data", "nowhere"], "there is no folder 'nowhere'"),
        (["evaluate", "nothing.skops"], "There is no model file nothing.skops"),
        (["train", "--out", "."], ". is a folder; --out names a file"),
        (["train", "--out", "no/such/folder/m.skops"], "There is no folder no/such/folder"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, message, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_usage_errors_exit_with_2():
    done = run("compare", "--cv", "one")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_folder_without_files(tmp_path):
    done = run("compare", "--data", tmp_path)
    assert done.returncode == 2
    assert "train-images-idx3-ubyte.gz is missing" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_data_path_and_verify(tmp_path, monkeypatch):
    monkeypatch.setenv("SKMNIST_DATA_HOME", str(tmp_path))
    assert run_inside(app, ["data", "path"]).stdout.strip() == str(tmp_path)
    done = run_inside(app, ["data", "verify"])
    assert done.exit_code == 1
    assert done.stdout.count("missing") == 4


@pytest.mark.mnist
def test_data_fetch_where_all_is_there(mnist):
    done = run_inside(app, ["data", "fetch"])
    assert done.exit_code == 0
    assert "MNIST is complete in" in done.stdout
    assert run_inside(app, ["data", "verify"]).stdout.count("ok") == 4


@pytest.mark.parametrize("command", [[], ["compare"], ["train"], ["evaluate"], ["data"]])
def test_help_fits_80_columns(command):
    done = run_inside(app, [*command, "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
