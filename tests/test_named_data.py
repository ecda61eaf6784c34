"""Data by one name: data sets, folders and files, as the command line takes them."""

import gzip
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.mirrors import make_source, mirrored, serving
from typer.testing import CliRunner

from skmnist import load_digits28, make_baseline, save
from skmnist._idx import format_idx
from skmnist.cli import app
from skmnist.datasets.named import load_named
from skmnist.datasets.readers import read_table
from skmnist.datasets.sources import FASHION, VARIANTS


@pytest.fixture(scope="module")
def images():
    """Fifty digits, five of each label, as images and labels."""
    digits = load_digits28(subset="train")
    rows = np.concatenate([np.flatnonzero(digits.target == label)[:5] for label in range(10)])
    return digits.images[rows], digits.target[rows]


def same(found, images, labels):
    X, y = found
    assert (X.dtype, X.shape) == (np.uint8, (len(images), 784))
    np.testing.assert_array_equal(X, images.reshape(len(images), -1))
    np.testing.assert_array_equal(y, labels)
    assert y.dtype == np.asarray(labels).dtype


def is_divided(name, images, labels):
    """A fifth of the images is set aside, the same in each call, with as many of each label."""
    X, y = load_named(name, "train")
    X_test, y_test = load_named(name, "test")
    assert np.unique(y_test, return_counts=True)[1].tolist() == [1] * 10
    assert len(y) == 40
    rows = sorted(row.tobytes() for row in np.concatenate([X, X_test]))
    assert rows == sorted(image.tobytes() for image in images)
    np.testing.assert_array_equal(load_named(name, "test")[0], X_test)
    same(load_named(name, "all"), images, labels)
    by_pixels = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    assert all(by_pixels[row.tobytes()] == label for row, label in zip(X, y, strict=True))


def test_digits():
    digits = load_digits28(subset="test")
    same(load_named("digits", "test"), digits.images, digits.target)


@pytest.fixture
def fashion_home(origin, home, monkeypatch):
    """A home with a tiny Fashion-MNIST, which a server on this machine has."""
    source = make_source(origin, folder=FASHION.folder)
    monkeypatch.setenv("SKMNIST_DATA_HOME", str(home))
    with serving(origin) as address:
        monkeypatch.setitem(VARIANTS, "fashion", mirrored(source, address))
        yield home / FASHION.folder


def test_a_variant_is_fetched(fashion_home):
    assert load_named("fashion", "test")[0].shape == (3, 784)
    assert len(list(fashion_home.iterdir())) == 2


def test_the_home_is_verified_by_any_name_and_another_folder_is_not(fashion_home, tmp_path):
    load_named("fashion", "all")
    other = tmp_path / "other"
    other.mkdir()
    for file in fashion_home.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    changed = gzip.compress(format_idx(np.zeros(5, np.uint8)))
    for folder in (fashion_home, other):
        (folder / "train-labels-idx1-ubyte.gz").write_bytes(changed)
    assert load_named(str(other), "train")[1].tolist() == [0] * 5
    with pytest.raises(OSError, match=r"train-labels-idx1-ubyte\.gz is corrupt"):
        load_named(str(tmp_path / "other" / ".." / "home" / FASHION.folder), "train")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_in_mnists_format(suffix, images, tmp_path):
    pack = gzip.compress if suffix else bytes
    for prefix, rows in {"train": slice(0, 40), "t10k": slice(40, None)}.items():
        X, y = images[0][rows], images[1][rows].astype(np.uint8)
        (tmp_path / f"{prefix}-images-idx3-ubyte{suffix}").write_bytes(pack(format_idx(X)))
        (tmp_path / f"{prefix}-labels-idx1-ubyte{suffix}").write_bytes(pack(format_idx(y)))
    same(load_named(str(tmp_path), "train"), images[0][:40], images[1][:40])
    same(load_named(str(tmp_path), "test"), images[0][40:], images[1][40:])
    same(load_named(str(tmp_path), "all"), *images)


def test_a_folder_in_mnists_format_without_test_images(images, tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(format_idx(images[0]))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(format_idx(images[1].astype(np.uint8)))
    is_divided(str(tmp_path), *images)


def test_files_named_as_emnists_hold_images_by_columns(tmp_path, images):
    X, y = images
    for kind, array in (("images-idx3", X.swapaxes(1, 2)), ("labels-idx1", y.astype(np.uint8))):
        (tmp_path / f"emnist-digits-train-{kind}-ubyte.gz").write_bytes(
            gzip.compress(format_idx(np.ascontiguousarray(array)))
        )
    is_divided(str(tmp_path), X, y)


def idx_folder(folder, **arrays):
    for name, array in arrays.items():
        kind = "idx3" if name.endswith("images") else "idx1"
        content = array if isinstance(array, bytes) else format_idx(array)
        (folder / f"{name.replace('_', '-')}-{kind}-ubyte").write_bytes(content)


BLACK = np.zeros((4, 28, 28), np.uint8)
LABELS = np.arange(4, dtype=np.uint8)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, r"holds no data: train-images-idx3-ubyte\.gz is missing"),
        ({"train_images": BLACK}, r"train-labels-idx1-ubyte\.gz is missing"),
        (
            {"train_images": BLACK, "train_labels": LABELS, "t10k_labels": LABELS},
            r"t10k-images-idx3-ubyte\.gz is missing",
        ),
        ({"train_images": BLACK, "train_labels": LABELS[:3]}, "4 images need as many labels"),
        ({"train_images": BLACK[0], "train_labels": LABELS}, "images have the shape"),
        ({"train_images": BLACK[:0], "train_labels": LABELS[:0]}, "images have the shape"),
        ({"train_images": b"<html>", "train_labels": LABELS}, "is not an IDX file, or is damaged"),
        (
            {"train_images": gzip.compress(bytes(99))[:-9], "train_labels": LABELS},
            "is not an IDX file, or is damaged",
        ),
        (
            {"train_images": np.full((4, 28, 28), 0.5), "train_labels": LABELS},
            "Multiply fractions of 1 by 255",
        ),
        (
            {"train_images": np.full((4, 28, 28), 999, np.int16), "train_labels": LABELS},
            "pixels are whole numbers from 0 to 255",
        ),
        (
            {
                "train_images": BLACK,
                "train_labels": LABELS,
                "t10k_images": BLACK[:, 4:],
                "t10k_labels": LABELS,
            },
            "test images have another size",
        ),
    ],
)
def test_folders_that_do_not_serve(arrays, message, tmp_path):
    idx_folder(tmp_path, **arrays)
    with pytest.raises((ValueError, OSError), match=message) as caught:
        load_named(str(tmp_path), "train")
    assert str(tmp_path) in str(caught.value)


def test_a_folder_of_pictures(tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(5):
            picture = np.full((30, 40), 255, np.uint8)
            picture[5 : 15 + i, 10:20] = 0
            Image.fromarray(picture).save(tmp_path / label / f"{i}.png")
    X, y = load_named(str(tmp_path), "train")
    assert X.shape == (8, 784)
    assert sorted(y.tolist()) == ["a"] * 4 + ["b"] * 4
    assert sorted(load_named(str(tmp_path), "test")[1].tolist()) == ["a", "b"]


def test_kerass_archive(images, tmp_path):
    X, y = images
    path = tmp_path / "mnist.npz"
    y = y.astype(np.uint8)
    np.savez(path, x_train=X[:40], y_train=y[:40], x_test=X[40:], y_test=y[40:])
    same(load_named(str(path), "train"), images[0][:40], images[1][:40])
    same(load_named(str(path), "test"), images[0][40:], images[1][40:])
    np.savez(path, x_train=X, y_train=y, others=y)
    is_divided(str(path), *images)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": BLACK}, "holds images, where x_train, y_train are needed"),
        (
            {"x_train": BLACK, "y_train": LABELS, "x_test": BLACK},
            "where x_train, y_train, x_test, y_test are needed",
        ),
        ({"x_train": BLACK, "y_train": LABELS.astype(object)}, "allow_pickle=False"),
        ({"x_train": BLACK, "y_train": np.array([1, 2, np.nan, 3])}, "1 of 4 labels are missing"),
        ({"x_train": BLACK, "y_train": LABELS[:, None]}, r"got an array of shape \(4, 1\)"),
    ],
)
def test_archives_that_do_not_serve(arrays, message, tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        load_named(str(path), "train")
    assert str(path) in str(caught.value)


def test_nothing_is_unpickled(tmp_path):
    """A pickle by the name of an archive would be run by `numpy.load` if it were let."""
    path = tmp_path / "mnist.npz"
    np.array([LABELS], dtype=object).dump(path)
    with pytest.raises(ValueError, match=r"is not an \.npz file"):
        load_named(str(path), "train")


def table_of(images, labels=None, name="label"):
    frame = pd.DataFrame(images.reshape(len(images), -1)).add_prefix("pixel")
    if labels is not None:
        frame.insert(0, name, labels)
    return frame


def test_kaggles_table(images, tmp_path):
    path = tmp_path / "train.csv"
    table_of(*images).to_csv(path, index=False)
    is_divided(str(path), *images)


@pytest.mark.parametrize("name", ["label", "class", "target", "digit"])
def test_where_the_labels_are(name, images, tmp_path):
    path = tmp_path / "table.PARQUET"
    frame = table_of(*images, name)
    if name != "digit":  # any name will do for the first column, and any place for these names
        frame = frame[[*frame.columns[1:], name]]
    frame.to_parquet(path)
    same(load_named(str(path), "all"), *images)


def test_label_goes_before_other_names(images, tmp_path):
    path = tmp_path / "table.parquet"
    frame = table_of(images[0], np.full(len(images[1]), 3), "label")
    frame = frame.rename(columns={"pixel9": "class"})
    frame.to_parquet(path)
    assert set(load_named(str(path), "all")[1]) == {3}


def test_openmls_frame(images, tmp_path):
    """Labels as categories of texts, pixels as nullable integers."""
    path = tmp_path / "table.parquet"
    X, y = images
    frame = table_of(X).astype("Int64").assign(**{"class": pd.Categorical(y.astype(str))})
    frame.to_parquet(path)
    same(load_named(str(path), "all"), X, y)


@pytest.mark.parametrize("header", ["none", "numbers"])
def test_a_table_whose_first_line_is_numbers(header, images, tmp_path):
    path = tmp_path / "table.csv"
    frame = table_of(*images)
    if header == "numbers":
        frame.columns = range(785)
    frame.to_csv(path, index=False, header=header != "none")
    same(load_named(str(path), "all"), *images)


def test_a_table_without_labels(images, tmp_path):
    path = tmp_path / "test.csv"
    table_of(images[0]).to_csv(path, index=False)
    X, y = read_table(path)
    np.testing.assert_array_equal(X, images[0].reshape(-1, 784))
    assert y is None
    with pytest.raises(ValueError, match=r"test\.csv has no labels: name the column"):
        load_named(str(path), "train")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.iloc[:, :100], "has 100 columns; it needs 784 of pixels"),
        (lambda frame: frame.drop(columns="pixel7"), "has 784 columns; it needs 784 of pixels"),
        (lambda frame: frame.assign(index=0), "has 786 columns"),
        (lambda frame: frame.iloc[:0], "has no rows"),
        (lambda frame: frame.assign(pixel3=np.nan), "whole numbers from 0 to 255"),
        (lambda frame: frame.assign(pixel3=-1), "whole numbers from 0 to 255"),
        (lambda frame: frame.assign(pixel3=0.5), "whole numbers from 0 to 255"),
        (lambda frame: frame.assign(pixel3="ink"), "not all pixels are numbers"),
        (lambda frame: frame.assign(label=[None, *range(49)]), "1 of 50 labels are missing"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_that_do_not_serve(suffix, change, message, images, tmp_path):
    path = tmp_path / f"table{suffix}"
    frame = change(table_of(*images))
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    with pytest.raises(ValueError, match=message) as caught:
        load_named(str(path), "train")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is not a CSV file"),
        ("a.csv", b"\xff\xfe\x00", "is not a CSV file"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "is not a CSV file"),
        ("a.parquet", b"nothing of the kind", "is not a Parquet file"),
        ("a.npz", b"nothing of the kind", "is not an .npz file"),
        ("a.txt", b"", r"is no file of data: those end with \.npz, \.csv or \.parquet"),
    ],
)
def test_files_of_another_kind(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_named(str(tmp_path / name), "train")


def test_too_few_images_to_divide(images, tmp_path):
    path = tmp_path / "few.csv"
    one_nine, two_or_three_of_each = slice(0, 46), slice(0, 50, 2)
    for few, counted in (
        (one_nine, "46 images of 10 labels, at the least 1 of one"),
        (two_or_three_of_each, "25 images of 10 labels, at the least 2 of one"),
    ):
        table_of(images[0][few], images[1][few]).to_csv(path, index=False)
        with pytest.raises(ValueError, match=f"{counted}.*Give it 5 of each label"):
            load_named(str(path), "test")


def test_a_table_serves_every_command(images, tmp_path):
    path, model = tmp_path / "train.csv", tmp_path / "model.skops"
    table_of(*images).to_csv(path, index=False)
    done = CliRunner().invoke(
        app, ["train", "--data", str(path), "--epochs", "1", "--out", str(model)]
    )
    assert done.exit_code == 0, done.output
    assert "Trained on 40 images" in done.stdout
    done = CliRunner().invoke(app, ["evaluate", str(model), "--data", str(path)])
    assert "of 10 test images right" in " ".join(done.stdout.split())


def test_a_mistake_is_one_line(tmp_path):
    command = [sys.executable, "-m", "skmnist", "compare", "--data", str(tmp_path / "[no].csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert (
        "Data are 'digits', 'mnist', 'fashion', 'kmnist' or 'emnist-digits', or a folder or file"
        in done.stderr
    )
    assert "[no].csv" in done.stderr


def test_labels_of_another_kind_are_told(images, tmp_path):
    path, model = tmp_path / "letters.csv", tmp_path / "model.skops"
    X, y = images
    save(make_baseline("gaussian_nb").fit(X, y), model)
    table_of(X, [f"letter {label}" for label in y]).to_csv(path, index=False)
    for command in ("evaluate", "card"):
        done = CliRunner().invoke(app, [command, str(model), "--data", str(path)])
        assert "has the labels 'letter 0', 'letter 1'," in str(done.exception)
        assert f"of which {model} knows none: it was trained on 0, 1," in str(done.exception)
