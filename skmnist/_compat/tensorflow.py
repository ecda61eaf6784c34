"""TensorFlow's private names. Imported by the engine's TensorFlow modules alone."""

from __future__ import annotations

import warnings

__all__ = ["release_kernels"]


def release_kernels() -> None:
    """Free the kernels that TensorFlow keeps for each variable that there ever was.

    `keras.utils.clear_session` does it by the same call, and much else that users would notice.
    Where a later TensorFlow has no such call, memory grows by some 0.03 megabytes a variable; the
    first time, a warning says so.
    """
    try:
        from tensorflow.python.eager import context

        context.context().clear_kernel_cache()
    except (ImportError, AttributeError) as error:
        warnings.warn(
            f"This TensorFlow keeps its kernels for ever ({error}): memory may grow with the "
            "number of fits.",
            RuntimeWarning,
            stacklevel=2,
        )
