"""Layers that stand in for Keras's in JAX's programs, where these are slow."""

from __future__ import annotations

import functools
from typing import Any

from skmnist._compat.keras import keras
from skmnist.engine.backends.jax.device import has_accelerator
from skmnist.engine.dropout import DynamicDropout
from skmnist.engine.keys import dropout_layers

# isort: split
import jax
import jax.numpy as jnp

__all__ = ["QuickConv2D", "QuickMaxPooling2D", "kinds_for"]

_Gaps = tuple[tuple[int, int], ...]
"""Rows and columns of zeros before and behind an image."""


class QuickMaxPooling2D(keras.layers.MaxPooling2D):
    """Pooling of windows that do not overlap, as maxima of slices.

    The gradient of XLA's own pooling runs on one thread and element by element: on two cores it
    takes 35 ms for 128 images of 28 x 28 x 16, this one 3 ms.
    """

    def call(self, inputs: Any) -> Any:
        """Take the highest of each window."""
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


class QuickConv2D(keras.layers.Conv2D):
    """Convolution in steps of one pixel, whose gradient is a matrix product.

    XLA has no routine for the gradient of a kernel on the processor, and inside a loop it takes ten
    times as long: on two cores 241 ms for 128 images of 14 x 14 x 16 and 32 filters.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve, as Keras's layer asks of this method."""
        reach = [n - 1 if self.padding == "same" else 0 for n in self.kernel_size]
        gaps = tuple((n // 2, n - n // 2) for n in reach)
        return _convolved(gaps, inputs, keras.ops.convert_to_tensor(kernel))


def kinds_for(model: keras.Model) -> dict[int, type]:
    """Choose the layers of a model that others take the place of, by id."""
    kinds: dict[int, type] = {id(layer): DynamicDropout for layer in dropout_layers(model)}
    for layer in [] if has_accelerator() else model.layers:
        if getattr(layer, "data_format", None) != "channels_last":
            continue
        if type(layer) is keras.layers.MaxPooling2D and layer.pool_size == layer.strides:
            kinds[id(layer)] = QuickMaxPooling2D
        elif type(layer) is keras.layers.Conv2D and _is_plain(layer):
            kinds[id(layer)] = QuickConv2D
    return kinds


def _is_plain(layer: keras.layers.Conv2D) -> bool:
    steps = (*layer.strides, *layer.dilation_rate, layer.groups)
    return set(steps) == {1} and layer.padding in ("same", "valid") and not layer.lora_enabled


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _convolved(gaps: _Gaps, images: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve images of shape (n, height, width, channels), padded by gaps before and behind."""
    axes = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(images, kernel, (1, 1), gaps, dimension_numbers=axes)


def _forward(gaps: _Gaps, images: jax.Array, kernel: jax.Array) -> tuple[jax.Array, Any]:
    return _convolved(gaps, images, kernel), (images, kernel)


def _backward(gaps: _Gaps, kept: Any, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    images, kernel = kept
    height, width, channels, filters = kernel.shape
    rows, columns = gradient.shape[1:3]
    padded = jnp.pad(images, ((0, 0), *gaps, (0, 0)))
    patches = jnp.concatenate(
        [padded[:, i : i + rows, j : j + columns] for i in range(height) for j in range(width)], -1
    )
    of_kernel = patches.reshape(-1, height * width * channels).T @ gradient.reshape(-1, filters)
    back = tuple(
        (n - 1 - before, n - 1 - behind)
        for n, (before, behind) in zip((height, width), gaps, strict=True)
    )
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    return _convolved(back, gradient, turned), of_kernel.reshape(kernel.shape)


_convolved.defvjp(_forward, _backward)


def _gaps(length: int, size: int) -> tuple[int, int]:
    """Divide what is missing of whole windows as Keras does: the odd one goes behind."""
    missing = -length % size
    return missing // 2, missing - missing // 2
