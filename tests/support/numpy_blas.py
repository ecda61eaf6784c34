"""Whether this machine's BLAS lets dense networks predict in NumPy."""

import pytest

from skmnist.engine.products import agreeing_blocks

IN_NUMPY = bool(agreeing_blocks([(64, 16), (784, 512)]))
"""False on processors with AVX2 alone, where rows are predicted by a program of the backend."""

in_numpy = pytest.mark.skipif(not IN_NUMPY, reason="this BLAS gives rows other bits elsewhere")
