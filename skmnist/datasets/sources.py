"""Sources of data sets: four files in MNIST's format, their checksums and mirrors.

Another data set in this format is another `Source`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

__all__ = ["MNIST", "Part", "Source"]

Part = Literal["train", "test"]


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
        Where the files are looked for, in this order. The checksum makes the choice harmless.
    prefixes : mapping of str to str
        What the names of the files with training and with test images begin with.
    folder : str, default=""
        A folder of its own inside that of the data sets. One whose files are named as MNIST's
        needs it.
    target_names : sequence
        What the labels 0, 1, ... stand for.
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
    timeout: float = 30

    def images(self, part: Part) -> str:
        """Name the file with the images of a part."""
        return f"{self.prefixes[part]}-images-idx3-ubyte.gz"

    def labels(self, part: Part) -> str:
        """Name the file with the labels of a part."""
        return f"{self.prefixes[part]}-labels-idx1-ubyte.gz"


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
