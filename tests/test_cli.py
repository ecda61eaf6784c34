"""The command line, as a user meets it: in a process of its own where it matters."""

import contextlib
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from skmnist import DenseClassifier, center_digit, load, make_dense_pipeline, save
from skmnist._compat.callbacks import HAS_CALLBACKS
from skmnist.cli import app, main, shared

run_inside = CliRunner().invoke


def command(arguments):
    return [sys.executable, "-m", "skmnist", *map(str, arguments)]


def start(*arguments, **options):
    """Run a command in a process of its own."""
    return subprocess.run(
        command(arguments), capture_output=True, text=True, check=False, **options
    )


def run(*arguments, cwd="."):
    """Run a command as a process would, errors and exit code too, but in this one."""
    said, complained = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = command(arguments)[2:]
    try:
        with (
            contextlib.chdir(cwd),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(complained),
        ):
            main()
    except SystemExit as stopped:
        code = stopped.code or 0
    else:
        code = 0
    finally:
        sys.argv = before
    done = [said.getvalue(), complained.getvalue()]
    return subprocess.CompletedProcess(arguments, code, *done)


def test_compare_prints_a_table_of_80_columns():
    done = start("compare", "--models", "dummy,gaussian_nb", "--cv", 3)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "1,437 images of digits, 3-fold" in lines[0]
    assert [line.split("  ")[0] for line in lines[3:5]] == ["naive Bayes", "dummy"]
    assert max(map(len, lines)) <= 80
    assert done.stderr == ""


def test_learning_curves_of_80_columns(tmp_path):
    asked = ("--models", "dummy,gaussian_nb,knn", "--sizes", "30,300", "--repeats", 2)
    files = tmp_path / "curves.png", tmp_path / "curves.html"
    done = run("compare", *asked, "--plot", files[0], "--report", files[1])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Accuracy by the number of images of digits, 2 draws"
    assert [line.split("  ")[0] for line in lines[3:6]] == [
        "k nearest neighbours",
        "naive Bayes",
        "dummy",
    ]
    assert max(map(len, lines[:-2])) <= 80
    assert all(file.stat().st_size > 1000 for file in files)
    refused = run("compare", "--sizes", "30,many")
    assert refused.returncode == 2
    assert "whole numbers with commas" in refused.stderr


def test_tuned_comparison_shows_what_was_chosen():
    asked = ["--models", "linear_svm,gaussian_nb,dummy", "--rows", "200", "--cv", "2", "--tune"]
    done = run_inside(app, ["compare", *asked])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[6].split() == ["tuned", "chosen,", "in", "how", "many", "folds", "search"]
    assert any(line.startswith("naive Bayes") and "var_smoothing=" in line for line in lines[7:])
    assert max(map(len, lines)) <= 80
    refused = run("compare", "--sizes", "30,100", "--tune")
    assert refused.returncode == 2
    assert "leave out --sizes" in refused.stderr


def test_compare_as_json():
    done = run_inside(app, ["compare", "--models", "dummy", "--cv", "2", "--json"])
    record = json.loads(done.stdout)["models"][0]
    assert record["model"] == "dummy"
    assert 0.05 < record["mean"] < 0.2


@pytest.mark.slow
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
    assert "of 360 test images right (95% interval" in " ".join(text.split())


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
        (["compare", "--models", "dense,svm"], "no model 'svm'; there are dense, conv, dummy"),
        (["compare", "--data", "nowhere"], "there is no folder 'nowhere'"),
        (["evaluate", "nothing.skops"], "There is no model file nothing.skops"),
        (["compare", "--report", "."], ". is a folder; --report names a file"),
        (["compare", "--rows", "5000"], "--rows is 5000, but there are 1437 images"),
        (["search", "--param", "width=1"], "has no parameter 'width'; there are activation"),
        (["search", "--param", "width"], "--param is NAME=VALUE,...; got 'width'"),
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


@pytest.mark.parametrize("command", [[], ["compare"], ["train"], ["evaluate"], ["draw"], ["data"]])
def test_help_fits_80_columns(command):
    done = run_inside(app, [*command, "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_compare_writes_a_report_and_a_picture(tmp_path):
    report, picture = tmp_path / "report.html", tmp_path / "scores.png"
    arguments = ["compare", "--models", "dummy,gaussian_nb", "--cv", "2", "--repeats", "2"]
    arguments += ["--test", "--rows", "300", "--report", str(report), "--plot", str(picture)]
    done = run_inside(app, arguments)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "300 images of digits, 2-fold cross-validation, 2 times"
    assert "test set (95%)" in lines[1]
    assert max(map(len, lines[:6])) <= 80
    assert any(line.startswith("- Naive Bayes beats dummy by") for line in lines)
    assert "<!doctype html>" in report.read_text()[:20]
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_search_prints_candidates_and_draws_them(tmp_path):
    picture, model = tmp_path / "search.png", tmp_path / "best.skops"
    arguments = ["search", "--cv", "2", "--epochs", "2", "--param", "learning_rate=0.0001,0.01"]
    arguments += ["--param", "hidden_layer_sizes=(8,),(16, 8)", "--param", "optimizer=adam"]
    done = run_inside(app, [*arguments, "--plot", str(picture), "--out", str(model)])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("4 candidates, 2 folds of 1,437 images of digits, 2 epochs")
    assert lines[1].split()[:3] == ["hidden", "layer", "sizes"]
    assert max(map(len, lines[:7])) <= 80
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert run_inside(app, ["evaluate", str(model)]).exit_code == 0


@pytest.mark.slow
def test_search_by_halving_as_json():
    arguments = ["search", "--halving", "--cv", "2", "--epochs", "3", "--json"]
    rates = ["--param", "learning_rate=0.0001,0.001,0.01"]
    found = json.loads(run_inside(app, [*arguments, *rates]).stdout)
    assert [c["n_resources"] for c in found["candidates"]] == [3, 1, 1]
    assert found["best"] == {"learning_rate": found["candidates"][0]["learning_rate"]}


def test_version():
    import skmnist

    assert run_inside(app, ["--version"]).stdout == f"skmnist {skmnist.__version__}\n"


@pytest.mark.slow
def test_the_lesson_is_told(tmp_path):
    done = start("lesson", "--plot", "history.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    for text in ("An image is numbers", "784 - 512 - 256 - 128 - 32 - 10", "recipes.DEFAULT"):
        assert text in done.stdout
    assert sum(line.strip()[:2].strip().isdigit() and "%" in line for line in lines) == 10
    assert (tmp_path / "history.png").stat().st_size > 10_000


@pytest.fixture(scope="module")
def model(digits, tmp_path_factory):
    """A file with a small pipeline that knows the digits."""
    path = tmp_path_factory.mktemp("models") / "small.skops"
    save(make_dense_pipeline(hidden_layer_sizes=(64,), random_state=0).fit(*digits), path)
    return path


@pytest.mark.slow
def test_predict_draws_a_few_pictures(model, digits, tmp_path):
    picture = tmp_path / "seven.png"
    image = digits[0][digits[1] == 7][0].reshape(28, 28)
    Image.fromarray(255 - np.kron(image, np.ones((5, 5), np.uint8))).save(picture)
    done = start("predict", model, picture.name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "seven.png" in done.stdout
    assert "7   9" in done.stdout
    assert "█" in done.stdout
    assert "unsure" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_predict_many_pictures_in_any_form(model, digits, tmp_path):
    (tmp_path / "more").mkdir()
    for i, row in enumerate(digits[0][:6]):
        Image.fromarray(row.reshape(28, 28)).save(tmp_path / ("more" * (i > 3)) / f"{i}.png")
    centred = [center_digit(row.reshape(28, 28)) for row in digits[0][:6]]
    labels = [str(label) for label in load(model).predict(np.array(centred))]
    found = run_inside(app, ["predict", str(model), str(tmp_path), "--json"])
    pictures = json.loads(found.stdout)["pictures"]
    assert [picture["label"] for picture in pictures] == labels
    (digit,) = pictures[0]["digits"]
    assert sum(digit["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    names = "\n".join(picture["file"] for picture in pictures)
    found = run_inside(app, ["predict", str(model), "-", "--csv"], input=names)
    lines = found.stdout.splitlines()
    assert lines[0].startswith("file,digit,label,sure,probability_0,")
    assert [line.split(",")[2] for line in lines[1:]] == labels
    table = run_inside(app, ["predict", str(model), str(tmp_path)]).stdout
    assert "probability" in table


@pytest.fixture
def number(digits, tmp_path):
    """A picture of the number 307, in dark ink on paper."""
    images = [digits[0][digits[1] == digit][0].reshape(28, 28) for digit in (3, 0, 7)]
    path = tmp_path / "number.png"
    Image.fromarray(240 - np.kron(np.hstack(images), np.full((4, 4), 0.8))).convert("L").save(path)
    return path


def test_predict_reads_a_number(model, number):
    drawn = number.with_name("read.png")
    done = run_inside(app, ["predict", str(model), str(number), "--plot", str(drawn)])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].endswith("number.png: 3 digits")
    read, *shares = lines[3].split()
    assert read.replace("?", "") == "307"
    assert len(shares) == 3
    assert drawn.read_bytes()[:4] == b"\x89PNG"
    record = json.loads(run_inside(app, ["predict", str(model), str(number), "--json"]).stdout)
    (picture,) = record["pictures"]
    assert picture["label"] == "307"
    assert [digit["line"] for digit in picture["digits"]] == [0, 0, 0]
    lefts = [digit["box"][1] for digit in picture["digits"]]
    assert lefts == sorted(lefts)
    refused = run_inside(app, ["predict", str(model), *[str(number)] * 2, "--plot", str(drawn)])
    assert "--plot draws one picture; 2 are named" in str(refused.exception)


def test_what_is_unsure_is_marked(digits, number, tmp_path):
    short = make_dense_pipeline(hidden_layer_sizes=(4,), epochs=1, random_state=0)
    path = tmp_path / "poor.skops"
    save(short.fit(*digits), path)
    lines = run_inside(app, ["predict", str(path), str(number)]).stdout.splitlines()
    assert lines[3].split()[0].count("?") == 3
    assert lines[-1] == "? is unsure: below 70%, or touching another digit."


def test_a_card_is_written(model, tmp_path):
    text = run_inside(app, ["card", str(model)]).stdout
    assert text.startswith("# small\n")
    assert "the test images of digits" in text
    path = tmp_path / "card.md"
    assert "Wrote" in run_inside(app, ["card", str(model), "--out", str(path)]).stdout
    assert path.read_text() == text


def test_pictures_that_cannot_be_read_are_named(model, number):
    folder = number.parent / "pictures"
    folder.mkdir()
    done = run("predict", model, folder)
    assert done.returncode == 2
    assert "There are no pictures in the folder" in done.stderr
    Image.new("L", (9, 9)).save(folder / "empty.png")
    done = run("predict", model, folder)
    assert done.returncode == 2
    assert "empty.png: Nothing is drawn" in " ".join(done.stderr.split())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    number.rename(folder / "good.png")
    done = run("predict", model, folder)  # which answers the good one, and then names the others
    assert done.returncode == 1
    assert "good.png: 3 digits" in done.stdout
    assert len(done.stderr.splitlines()) == 2
    assert "broken.jpg is not a picture, or is damaged" in done.stderr


def test_a_terminal_shows_the_epochs(monkeypatch, rows):
    shown = io.StringIO()
    monkeypatch.setattr(shared, "err", Console(file=shown, force_terminal=True, width=100))
    network = DenseClassifier(4, epochs=2, random_state=0)
    with shared.epoch_progress(network, 2):
        network.fit(*rows)
    assert "0:00:0" in shown.getvalue()
    assert ("epoch 2" in shown.getvalue()) == HAS_CALLBACKS
    assert "_skl_callbacks" not in vars(network)
