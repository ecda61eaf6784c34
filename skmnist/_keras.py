"""Keras, imported without the lines that TensorFlow prints while it loads.

TensorFlow writes them from C++ before any of its log levels holds, so they are taken off the
process's standard error during the import. Whatever else is written there is passed on.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["keras"]

_CHATTER: Final = re.compile(rb"(I\d{4} |WARNING: All log messages before absl)")
_LEVEL: Final = "TF_CPP_MIN_LOG_LEVEL"


@contextmanager
def _without_chatter() -> Iterator[None]:
    try:
        stderr = os.dup(2)
    except OSError:  # no standard error, nobody to disturb
        yield
        return
    user_level = os.environ.get(_LEVEL)
    os.environ[_LEVEL] = (
        user_level or "3"
    )  # read once while it loads; its errors come as exceptions
    with tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            if user_level is None:
                del os.environ[_LEVEL]
            caught.seek(0)
            for line in caught:
                if not _CHATTER.match(line):
                    os.write(2, line)


if "keras" not in sys.modules:
    with _without_chatter():
        import keras
else:
    import keras
