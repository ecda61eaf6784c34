import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skmnist._idx import format_idx, parse_idx

DTYPES = ["u1", "i1", ">i2", "<i2", "i4", "f4", ">f8"]


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    )
)
def test_round_trip(values):
    read = parse_idx(format_idx(values))
    np.testing.assert_array_equal(read, values)
    assert read.dtype == values.dtype.newbyteorder("=")
    assert read.shape == values.shape


@pytest.mark.parametrize(
    ("dtype", "code"),
    [("u1", 8), ("i1", 9), (">i2", 11), (">i4", 12), (">f4", 13), (">f8", 14)],
)
def test_codes_are_the_formats(dtype, code):
    content = bytes([0, 0, code, 1, 0, 0, 0, 2]) + np.array([1, 2], dtype).tobytes()
    assert parse_idx(content).tolist() == [1, 2]
    assert format_idx(np.array([1, 2], dtype)) == content


def test_bytes_are_read_without_a_copy():
    assert np.shares_memory(parse_idx(GOOD), np.frombuffer(GOOD, np.uint8))


@given(st.binary(max_size=64) | st.binary(max_size=32).map(lambda b: b"\0\0\x08\x02" + b))
def test_arbitrary_bytes_are_refused_or_read_whole(content):
    try:
        values = parse_idx(content)
    except ValueError:
        return
    assert 4 + 4 * values.ndim + values.nbytes == len(content)


GOOD = format_idx(np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with 4 bytes; got 0"),
        (b"\x1f\x8b\x08\x00", "not the magic number"),
        (b"\0\0\x07\x01" + GOOD[4:], "'00 00 07 01' is not the magic number"),
        (GOOD[:7], "header of 2 dimensions takes 12 bytes; got 7"),
        (GOOD[:-1], "takes 18 bytes; got 17"),
        (GOOD + b"\0", "takes 18 bytes; got 19"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "takes .* bytes; got 16"),
    ],
)
def test_errors_name_what_is_wrong(content, message):
    with pytest.raises(ValueError, match=message):
        parse_idx(content)


def test_type_without_code():
    with pytest.raises(ValueError, match="no code for arrays of type complex128"):
        format_idx(np.zeros(2, complex))


@pytest.mark.mnist
def test_original_file(mnist):
    from skmnist.datasets import mnist_home

    content = gzip.decompress((mnist_home() / "t10k-labels-idx1-ubyte.gz").read_bytes())
    assert parse_idx(content)[:5].tolist() == [7, 2, 1, 0, 4]
