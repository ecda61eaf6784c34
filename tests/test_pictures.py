"""Pictures become what MNIST's images are, whatever their size, polarity and place of the digit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes
from PIL import Image, ImageDraw
from support.pens import draw

from skmnist import center_digit, find_digits, make_dense_pipeline, read_picture, recipes


@settings(deadline=None)
@given(
    shapes.arrays(
        st.sampled_from([np.uint8, np.int16, np.float32]),
        st.tuples(st.integers(1, 40), st.integers(1, 40)),
        elements=st.integers(0, 200),
    )
)
def test_any_picture_is_centred_or_refused(picture):
    try:
        image = center_digit(picture)
    except ValueError:
        for cut in (center_digit, find_digits):
            with pytest.raises(ValueError, match="Nothing is drawn"):
                cut(picture)
        return
    assert np.ptp(picture) > 0
    found = find_digits(picture)
    assert len(found.images) >= 1
    tops, lefts, bottoms, rights = found.boxes.T
    assert ((tops >= 0) & (tops < bottoms) & (bottoms <= picture.shape[0])).all()
    assert ((lefts >= 0) & (lefts < rights) & (rights <= picture.shape[1])).all()
    if len(found.images) == 1:
        np.testing.assert_array_equal(found.images[0], image)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() == 255


@settings(deadline=None)
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


@pytest.mark.parametrize(
    "bad", [np.zeros((3, 4, 2)), np.zeros((0, 5)), np.full((4, 4), np.nan), [["a", "b"]]]
)
def test_what_is_no_picture_is_refused(bad):
    for cut in (center_digit, find_digits):
        with pytest.raises(ValueError, match=r"A picture is a matrix of .*grey values"):
            cut(bad)


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


def test_huge_pictures_are_scaled_down_or_refused_before_they_are_read(tmp_path):
    large = Image.new("1", (10_000, 10_000), 1)
    large.paste(0, (3_000, 2_000, 3_600, 8_000))
    large.save(tmp_path / "large.png")
    grey = read_picture(tmp_path / "large.png")
    assert grey.shape == (2400, 2400)
    assert np.ptp(np.flatnonzero(center_digit(grey).any(axis=1))) == 19
    Image.new("1", (14_000, 14_000)).save(tmp_path / "huge.png")
    with pytest.raises(ValueError, match=r"huge\.png has more than 178,956,970 pixels"):
        read_picture(tmp_path / "huge.png")


@pytest.fixture(scope="module")
def five():
    """A five of soft strokes, 120 pixels high, 255 for ink."""
    return draw(5, size=120, pen=12)


def on_paper(digit, top=90, left=140, shape=(300, 400), paper=235.0, ink=0.8):
    picture = np.full(shape, paper)
    height, width = digit.shape
    picture[top : top + height, left : left + width] -= ink * digit
    return picture


def close_to(found, expected, tolerance=12):
    return np.abs(found.astype(int) - expected).mean() < tolerance


def specks(picture, rng):
    for top, left in rng.integers(0, 290, (12, 2)):
        picture[top : top + 3, left : left + 3] = 20
    return picture


def shadow(picture, rng):
    picture *= np.linspace(1, 0.55, 400)
    picture[230:] *= 0.7
    return picture + rng.normal(0, 3, picture.shape)


def edge_of_the_paper(picture, rng):
    picture[:, :40] = 60
    picture[280:] = rng.integers(0, 200, (20, 400))
    return picture


def frame(picture, rng):
    picture[[8, 9, 290, 291], 8:390] = 30
    picture[8:292, [8, 9, 389, 390]] = 30
    return picture


def neighbour(picture, rng):
    picture[100:200, 392:] = 20
    return picture


def rings_of_jpeg(picture, rng):
    return picture - rng.integers(0, 2, picture.shape)


@pytest.mark.parametrize(
    "damage", [specks, shadow, edge_of_the_paper, frame, neighbour, rings_of_jpeg]
)
def test_what_is_not_the_digit_is_left_behind(damage, five):
    expected = center_digit(on_paper(five))
    rng = np.random.default_rng(0)
    assert close_to(center_digit(damage(on_paper(five), rng)), expected)
    assert len(find_digits(damage(on_paper(five), rng)).images) == 1


def test_a_panel_is_looked_into(five):
    page = np.full((300, 400), 255.0)
    page[60:240, 100:300] = 10
    page[90:210, 140:260] += 0.9 * five
    assert close_to(center_digit(page), center_digit(five))
    assert (find_digits(page).boxes[0] >= [80, 130, 80, 130]).all()  # of the picture's pixels


def test_broken_strokes_stay_together(five):
    broken = five.copy()
    broken[38:44] = 0
    found = find_digits(on_paper(broken))
    assert len(found.images) == 1
    assert close_to(found.images[0], center_digit(on_paper(five)), 20)


def test_thin_strokes_become_those_of_a_pen():
    thin, pen = draw(3, size=300, pen=4), draw(3, size=300, pen=30)
    faint, full = center_digit(thin).astype(int), center_digit(pen).astype(int)
    assert 0.6 < faint.sum() / full.sum() < 1


TEMPLATES = np.array([center_digit(draw(digit, size=100, pen=9)) for digit in range(10)])


def nearest(image):
    """Name the digit by the drawing of it that is closest."""
    return int(np.abs(TEMPLATES.astype(int) - image).mean(axis=(1, 2)).argmin())


@pytest.mark.parametrize("number", ["22", "52602", "0171", "90210"])
def test_numbers_are_cut_into_digits(number):
    gaps = np.full((100, 12), 0.0)
    digits = [draw(int(digit), size=100, pen=9) for digit in number]
    line = np.hstack([part for digit in digits for part in (gaps, digit, gaps)])
    found = find_digits(on_paper(line, 60, 30, (220, line.shape[1] + 60)))
    assert len(found.images) == len(number)
    assert not found.touching.any()
    assert found.lines.tolist() == [0] * len(number)
    assert (np.diff(found.boxes[:, 1]) > 0).all()
    assert [nearest(image) for image in found.images] == [int(digit) for digit in number]


def test_a_letter_is_cut_as_one():
    """What it is most like is the network's to say: it knows ten digits alone."""
    page = Image.new("L", (300, 300), 245)
    pen = ImageDraw.Draw(page)
    pen.line([(90, 240), (150, 60), (210, 240)], fill=20, width=18)
    pen.line([(115, 170), (185, 170)], fill=20, width=18)
    found = find_digits(np.asarray(page))
    assert len(found.images) == 1
    assert not found.touching.any()
    np.testing.assert_array_equal(found.images[0], center_digit(np.asarray(page)))


def test_digits_that_touch_are_parted_and_marked():
    line = np.hstack([draw(digit, size=100, pen=9) for digit in (2, 7, 3)])
    line[48:53, 60:240] = 255  # a thin line through all three
    found = find_digits(on_paper(line, 60, 60, (220, 420)))
    assert len(found.images) == 3
    assert found.touching.all()
    line[5:95, 60:240] = 255
    found = find_digits(on_paper(line, 60, 60, (220, 420)))
    assert found.touching.tolist() == [True]


def test_a_sheet_is_read_line_by_line():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, (10, 10))
    sheet = np.full((1000, 1200), 240.0) * np.linspace(1, 0.8, 1200)
    for (row, column), digit in np.ndenumerate(labels):
        top, left = 100 * row + rng.integers(10, 30), 120 * column + rng.integers(10, 40)
        sheet[top : top + 60, left : left + 60] -= 0.7 * draw(int(digit), size=60, pen=6)
    found = find_digits(sheet + rng.normal(0, 3, sheet.shape))
    assert found.lines.tolist() == np.repeat(np.arange(10), 10).tolist()
    assert [nearest(image) for image in found.images] == labels.ravel().tolist()


def noisy(shape, level=240):
    return np.random.default_rng(0).normal(level, 5, shape).clip(0, 255)


@pytest.mark.parametrize(
    "picture",
    [
        np.full((500, 400), 255),
        noisy((500, 400)),
        noisy((28, 28)),
        np.random.default_rng(0).integers(0, 256, (200, 200)),
        np.eye(28)[[3]] * np.eye(28)[:, [5]],
        np.zeros((50, 50)),
        np.tile(np.linspace(0, 255, 300), (300, 1)),
    ],
    ids=["blank", "noisy paper", "small noisy paper", "noise", "a speck", "all ink", "a gradient"],
)
def test_where_nothing_is_drawn_nothing_is_guessed(picture):
    for cut in (center_digit, find_digits):
        with pytest.raises(ValueError, match="Nothing is drawn in the picture"):
            cut(picture)


def test_sources_of_all_kinds(tmp_path):
    grey = 255 - draw(3, size=80, pen=7).astype(np.uint8)
    path = tmp_path / "digit.png"
    Image.fromarray(grey).save(path)
    with path.open("rb") as file:
        sources = [path, str(path), path.read_bytes(), file, Image.fromarray(grey), grey]
        sources += [grey / 255, grey.tolist(), np.dstack([grey] * 3), np.dstack([grey])]
        for source in sources:
            np.testing.assert_array_equal(read_picture(source), grey)
    for bad in (np.zeros((2, 3, 4, 5)), np.zeros((9, 9, 2)), np.full((9, 9), np.nan), "a\0b"):
        with pytest.raises(ValueError):  # noqa: PT011 # each says its own
            read_picture(bad)


def test_floats_of_any_range_are_told_apart():
    ramp = np.linspace(0, 1, 11)[np.newaxis]
    for values in (ramp, ramp / 100, ramp - 0.5, 1000 * ramp, -ramp[:, ::-1]):
        grey = read_picture(values).astype(int)
        assert (grey.min(), grey.max()) == (0, 255)
        assert (np.diff(grey) > 0).all()
    assert read_picture(np.zeros((4, 4))).max() == 0


def test_pictures_of_floats_and_of_negative_numbers(tmp_path):
    digit = draw(3, size=80, pen=7)
    for scale in (1, 1 / 2550, -1):
        Image.fromarray((digit * scale).astype(np.float32)).save(tmp_path / "digit.tif")
        found = center_digit(read_picture(tmp_path / "digit.tif"))
        assert close_to(found, center_digit(digit), 3)


def test_light_ink_without_paper(tmp_path):
    ink = draw(4, size=80, pen=7).astype(np.uint8)
    colours = np.dstack([np.full((*ink.shape, 3), 255, np.uint8), ink])
    Image.fromarray(colours, "RGBA").save(tmp_path / "digit.png")
    found = center_digit(read_picture(tmp_path / "digit.png"))
    np.testing.assert_allclose(found, center_digit(ink), atol=2)


def test_pictures_are_turned_as_the_camera_says(tmp_path):
    grey = 255 - draw(7, size=80, pen=7).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    Image.fromarray(np.rot90(grey)).save(tmp_path / "turned.jpg", exif=exif, quality=100)
    found = read_picture(tmp_path / "turned.jpg").astype(int)
    assert np.abs(found - grey).mean() < 2


def test_heic_has_advice(tmp_path):
    path = tmp_path / "photo.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(ValueError, match=r"photo\.heic is read once pillow-heif is installed"):
        read_picture(path)


@pytest.mark.slow
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
    some, truth = X_test[:4000], y_test[:4000]
    again = np.array([center_digit(row.reshape(28, 28)) for row in some])
    assert abs(pipe.score(again, truth) - pipe.score(some, truth)) < 0.002
