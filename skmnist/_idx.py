"""The IDX file format of the original MNIST: bytes to an array and back, and nothing else.

The format is described at the foot of the original MNIST page by Y. LeCun, C. Cortes and
C. Burges: two zero bytes, a type code, the number of dimensions, one big-endian 32-bit size a
dimension, then the values in C order, big-endian.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_DTYPES: Final[dict[int, np.dtype[Any]]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


def parse_idx(content: bytes) -> NDArray[np.generic]:
    """Read the bytes of an IDX file.

    Parameters
    ----------
    content : bytes
        The whole file, uncompressed.

    Returns
    -------
    ndarray
        A read-only view of ``content`` in native byte order where no conversion is needed.

    Raises
    ------
    ValueError
        If the magic number, the type code or the length do not fit.

    Examples
    --------
    >>> from skmnist._idx import parse_idx
    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    array([7, 2, 1], dtype=uint8)
    """
    if len(content) < 4:
        raise ValueError(f"An IDX file begins with 4 bytes; got {len(content)}.")
    if content[:2] != b"\0\0" or content[2] not in _DTYPES:
        raise ValueError(f"{content[:4].hex(' ')!r} is not the magic number of an IDX file.")
    dtype, ndim = _DTYPES[content[2]], content[3]
    start = 4 + 4 * ndim
    if len(content) < start:
        raise ValueError(
            f"An IDX header of {ndim} dimensions takes {start} bytes; got {len(content)}."
        )
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", count=ndim, offset=4))
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise ValueError(
            f"An IDX file of shape {shape} and type {dtype.name} takes {expected} bytes; "
            f"got {len(content)}."
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def format_idx(values: NDArray[np.generic]) -> bytes:
    """Write an array as the bytes of an IDX file, the inverse of `parse_idx`.

    Parameters
    ----------
    values : ndarray
        Of 8-bit integers, signed 16- or 32-bit integers, or 32- or 64-bit floats.

    Returns
    -------
    bytes
        The uncompressed file.

    Raises
    ------
    ValueError
        If the format has no code for the type of ``values``.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist._idx import format_idx
    >>> format_idx(np.array([7, 2], dtype=np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 07 02'
    """
    values = np.asarray(values)
    dtype = values.dtype.newbyteorder(">")
    if dtype not in _CODES:
        raise ValueError(f"IDX has no code for arrays of type {values.dtype.name}.")
    header = bytes([0, 0, _CODES[dtype], values.ndim])
    return header + np.array(values.shape, ">u4").tobytes() + values.astype(dtype).tobytes()
