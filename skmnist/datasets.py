"""The two data sets: MNIST as its four original files, and the digits bundled with scikit-learn."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
import warnings
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skmnist._files import atomic_write
from skmnist._idx import parse_idx

with warnings.catch_warnings():  # tqdm's, which pooch loads, in notebooks without ipywidgets
    warnings.simplefilter("ignore")
    import pooch
    from requests import RequestException

__all__ = ["fetch_mnist", "load_digits28", "mnist_home", "verify_mnist"]

Subset = Literal["train", "test", "all"]

FILES: dict[str, str] = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
"""The four original files and the SHA-256 of each."""

MIRRORS: list[str] = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
    "http://yann.lecun.com/exdb/mnist/",
]
"""Where the files are looked for, in this order. The checksum makes the choice harmless."""

_TIMEOUT: Final = 30  # seconds without a byte after which a mirror counts as dead
_PREFIX: Final = {"train": "train", "test": "t10k"}
_SIDE: Final = 28  # pixels, the side of an MNIST image
_BOX: Final = 20  # pixels, the side of the box in which MNIST's digits were drawn

_MNIST_DESCR = """\
MNIST: handwritten digits
-------------------------
60,000 training and 10,000 test images of 28 x 28 pixels, 0 (paper) to 255 (ink), and the digit
that each shows. Each digit was scaled into a box of 20 x 20 pixels and centred by its mass. Writers
of the test set do not appear in the training set.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 2278-2324, 1998.
"""

_DIGITS_DESCR = """\
The digits bundled with scikit-learn, in MNIST's format
-------------------------------------------------------
1,797 handwritten digits of the UCI data set "Optical Recognition of Handwritten Digits"
(E. Alpaydin and C. Kaynak, 1998), 8 x 8 counts from 0 to 16 in `sklearn.datasets.load_digits`,
resampled by cubic splines to MNIST's box of 20 x 20 pixels inside 28 x 28, 0 (paper) to 255 (ink).
1,437 train and 360 test images, stratified. Real digits, available offline, far easier and far
fewer than MNIST's: accuracies on one say nothing of the other.
"""


class FileStatus(NamedTuple):
    """Whether one of MNIST's files is there and intact.

    Parameters
    ----------
    path : Path
        Where it was looked for.
    status : {"ok", "missing", "corrupt"}
        What was found.
    """

    path: Path
    status: Literal["ok", "missing", "corrupt"]


def mnist_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Tell in which folder MNIST's files are looked for.

    Parameters
    ----------
    data_home : path-like, default=None
        A folder; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.

    Returns
    -------
    Path
        The folder, which need not exist.
    """
    home = data_home or os.environ.get("SKMNIST_DATA_HOME") or pooch.os_cache("skmnist")
    return Path(home).expanduser()


def verify_mnist(data_home: str | os.PathLike[str] | None = None) -> list[FileStatus]:
    """Compare MNIST's files with their checksums; change nothing.

    Parameters
    ----------
    data_home : path-like, default=None
        A folder; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.

    Returns
    -------
    list of FileStatus
        One a file.
    """
    home = mnist_home(data_home)
    return [_status(home / name) for name in FILES]


def fetch_mnist(
    *,
    subset: Subset = "train",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load MNIST from its four original files, downloading them at first use.

    Each file is checked against its SHA-256 whenever it is read. A download goes to a temporary
    file and takes its final name only once verified, so several processes may fetch at once.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training images, the 10,000 test images, or both in this order.
    data_home : path-like, default=None
        The folder of the files; by default ``$SKMNIST_DATA_HOME``, else the per-user cache.
    download_if_missing : bool, default=True
        If False, a missing or altered file is an error.
    return_X_y : bool, default=False
        If True, return ``(data, target)``.
    as_frame : bool, default=False
        If True, ``data`` is a pandas DataFrame and ``target`` a Series.
    n_retries : int, default=3
        How often all mirrors are tried again after the first time.
    delay : float, default=1.0
        Seconds before the first retry; doubled for each further one.

    Returns
    -------
    Bunch or tuple
        ``data`` (n, 784) uint8, ``images`` (n, 28, 28) uint8 sharing its memory, ``target`` (n,)
        int64, ``frame``, ``feature_names``, ``target_names`` and ``DESCR``; or the first and third
        of them, if ``return_X_y``.

    Raises
    ------
    OSError
        If a file is missing or altered and no mirror gives an intact one.
    """
    parts = _parts(subset)
    home = mnist_home(data_home)
    names = [
        f"{_PREFIX[p]}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1") for p in parts
    ]
    paths = [home / name for name in names]
    contents = [_intact(path) for path in paths]
    if None in contents:
        _require(home, names, download_if_missing, n_retries, delay)
        contents = [_intact(path) for path in paths]
    arrays = [
        parse_idx(gzip.decompress(_there(*each))) for each in zip(paths, contents, strict=True)
    ]
    images, labels = arrays[: len(parts)], arrays[len(parts) :]
    return _bunch(
        np.concatenate(images).astype(np.uint8, copy=False),
        np.concatenate(labels).astype(np.int64),
        _MNIST_DESCR,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


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

    _parts(subset)
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
    return _bunch(images, target, _DIGITS_DESCR, return_X_y=return_X_y, as_frame=as_frame)


def _parts(subset: str) -> list[str]:
    parts = {"train": ["train"], "test": ["test"], "all": ["train", "test"]}
    if subset not in parts:
        raise ValueError(f"subset must be 'train', 'test' or 'all'; got {subset!r}.")
    return parts[subset]


def _bunch(
    images: NDArray[np.uint8],
    target: NDArray[np.int64],
    descr: str,
    *,
    return_X_y: bool,
    as_frame: bool,
) -> Any:
    data: Any = images.reshape(len(images), -1)
    labels: Any = target
    frame = None
    feature_names = [f"pixel_{r}_{c}" for r in range(_SIDE) for c in range(_SIDE)]
    if as_frame:
        import pandas as pd

        data = pd.DataFrame(data, columns=feature_names, copy=False)
        labels = pd.Series(target, name="target")
        frame = pd.concat([data, labels], axis=1)
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        images=images,
        target=labels,
        frame=frame,
        feature_names=feature_names,
        target_names=np.arange(10),
        DESCR=descr,
    )


def _status(path: Path) -> FileStatus:
    if not path.is_file():
        return FileStatus(path, "missing")
    return FileStatus(path, "ok" if _intact(path) else "corrupt")


def _intact(path: Path) -> bytes | None:
    """Read a file whole; None if it is not there, or is another one."""
    content = path.read_bytes() if path.is_file() else b""
    return content if hashlib.sha256(content).hexdigest() == FILES[path.name] else None


def _there(path: Path, content: bytes | None) -> bytes:
    """Give what was verified as it was read: a file may change at any time after."""
    if content is None:
        raise OSError(f"{path} changed while it was read; try again.")
    return content


def _require(home: Path, names: list[str], download: bool, n_retries: int, delay: float) -> None:
    """See to it that all these files are in the folder and intact, or raise."""
    bad = [found for found in map(_status, (home / name for name in names)) if found.status != "ok"]
    if not bad:
        return
    if not download:
        raise FileNotFoundError(_advice(home, bad, ["download_if_missing=False."]))
    errors: list[str] = []
    home.mkdir(parents=True, exist_ok=True)
    for found in bad:
        if found.status == "corrupt":
            _set_aside(found.path)
        if not _download(found.path, n_retries, delay, errors):
            raise OSError(_advice(home, bad, errors))


def _download(path: Path, n_retries: int, delay: float, errors: list[str]) -> bool:
    """Try the mirrors in turn until one gives the file with the right checksum."""
    fetch = pooch.HTTPDownloader(timeout=_TIMEOUT)
    for attempt in range(n_retries + 1):
        if attempt:
            time.sleep(delay * 2 ** (attempt - 1))
        for mirror in MIRRORS:
            try:
                _download_from(mirror, path, fetch)
            except RequestException as error:  # and not other OSErrors: the disk may be full
                errors.append(f"{mirror}: {type(error).__name__}.")
            except ValueError as error:
                errors.append(str(error))
            else:
                return True
    return False


def _download_from(mirror: str, path: Path, fetch: pooch.HTTPDownloader) -> None:
    with atomic_write(path) as temporary:
        fetch(mirror + path.name, str(temporary), None)
        if pooch.file_hash(str(temporary)) != FILES[path.name]:
            raise ValueError(f"{mirror} gave another file: its SHA-256 does not fit.")


def _set_aside(path: Path) -> None:
    """Take its name from a file that does not verify, without losing it."""
    path.replace(path.with_name(f"{path.name}.corrupt"))


def _advice(home: Path, bad: list[FileStatus], reasons: list[str]) -> str:
    found = ", ".join(f"{file.path.name} is {file.status}" for file in bad)
    why = " ".join(dict.fromkeys(reasons)) or "there is no mirror."
    return (
        f"MNIST is not available in {home}: {found}. It was not downloaded: {why} Put the four "
        f"original files ({', '.join(FILES)}) into a folder and name it by data_home or "
        "$SKMNIST_DATA_HOME; or use the digits that need no download, load_digits28() "
        "(--data digits)."
    )
