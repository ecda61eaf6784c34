"""Dropout for programs: with its rate as an argument, and random bits that cost little."""

from __future__ import annotations

import math
from typing import Any

from skmnist._compat.keras import keras

__all__ = ["DynamicDropout", "drop"]

ops = keras.ops


class DynamicDropout(keras.layers.Dropout):
    """Dropout whose rate is an argument of the program instead of a constant in it.

    Its random bits are a hash of each output's position and of the step's seed: the same on every
    device, and cheaper than the backends' own. XLA computes bits again wherever they are used,
    which with TensorFlow's generator costs a third of an epoch.
    """

    dynamic_rate: Any = None
    """The program's argument, while the program is traced."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop some of the inputs, in training."""
        if not training:
            return inputs
        rate = self.rate if self.dynamic_rate is None else self.dynamic_rate
        return drop(inputs, rate, self.seed_generator.next())


def drop(inputs: Any, rate: Any, seed_and_step: Any) -> Any:
    """Drop outputs of one layer, or of a layer of each network of a stack.

    Parameters
    ----------
    inputs : tensor of shape (..., n_rows, n_units)
        Outputs; what comes before the last two axes are networks.
    rate : tensor of shape (..., 1, 1) or ()
        The share to drop, of each network.
    seed_and_step : tensor of shape (..., 2)
        Seed of the draw and number of the step, of each network.

    Returns
    -------
    tensor of shape (..., n_rows, n_units)
        Zeros, and outputs that make up for them.
    """
    n_networks = len(seed_and_step.shape) - 1
    shape = ops.shape(inputs)[n_networks:]
    position = ops.reshape(ops.cast(ops.arange(math.prod(shape), dtype="int32"), "uint32"), shape)
    drawn = ops.cast(seed_and_step, "uint32")
    seed, step = drawn[..., 0], drawn[..., 1]
    for _ in range(len(inputs.shape) - n_networks):
        seed, step = seed[..., None], step[..., None]
    bits = _hash(position ^ _hash(_hash(seed) + step))
    keep = 1.0 - rate
    stays = ops.cast(_shift(bits, 8), "int32") < ops.cast(keep * 2.0**24, "int32")
    return ops.where(stays, inputs / ops.cast(keep, inputs.dtype), ops.zeros_like(inputs))


def _hash(x: Any) -> Any:
    """Mix 32 bits: C. Wellons' ``lowbias32``, https://nullprogram.com/blog/2018/07/31/."""
    x = (x ^ _shift(x, 16)) * ops.convert_to_tensor(0x7FEB352D, "uint32")
    x = (x ^ _shift(x, 15)) * ops.convert_to_tensor(0x846CA68B, "uint32")
    return x ^ _shift(x, 16)


def _shift(x: Any, n_bits: int) -> Any:
    return ops.right_shift(x, ops.convert_to_tensor(n_bits, "uint32"))
