"""Height and width of images, by the shape of a row."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skmnist._images import image_shape

SIDES = st.integers(1, 40)


@given(SIDES, SIDES)
def test_what_is_said_holds_and_minus_one_is_what_is_left(height, width):
    row = (height * width,)
    for said in ((height, width), (-1, width), (height, -1)):
        assert image_shape(row, said) == (height, width)
    assert image_shape((height, width)) == image_shape((height, width, 3)) == (height, width)


@given(st.integers(1, 2000))
def test_rows_alone_are_squares(n_values):
    side = math.isqrt(n_values)
    if side**2 == n_values:
        assert image_shape((n_values,)) == (side, side)
    else:
        with pytest.raises(ValueError, match=f"Rows of {n_values} features are no square images"):
            image_shape((n_values,))


@pytest.mark.parametrize("said", [(5, 5), (-1, 7), (30, -1)])
def test_what_does_not_fit_is_refused(said):
    with pytest.raises(ValueError, match="a row of X has 24 values: set image_shape"):
        image_shape((24,), said)


@pytest.mark.parametrize("said", [(-1, -1), (0, 24), (-1, 0), (2.0, 12)])
def test_what_is_no_size_is_refused(said):
    with pytest.raises(ValueError, match="image_shape must be positive ints"):
        image_shape((24,), said)
