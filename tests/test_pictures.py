"""Pictures become what MNIST's images are, whatever their size, polarity and place of the digit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes
from PIL import Image
from support.pens import draw

from skmnist import center_digit, make_dense_pipeline, read_picture, recipes


@given(
    shapes.arrays(
        st.sampled_from([np.uint8, np.int16, np.float32]),
        st.tuples(st.integers(1, 40), st.integers(1, 40)),
        elements=st.integers(0, 200),
    )
)
def test_any_picture_is_centred_or_refused(picture):
    if np.ptp(picture) == 0:
        with pytest.raises(ValueError, match="Nothing is drawn"):
            center_digit(picture)
        return
    image = center_digit(picture)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() == 255


@given(st.integers(0, 60), st.integers(0, 60), st.booleans(), st.integers(1, 3))
def test_place_polarity_and_contrast_do_not_matter(top, left, dark, contrast):
    digit = draw(5, size=60, pen=6)
    paper = np.zeros((130, 130))
    paper[top : top + 60, left : left + 60] = digit / contrast
    picture = 250 - paper if dark else paper + 3
    np.testing.assert_allclose(center_digit(picture), center_digit(digit), atol=1)


def test_a_digit_fills_the_box_and_keeps_its_proportions():
    tall, wide = np.zeros((90, 90)), np.zeros((90, 90))
    tall[10:70, 40:46] = wide[40:46, 10:70] = 1
    for image, shape in ((center_digit(tall), (20, 2)), (center_digit(wide), (2, 20))):
        rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        assert (len(rows), len(columns)) == shape


@pytest.mark.parametrize("bad", [np.zeros((3, 4, 2)), np.zeros((0, 5)), np.full((4, 4), np.nan)])
def test_what_is_no_picture_is_refused(bad):
    with pytest.raises(ValueError, match="matrix of finite grey values"):
        center_digit(bad)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "I;16", "LA"])
def test_files_of_any_mode(mode, tmp_path):
    grey = draw(3, size=80, pen=7).astype(np.uint8)
    if mode == "I;16":
        picture = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        picture = Image.fromarray(255 - grey).convert(mode)
    picture.save(tmp_path / "digit.png")
    found = center_digit(read_picture(tmp_path / "digit.png"))
    expected = center_digit(grey)
    assert np.abs(found.astype(int) - expected).mean() < 3


def test_what_is_transparent_is_paper(tmp_path):
    ink = draw(4, size=80, pen=7).astype(np.uint8)
    colours = np.dstack([np.zeros((*ink.shape, 3), np.uint8), ink])
    Image.fromarray(colours, "RGBA").save(tmp_path / "digit.png")
    found = center_digit(read_picture(tmp_path / "digit.png"))
    np.testing.assert_allclose(found, center_digit(ink), atol=2)


def test_broken_and_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no picture .*none\.png"):
        read_picture(tmp_path / "none.png")
    path = tmp_path / "cut.png"
    Image.fromarray(np.eye(300, dtype=np.uint8) * 255).save(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"cut\.png is not a picture, or is damaged"):
        read_picture(path)
    path.write_text("hello")
    with pytest.raises(ValueError, match=r"cut\.png is not a picture, or is damaged"):
        read_picture(path)


@pytest.mark.filterwarnings("ignore:Image size:PIL.Image.DecompressionBombWarning")
def test_huge_pictures_are_refused_before_they_are_read(tmp_path):
    Image.new("1", (10_000, 9_000)).save(tmp_path / "huge.png")
    with pytest.raises(ValueError, match="90,000,000 pixels; at most 40,000,000"):
        read_picture(tmp_path / "huge.png")


@pytest.mark.mnist
def test_drawn_digits_are_recognised(mnist):
    X, y, X_test, y_test = mnist
    pipe = make_dense_pipeline(**recipes.FAST, random_state=0).fit(X, y)
    rng = np.random.default_rng(0)
    pictures, truth = [], []
    for digit in range(10):
        for size in (40, 90, 250):
            for pen in (0.05, 0.08, 0.13):
                for dark in (False, True):
                    paper = np.zeros((300, 300))
                    top, left = rng.integers(0, 300 - size, 2)
                    slant = rng.uniform(-0.15, 0.15)
                    drawn = draw(digit, size=size, pen=max(2, size * pen), slant=slant)
                    paper[top : top + size, left : left + size] = drawn
                    pictures.append(center_digit(240 - 0.8 * paper if dark else paper))
                    truth.append(digit)
    assert np.mean(pipe.predict(np.array(pictures)) == truth) > 0.95
    again = np.array([center_digit(row.reshape(28, 28)) for row in X_test])
    assert abs(pipe.score(again, y_test) - pipe.score(X_test, y_test)) < 0.002
