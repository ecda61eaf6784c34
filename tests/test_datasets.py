"""The fetcher is tested on small files of its own, from servers on this machine."""

import gzip
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from support.mirrors import RangesHandler, make_source, mirrored, serving
from typer.testing import CliRunner

from skmnist import fetch_mnist, load_digits28
from skmnist._idx import parse_idx
from skmnist.cli import app
from skmnist.datasets import MNIST, Source, fetch, mnist_home, verify, verify_mnist
from skmnist.datasets.sources import EMNIST_DIGITS, FASHION, VARIANTS

NOBODY = "http://127.0.0.1:9/"
"""A mirror where nothing listens."""


def test_fetch_downloads_once(origin, served, home):
    bunch = fetch(served, subset="all", data_home=home)
    assert bunch.data.shape == (8, 784)
    assert bunch.images.shape == (8, 28, 28)
    assert np.shares_memory(bunch.data, bunch.images)
    assert (bunch.data.dtype, bunch.target.dtype) == (np.uint8, np.int64)
    assert len(bunch.feature_names) == 784
    assert "handwritten" in bunch.DESCR
    assert sorted(p.name for p in home.iterdir()) == sorted(served.files)
    for path in origin.iterdir():
        path.unlink()
    train = fetch(served, data_home=home)  # the server has nothing any more
    np.testing.assert_array_equal(train.data, bunch.data[:5])


def test_only_the_files_needed_are_downloaded(served, home):
    fetch(served, subset="test", data_home=home)
    assert sorted(p.name[:4] for p in home.iterdir()) == ["t10k", "t10k"]


def test_frames(served, home):
    bunch = fetch(served, subset="test", data_home=home, as_frame=True)
    assert isinstance(bunch.data, pd.DataFrame)
    assert bunch.target.name == "target"
    assert bunch.frame.shape == (3, 785)
    X, y = fetch(served, subset="test", data_home=home, as_frame=True, return_X_y=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    pd.testing.assert_series_equal(y, bunch.target)


def test_a_bad_mirror_is_passed_over(tmp_path, origin, tiny, home):
    other = tmp_path / "other"
    other.mkdir()
    for name in tiny.files:
        (other / name).write_bytes(b"an error page")
    with serving(other) as bad, serving(origin) as good:
        source = mirrored(tiny, NOBODY, bad, good)
        assert len(fetch(source, data_home=home, n_retries=0).data) == 5
        with pytest.raises(OSError, match=f"{bad} gave another file"):
            fetch(mirrored(tiny, bad), subset="test", data_home=home, n_retries=0)
    assert sorted(p.name[:5] for p in home.iterdir()) == ["train", "train"]


def test_retries_wait_longer_each_time(tiny, home, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with pytest.raises(OSError, match="not available"):
        fetch(mirrored(tiny, NOBODY), data_home=home, n_retries=3, delay=0.5)
    assert waits == [0.5, 1.0, 2.0]


def test_nothing_there_says_where_what_and_what_to_do(tiny, home):
    with pytest.raises(OSError, match="not available") as caught:
        fetch(mirrored(tiny, NOBODY), data_home=home, n_retries=0)
    message = str(caught.value)
    for part in (str(home), *tiny.files, NOBODY, "load_digits28"):
        assert part in message
    assert list(home.iterdir()) == []


def test_no_download_if_not_wanted(tiny, home):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch(tiny, data_home=home, download_if_missing=False)
    assert not home.exists()


@pytest.mark.parametrize("damage", ["truncated", "altered"])
def test_damage_is_detected_and_mended(damage, served, home):
    fetch(served, data_home=home)
    path = home / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    bad = content[:-5] if damage == "truncated" else content[:-1] + b"\1"
    path.write_bytes(bad)
    with pytest.raises(FileNotFoundError, match=r"images-idx3-ubyte\.gz is corrupt"):
        fetch(served, data_home=home, download_if_missing=False)
    assert [f.status for f in verify(served, home)] == [
        "corrupt",
        "ok",
        "missing",
        "missing",
    ]
    fetch(served, data_home=home)
    assert path.read_bytes() == content
    assert (home / f"{path.name}.corrupt").read_bytes() == bad  # nothing of the user's is lost


def test_a_damaged_file_without_a_mirror_loses_its_name(served, home):
    fetch(served, data_home=home)
    path = home / "train-labels-idx1-ubyte.gz"
    path.write_bytes(b"damaged")
    with pytest.raises(OSError, match=r"labels-idx1-ubyte\.gz is corrupt"):
        fetch(mirrored(served), data_home=home, n_retries=0)
    assert not path.exists()


def fetch_in_ten_processes(source: Source, home: Path) -> list[str]:
    """Fetch into one folder by ten processes at once; give the shapes that they print."""
    code = (
        "from skmnist.datasets import Source, fetch\n"
        f"print(fetch({source!r}, subset='all', data_home={str(home)!r}).data.shape)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    return [process.communicate(timeout=120)[0] for process in processes]


@pytest.mark.slow
def test_ten_processes_fetch_into_one_folder(served, home):
    assert fetch_in_ten_processes(served, home) == ["(8, 784)\n"] * 10
    assert sorted(p.name for p in home.iterdir()) == sorted(served.files)


def test_another_data_set_is_another_source(origin, home):
    words = ("shirt", "shoe", *"cdefghij")
    prefixes = {"train": "train", "test": "wear-test"}
    source = make_source(origin, prefixes, target_names=words, folder="wear")
    with serving(origin) as address:
        found = fetch(mirrored(source, address), subset="test", data_home=home)
    assert found.data.shape == (3, 784)
    assert found.target_names[found.target].tolist() == [words[label] for label in found.target]
    assert [path.name for path in home.iterdir()] == ["wear"]
    assert all(path.name.startswith("wear-test-") for path in (home / "wear").iterdir())


@pytest.fixture
def tiny_fashion(origin, monkeypatch):
    """A tiny Fashion-MNIST on a server of this machine, in the place of the real one."""
    source = make_source(origin, folder=FASHION.folder, target_names=FASHION.target_names)
    with serving(origin) as address:
        monkeypatch.setitem(VARIANTS, "fashion", mirrored(source, address, name=FASHION.name))
        yield


def test_a_variant_has_files_and_names_of_its_own(tiny_fashion, home):
    assert [found.status for found in verify_mnist(home, variant="fashion")] == ["missing"] * 4
    found = fetch_mnist(variant="fashion", subset="test", data_home=home)
    assert found.data.shape == (3, 784)
    assert found.target_names[9] == "Ankle boot"
    assert mnist_home(home, variant="fashion") == home / "fashion-mnist"
    assert [path.name for path in home.iterdir()] == ["fashion-mnist"]
    states = [found.status for found in verify_mnist(home, variant="fashion")]
    assert states == ["missing", "missing", "ok", "ok"]
    assert [found.status for found in verify_mnist(home)] == ["missing"] * 4


def test_a_variant_is_fetched_from_the_command_line(tiny_fashion, home, monkeypatch):
    monkeypatch.setenv("SKMNIST_DATA_HOME", str(home))
    done = CliRunner().invoke(app, ["data", "fetch", "--variant", "fashion"])
    assert done.exit_code == 0, done.output
    folder = home / "fashion-mnist"
    assert f"Fashion-MNIST is complete in {folder}" in done.stdout
    done = CliRunner().invoke(app, ["data", "verify", "--variant", "fashion"])
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 4
    done = CliRunner().invoke(app, ["data", "path", "--variant", "fashion"])
    assert done.stdout.strip() == str(folder)


@pytest.fixture
def archived(origin, tmp_path):
    """A tiny EMNIST in an archive on a server that gives parts of files."""
    source = make_source(
        origin, EMNIST_DIGITS.prefixes, folder=EMNIST_DIGITS.folder, by_columns=True
    )
    folder = tmp_path / "archives"
    folder.mkdir()
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        archive.writestr("gzip/others.bin", bytes(3 << 20))
        for name in source.files:
            archive.write(origin / name, f"gzip/{name}")
    (folder / "page.zip").write_text("an error page")
    with serving(folder, RangesHandler) as address:
        yield mirrored(source, f"{address}gzip.zip/gzip/")


def test_files_are_fetched_out_of_an_archive(archived, origin, home):
    found = fetch(archived, subset="all", data_home=home)
    assert {path.name for path in (home / "emnist-digits").iterdir()} == set(archived.files)
    stored = [
        parse_idx(gzip.decompress((origin / archived.images(part)).read_bytes()))
        for part in ("train", "test")
    ]
    np.testing.assert_array_equal(found.images, np.concatenate(stored).swapaxes(1, 2))
    assert np.shares_memory(found.data, found.images)


def test_only_what_is_needed_of_an_archive_is_downloaded(archived, tmp_path, home):
    lengths = []

    class CountingHandler(RangesHandler):
        def send_header(self, keyword, value):
            if keyword == "Content-Length":
                lengths.append(int(value))
            super().send_header(keyword, value)

    with serving(tmp_path / "archives", CountingHandler) as address:
        fetch(mirrored(archived, f"{address}gzip.zip/gzip/"), subset="test", data_home=home)
    assert 0 < sum(lengths) < 1 << 20  # of an archive of 3 MB


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("gzip.zip/elsewhere/", r"gzip\.zip holds no elsewhere/emnist-digits-train-images"),
        ("page.zip/gzip/", r"page\.zip is not a whole zip archive"),
        ("missing.zip/gzip/", r"missing\.zip/gzip/: HTTPError"),
    ],
)
def test_an_archive_without_the_file_is_passed_over(place, message, archived, home):
    server = archived.mirrors[0].removesuffix("gzip.zip/gzip/")
    with pytest.raises(OSError, match=message):
        fetch(mirrored(archived, server + place), data_home=home, n_retries=0)
    found = fetch(mirrored(archived, server + place, *archived.mirrors), data_home=home)
    assert len(found.data) == 5


def test_a_server_that_gives_no_parts_is_passed_over(archived, tmp_path, home):
    with serving(tmp_path / "archives") as address:
        whole = mirrored(archived, f"{address}gzip.zip/gzip/")
        with pytest.raises(OSError, match=r"gzip\.zip can't be read in parts"):
            fetch(whole, data_home=home, n_retries=0)
    assert not list((home / "emnist-digits").iterdir())


@pytest.mark.parametrize("source", VARIANTS.values(), ids=VARIANTS)
def test_sources_are_whole(source):
    assert set(source.files) == {source.images(part) for part in ("train", "test")} | {
        source.labels(part) for part in ("train", "test")
    }
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in source.files.values())
    assert all(mirror.endswith("/") for mirror in source.mirrors)
    assert len(source.target_names) == 10
    assert len(source.description.splitlines()[0]) == len(source.description.splitlines()[1])


def test_sources_do_not_share_files():
    folders = [source.folder for source in VARIANTS.values()]
    checksums = [checksum for source in VARIANTS.values() for checksum in source.files.values()]
    assert len(set(folders)) == len(VARIANTS)
    assert len(set(checksums)) == 4 * len(VARIANTS)


def test_what_to_do_names_the_folder_of_the_variant(home):
    with pytest.raises(OSError, match=r"or into kmnist in a folder that data_home names"):
        fetch_mnist(variant="kmnist", data_home=home, download_if_missing=False)


def test_unknown_variant(home):
    message = "variant must be 'mnist', 'fashion', 'kmnist' or 'emnist-digits'; got 'letters'"
    for function in (fetch_mnist, mnist_home, verify_mnist):
        with pytest.raises(ValueError, match=message):
            function(data_home=home, variant="letters")
    assert not home.exists()


def test_home_is_looked_up_in_order(tmp_path, monkeypatch):
    monkeypatch.setenv("SKMNIST_DATA_HOME", str(tmp_path / "env"))
    assert mnist_home(tmp_path / "given") == tmp_path / "given"
    assert mnist_home() == tmp_path / "env"
    monkeypatch.delenv("SKMNIST_DATA_HOME")
    assert mnist_home().name == "skmnist"


def test_unknown_subset(home):
    with pytest.raises(ValueError, match="subset must be 'train', 'test' or 'all'; got 'valid'"):
        fetch_mnist(subset="valid", data_home=home)
    assert not home.exists()
    with pytest.raises(ValueError, match="got 'valid'"):
        load_digits28(subset="valid")


def test_digits_have_mnists_format():
    digits = load_digits28()
    assert digits.images.shape == (1797, 28, 28)
    assert digits.data.dtype == np.uint8
    assert digits.images.max() == 255
    frame = digits.images.copy()
    frame[:, 4:24, 4:24] = 0
    assert not frame.any()  # MNIST's margins
    small = load_digits()
    boxes = digits.images[:, 4:24, 4:24].astype(float) * 16 / 255
    assert not boxes.min(axis=(1, 2)).any()  # each has black in it
    assert boxes.mean() == pytest.approx(small.images.mean(), rel=0.03)
    middle = np.arange(8) * 5 // 2 + 1  # of the pixels that each of scikit-learn's becomes
    assert np.abs(boxes[:, middle][:, :, middle] - small.images).max() < 5  # of 16
    np.testing.assert_array_equal(digits.target, small.target)
    np.testing.assert_array_equal(digits.target_names, small.target_names)
    assert np.shares_memory(digits.data, digits.images)


def test_digits_are_split_once_and_evenly():
    train, test = load_digits28(subset="train"), load_digits28(subset="test")
    assert (len(train.data), len(test.data)) == (1437, 360)
    counts = np.bincount(test.target)
    assert counts.max() - counts.min() <= 2
    rows = {image.tobytes() for image in train.data}
    assert sum(image.tobytes() in rows for image in test.data) <= 1


@pytest.mark.mnist
def test_the_real_files(mnist):
    X, y, X_test, y_test = mnist
    assert (X.shape, X_test.shape) == ((60000, 784), (10000, 784))
    assert y[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.slow
@pytest.mark.mnist
def test_ten_processes_fetch_the_real_files(mnist, home):
    with serving(mnist_home()) as address:
        found = fetch_in_ten_processes(mirrored(MNIST, address), home)
    assert found == ["(70000, 784)\n"] * 10
    assert sorted(p.name for p in home.iterdir()) == sorted(MNIST.files)
