"""Dropout on TensorFlow, with its rate as data and random bits that cost little."""

from __future__ import annotations

from typing import Any

from skmnist._compat.keras import keras

# isort: split
import tensorflow as tf

__all__ = ["DynamicDropout", "drop"]


class DynamicDropout(keras.layers.Dropout):
    """Dropout whose rate is an argument of the program instead of a constant in it.

    Its random bits are a hash of each output's position and of the step's seed: XLA computes them
    again wherever they are used, which with TensorFlow's own generator costs a third of an epoch.
    """

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.dynamic_rate = tf.Variable(self.rate, trainable=False, dtype=tf.float32)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        return drop(inputs, self.dynamic_rate, self.seed_generator.next())


def drop(inputs: tf.Tensor, rate: tf.Tensor, seed_and_step: tf.Tensor) -> tf.Tensor:
    """Drop outputs of one layer, or of a layer of each network of a stack.

    Parameters
    ----------
    inputs : tensor of shape (..., n_rows, n_units)
        Outputs; what comes before the last two axes are networks.
    rate : tensor of shape (..., 1, 1) or ()
        The share to drop, of each network.
    seed_and_step : tensor of shape (..., 2)
        What the draw follows from, of each network.

    Returns
    -------
    tensor of shape (..., n_rows, n_units)
        Zeros, and outputs that make up for them.
    """
    n_networks = len(seed_and_step.shape) - 1
    shape = tf.shape(inputs)[n_networks:]
    position = tf.reshape(tf.cast(tf.range(tf.reduce_prod(shape)), tf.uint32), shape)
    seed, step = tf.unstack(tf.cast(seed_and_step, tf.uint32), axis=-1)
    for _ in range(len(inputs.shape) - n_networks):
        seed, step = seed[..., None], step[..., None]
    bits = _hash(position ^ _hash(_hash(seed) + step))
    keep = 1.0 - rate
    stays = tf.cast(_shift(bits, 8), tf.int32) < tf.cast(keep * 2.0**24, tf.int32)
    return tf.where(stays, inputs / tf.cast(keep, inputs.dtype), tf.zeros_like(inputs))


def _hash(x: tf.Tensor) -> tf.Tensor:
    """Mix 32 bits: C. Wellons' ``lowbias32``, https://nullprogram.com/blog/2018/07/31/."""
    x = (x ^ _shift(x, 16)) * tf.constant(0x7FEB352D, tf.uint32)
    x = (x ^ _shift(x, 15)) * tf.constant(0x846CA68B, tf.uint32)
    return x ^ _shift(x, 16)


def _shift(x: tf.Tensor, n_bits: int) -> tf.Tensor:
    return tf.bitwise.right_shift(x, tf.constant(n_bits, tf.uint32))
