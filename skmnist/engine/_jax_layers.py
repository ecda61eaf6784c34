"""Layers that stand in for Keras's in JAX's programs: their rates are data, or they are quicker."""

from __future__ import annotations

from typing import Any

from skmnist._keras import keras
from skmnist.engine._jax_device import has_accelerator
from skmnist.engine.keys import dropout_layers

# isort: split
import jax
import jax.numpy as jnp

__all__ = ["FreeDropout", "QuickMaxPooling2D", "convolves", "kinds_for"]


class FreeDropout(keras.layers.Dropout):
    """Dropout whose rate is an argument of the program instead of a constant in it.

    Its random bits are a hash of each output's position and of the step's seed: cheaper than
    JAX's own, and the same on every device.
    """

    free_rate: Any = None
    """The program's argument, while the program is traced."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        rate = self.rate if self.free_rate is None else self.free_rate
        return drop(inputs, rate, self.seed_generator.next())


class QuickMaxPooling2D(keras.layers.MaxPooling2D):
    """Pooling of windows that do not overlap, as maxima of slices.

    The gradient of XLA's own pooling runs on one thread and element by element: on two cores it
    takes 35 ms for 128 images of 28 x 28 x 16, this one 3 ms.
    """

    def call(self, inputs: Any) -> Any:
        height, width = self.pool_size
        rows, columns = inputs.shape[1:3]
        if self.padding == "same":
            gaps = [(0, 0), _gaps(rows, height), _gaps(columns, width), (0, 0)]
            inputs = jnp.pad(inputs, gaps, constant_values=-jnp.inf)
        else:
            inputs = inputs[:, : rows // height * height, : columns // width * width]
        parts = [inputs[:, i::height, j::width] for i in range(height) for j in range(width)]
        highest = parts[0]
        for part in parts[1:]:
            highest = jnp.where(highest >= part, highest, part)  # of equals the first one learns
        return highest


def kinds_for(model: keras.Model) -> dict[int, type]:
    """Choose the layers of a model that others take the place of, by id."""
    kinds: dict[int, type] = {id(layer): FreeDropout for layer in dropout_layers(model)}
    for layer in [] if has_accelerator() else model.layers:
        if (
            type(layer) is keras.layers.MaxPooling2D
            and layer.pool_size == layer.strides
            and layer.data_format == "channels_last"
        ):
            kinds[id(layer)] = QuickMaxPooling2D
    return kinds


def convolves(model: keras.Model) -> bool:
    """Tell whether a model holds a convolution."""
    return any("Conv" in type(layer).__name__ for layer in model._flatten_layers())


def drop(inputs: jax.Array, rate: Any, seed_and_step: jax.Array) -> jax.Array:
    """Drop a share of a layer's outputs, and make up for them.

    Parameters
    ----------
    inputs : array
        Outputs.
    rate : float
        The share to drop.
    seed_and_step : array of shape (2,)
        What the draw follows from.

    Returns
    -------
    array
        Of the same shape.
    """
    position = jnp.arange(inputs.size, dtype=jnp.uint32).reshape(inputs.shape)
    seed, step = seed_and_step.astype(jnp.uint32)
    bits = _hash(position ^ _hash(_hash(seed) + step))
    keep = 1.0 - rate
    stays = (bits >> 8).astype(jnp.int32) < jnp.asarray(keep * 2.0**24).astype(jnp.int32)
    return jnp.where(stays, inputs / jnp.asarray(keep, inputs.dtype), 0)


def _hash(x: jax.Array) -> jax.Array:
    """Mix 32 bits: C. Wellons' ``lowbias32``, https://nullprogram.com/blog/2018/07/31/."""
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)


def _gaps(length: int, size: int) -> tuple[int, int]:
    """Divide what is missing of whole windows as Keras does: the odd one goes behind."""
    missing = -length % size
    return missing // 2, missing - missing // 2
