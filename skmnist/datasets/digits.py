"""The digits bundled with scikit-learn, in MNIST's format."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from skmnist.datasets.bunches import Subset, make_bunch, parts_of

__all__ = ["load_digits28"]

_SIDE: Final = 28  # pixels, the side of an MNIST image
_BOX: Final = 20  # pixels, the side of the box in which MNIST's digits were drawn

_DESCRIPTION: Final = """\
The digits bundled with scikit-learn, in MNIST's format
-------------------------------------------------------
1,797 handwritten digits of the UCI data set "Optical Recognition of Handwritten Digits"
(E. Alpaydin and C. Kaynak, 1998), 8 x 8 counts from 0 to 16 in `sklearn.datasets.load_digits`,
resampled by cubic splines to MNIST's box of 20 x 20 pixels inside 28 x 28, 0 (paper) to 255 (ink).
1,437 train and 360 test images, stratified. Real digits, available offline, far easier and far
fewer than MNIST's: accuracies on one say nothing of the other.
"""


def load_digits28(
    *, subset: Subset = "all", return_X_y: bool = False, as_frame: bool = False
) -> Any:
    """Load the 1,797 real digits bundled with scikit-learn, resampled to MNIST's format.

    Offline and instant: what examples and tests use where MNIST would be too much.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        A fixed stratified split, 1,437 to 360; "all" keeps scikit-learn's order.
    return_X_y : bool, default=False
        If True, return ``(data, target)``.
    as_frame : bool, default=False
        If True, ``data`` is a pandas DataFrame and ``target`` a Series.

    Returns
    -------
    Bunch or tuple
        As `fetch_mnist` returns it.

    Examples
    --------
    >>> from skmnist import load_digits28
    >>> digits = load_digits28(subset="test")
    >>> digits.images.shape, digits.images.dtype, digits.target[:5]
    ((360, 28, 28), dtype('uint8'), array([7, 6, 3, 7, 7]))
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    parts_of(subset)
    counts, target = load_digits().images, load_digits().target.astype(np.int64)
    scale = _BOX / counts.shape[1]
    box = zoom(counts, (1, scale, scale), order=3, mode="nearest", grid_mode=True)
    images = np.zeros((len(counts), _SIDE, _SIDE), dtype=np.uint8)
    margin = (_SIDE - _BOX) // 2
    inside = slice(margin, margin + _BOX)
    images[:, inside, inside] = np.rint(np.clip(box * (255 / 16), 0, 255))
    if subset != "all":
        split = train_test_split(
            np.arange(len(target)), test_size=360, stratify=target, random_state=0
        )
        rows = split[0 if subset == "train" else 1]
        images, target = images[rows], target[rows]
    return make_bunch(
        images, target, _DESCRIPTION, range(10), return_X_y=return_X_y, as_frame=as_frame
    )
