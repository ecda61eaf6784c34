"""Folders of pictures become data sets, and what is wrong in them is named."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.pens import draw

from skmnist import center_digit, load_pictures, read_picture


def write(path, digit, **pen):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = draw(digit, **{"size": 50, "pen": 4} | pen)
    Image.fromarray((255 - picture).astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    """Five pictures of three digits, in subfolders, and what people and systems leave there."""
    folder = tmp_path / "mine"
    for name in ("7/b.png", "7/a.png", "3/z.jpg", "10/x.png", "10/y.bmp"):
        write(folder / name, int(name[0]))
    (folder / "README.txt").write_text("mine")
    for hidden in (".git/config", "7/.DS_Store", "3/Thumbs.db", "3/half.png.part"):
        (folder / hidden).parent.mkdir(exist_ok=True)
        (folder / hidden).write_text("nothing")
    return folder


def test_a_subfolder_is_a_label(folder):
    found = load_pictures(folder)
    names = ["10/x.png", "10/y.bmp", "3/z.jpg", "7/a.png", "7/b.png"]
    assert found.filenames.tolist() == [str(folder / name) for name in names]
    assert (found.data.shape, found.data.dtype) == ((5, 784), np.uint8)
    assert np.shares_memory(found.data, found.images)
    assert (found.target.tolist(), found.target.dtype) == ([10, 10, 3, 7, 7], np.int64)
    assert found.target_names.tolist() == [3, 7, 10]
    expected = center_digit(read_picture(folder / "3/z.jpg"))
    np.testing.assert_array_equal(found.images[2], expected)
    X, y = load_pictures(folder, return_X_y=True)
    np.testing.assert_array_equal(X, found.data)
    np.testing.assert_array_equal(y, found.target)


def test_labels_may_be_words(folder):
    (folder / "3").rename(folder / "three")
    found = load_pictures(folder, as_frame=True)
    assert found.target.tolist() == ["10", "10", "7", "7", "three"]
    assert found.target_names.tolist() == ["10", "7", "three"]
    assert isinstance(found.data, pd.DataFrame)
    assert found.frame.shape == (5, 785)


def test_a_table_names_pictures_and_labels(folder):
    rows = ["writer,file,label", "ann,7/b.png,1", "bob,3/z.jpg,NA", 'cy,"7/a.png",1']
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8-sig")  # as Excel writes it
    found = load_pictures(folder)
    assert found.target.tolist() == ["NA", "1", "1"]
    assert [name.rpartition("/")[2] for name in found.filenames] == ["z.jpg", "a.png", "b.png"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file;label\n7/a.png;7\n", "has the columns file;label; it needs file and label"),
        ("file,label\n", "lists no pictures"),
        ("", "is not a CSV file"),
        ("file,label\n7/a.png,7\n7/a.png,1\n", "lists 7/a.png more than once"),
        ("file,label\n7/a.png,7\n7/b.png,\n", "1 of 2 labels are missing"),
        ("file,label\n7/c.png,7\n", "There is no picture .*c.png"),
    ],
)
def test_a_table_that_does_not_serve_is_refused(folder, text, message):
    (folder / "labels.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_pictures(folder)


@pytest.fixture
def bad(folder):
    """Five more, of which none can be read."""
    Image.new("L", (9, 9)).save(folder / "7/blank.png")
    for i in range(4):
        (folder / f"3/{i}.heic").write_bytes(b"another format")
    return folder


def test_all_bad_pictures_are_counted_and_the_first_named(bad):
    with pytest.raises(ValueError, match=r"5 of 10 pictures in .* can't be used") as caught:
        load_pictures(bad)
    message = str(caught.value)
    assert all(f"{i}.heic is read once pillow-heif is installed" in message for i in range(3))
    assert "blank.png" not in message
    assert "And 2 more. Take them out, or pass errors='skip' to load_pictures." in message


def test_bad_pictures_may_be_left_out(bad):
    names = r"3/0\.heic, 3/1\.heic, 3/2\.heic, 3/3\.heic, 7/blank\.png"
    with pytest.warns(UserWarning, match=f"and are left out: {names}") as caught:
        found = load_pictures(bad, errors="skip")
    assert caught[0].filename == __file__
    assert found.target.tolist() == [10, 10, 3, 7, 7]


def test_the_type_of_labels_does_not_hang_on_what_is_left_out(bad):
    (bad / "blank").mkdir()
    (bad / "7/blank.png").rename(bad / "blank/blank.png")
    with pytest.warns(UserWarning, match="left out"):
        found = load_pictures(bad, errors="skip")
    assert found.target.tolist() == ["10", "10", "3", "7", "7"]


def test_nothing_left_is_an_error(tmp_path):
    (tmp_path / "1").mkdir()
    Image.new("L", (9, 9)).save(tmp_path / "1/blank.png")
    with pytest.raises(ValueError, match=r"1/blank\.png: Nothing is drawn.*None is left"):
        load_pictures(tmp_path, errors="skip")


def test_no_pictures(tmp_path):
    (tmp_path / "7").mkdir()
    with pytest.raises(ValueError, match="put those of each label into a subfolder"):
        load_pictures(tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        load_pictures(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="errors must be 'raise' or 'skip'; got 'ignore'"):
        load_pictures(tmp_path, errors="ignore")
