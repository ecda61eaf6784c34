"""Programs and their loops, built by hand: AutoGraph, which reads Python's, takes half a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

# isort: split
import tensorflow as tf

__all__ = ["program", "totals"]


def program(
    function: Callable[..., Any], signature: Sequence[Any], *, compiled: bool = False
) -> Any:
    """Trace a function for arguments of some types, which makes it quicker to call.

    Parameters
    ----------
    function : callable
        Takes tensors, and gives tensors.
    signature : sequence of tf.TensorSpec
        Types of the arguments, or lists of types.
    compiled : bool, default=False
        Whether XLA compiles it.

    Returns
    -------
    callable
        The program.
    """
    traced = tf.function(function, input_signature=signature, jit_compile=compiled, autograph=False)
    return traced.get_concrete_function()


def totals(
    n_steps: tf.Tensor, step: Callable[[tf.Tensor], Sequence[tf.Tensor]], zeros: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """Take the steps of a loop one after the other, and add up what each gives.

    Parameters
    ----------
    n_steps : tensor of shape (), dtype int32
        Number of steps.
    step : callable
        Takes the number of a step, and gives tensors.
    zeros : sequence of tensor
        What to begin with.

    Returns
    -------
    list of tensor
        The totals.
    """

    def body(i: tf.Tensor, *sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return (i + 1, *(total + part for total, part in zip(sums, step(i), strict=True)))

    start = (tf.constant(0), *zeros)
    return list(tf.while_loop(lambda i, *_: i < n_steps, body, start)[1:])
