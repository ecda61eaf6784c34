"""Sources of data sets: four files in MNIST's format, their checksums and mirrors.

Another data set in this format is another `Source`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EMNIST_DIGITS",
    "FASHION",
    "KMNIST",
    "MNIST",
    "VARIANTS",
    "Part",
    "Source",
    "Variant",
    "source_of",
]

Part = Literal["train", "test"]
Variant = Literal["mnist", "fashion", "kmnist", "emnist-digits"]


@dataclass(frozen=True)
class Source:
    """A data set in the format of MNIST's files.

    Parameters
    ----------
    name : str
        What people call it.
    description : str
        What it is and who made it, for ``DESCR``.
    files : mapping of str to str
        The names of its four files, and the SHA-256 of each.
    mirrors : sequence of str
        Where the files are looked for, in this order: folders on servers, or, where the address
        goes on after ``.zip``, in archives there. The checksum makes the choice harmless.
    prefixes : mapping of str to str
        What the names of the files with training and with test images begin with.
    folder : str, default=""
        A folder of its own inside that of the data sets. One whose files are named as MNIST's
        needs it.
    target_names : sequence
        What the labels 0, 1, ... stand for.
    by_columns : bool, default=False
        If the files hold each image column by column, as Matlab writes it, not row by row.
    timeout : float, default=30
        Seconds without a byte after which a mirror counts as dead.
    """

    name: str
    description: str
    files: Mapping[str, str]
    mirrors: tuple[str, ...]
    prefixes: Mapping[Part, str] = field(default_factory=lambda: {"train": "train", "test": "t10k"})
    folder: str = ""
    target_names: tuple[Any, ...] = tuple(range(10))
    by_columns: bool = False
    timeout: float = 30

    def images(self, part: Part) -> str:
        """Name the file with the images of a part."""
        return f"{self.prefixes[part]}-images-idx3-ubyte.gz"

    def labels(self, part: Part) -> str:
        """Name the file with the labels of a part."""
        return f"{self.prefixes[part]}-labels-idx1-ubyte.gz"

    def upright(self, images: NDArray[Any]) -> NDArray[Any]:
        """Turn images as a file holds them into images with rows from top to bottom."""
        return np.ascontiguousarray(images.swapaxes(1, 2)) if self.by_columns else images


MNIST: Final = Source(
    name="MNIST",
    description="""\
MNIST: handwritten digits
-------------------------
60,000 training and 10,000 test images of 28 x 28 pixels, 0 (paper) to 255 (ink), and the digit
that each shows. Each digit was scaled into a box of 20 x 20 pixels and centred by its mass. Writers
of the test set do not appear in the training set.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 2278-2324, 1998.
""",
    files={
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
    },
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
)

FASHION: Final = Source(
    name="Fashion-MNIST",
    description="""\
Fashion-MNIST: clothes in MNIST's format
----------------------------------------
60,000 training and 10,000 test images of 28 x 28 pixels, 0 (background) to 255, of articles of
Zalando's in ten classes. Harder than digits, and no other pipeline is needed.

H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
learning algorithms", arXiv:1708.07747, 2017. MIT licence.
""",
    files={
        "train-images-idx3-ubyte.gz": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
        ),
        "train-labels-idx1-ubyte.gz": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
        ),
    },
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    folder="fashion-mnist",
    target_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)

KMNIST: Final = Source(
    name="Kuzushiji-MNIST",
    description="""\
Kuzushiji-MNIST: cursive Japanese in MNIST's format
---------------------------------------------------
60,000 training and 10,000 test images of 28 x 28 pixels, 0 (paper) to 255 (ink), of ten hiragana
written by hand, one of each row of the syllabary, in books of the 18th and 19th centuries. A
class may hold several shapes of one character.

T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto and D. Ha, "Deep learning for
classical Japanese literature", arXiv:1812.01718, 2018. CC BY-SA 4.0.
""",
    files={
        "train-images-idx3-ubyte.gz": (
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"
        ),
        "train-labels-idx1-ubyte.gz": (
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"
        ),
    },
    mirrors=(
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
    folder="kmnist",
    target_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
)

EMNIST_DIGITS: Final = Source(
    name="EMNIST Digits",
    description="""\
EMNIST Digits: four times as many handwritten digits
----------------------------------------------------
240,000 training and 40,000 test images of 28 x 28 pixels, 0 (paper) to 255 (ink), and the digit
that each shows, as many of each. They come from NIST's Special Database 19, as MNIST's do: a
network that learnt from these may have seen MNIST's test images, and the other way round.

G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "EMNIST: an extension of MNIST to handwritten
letters", arXiv:1702.05373, 2017.
""",
    files={
        "emnist-digits-train-images-idx3-ubyte.gz": (
            "f7c95004d14d81af89522e67d8f0c781dfb3bd544181c81bfe1eb6b41c35b726"
        ),
        "emnist-digits-train-labels-idx1-ubyte.gz": (
            "6638a6ff5fe2eefd9cca2471995b46c82986b8e4b2a70d2f5ce8e05d7edb319e"
        ),
        "emnist-digits-test-images-idx3-ubyte.gz": (
            "20ebe43509264f7639d37c835a3f0b009e90b29e00a099a03101abe1644a3f63"
        ),
        "emnist-digits-test-labels-idx1-ubyte.gz": (
            "bad1834c45d5988e270b99d43b13edc3fd898f658ffbc2caf2846ef27f7b05b0"
        ),
    },
    mirrors=(
        "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip/gzip/",
        "https://rds.westernsydney.edu.au/Institutes/MARCS/BENS/EMNIST/emnist-gzip.zip/gzip/",
        "https://github.com/aurelienduarte/emnist/raw/master/gzip/",
    ),
    prefixes={"train": "emnist-digits-train", "test": "emnist-digits-test"},
    folder="emnist-digits",
    by_columns=True,
)

VARIANTS: Final[dict[str, Source]] = {
    "mnist": MNIST,
    "fashion": FASHION,
    "kmnist": KMNIST,
    "emnist-digits": EMNIST_DIGITS,
}
"""The sources by the names that `skmnist.fetch_mnist` and the command line give them."""


def source_of(variant: str) -> Source:
    """Look a source up by its name.

    Parameters
    ----------
    variant : str
        A key of `VARIANTS`.

    Returns
    -------
    Source
        The source of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if variant not in VARIANTS:
        *names, last = map(repr, VARIANTS)
        raise ValueError(f"variant must be {', '.join(names)} or {last}; got {variant!r}.")
    return VARIANTS[variant]
