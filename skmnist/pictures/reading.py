"""Pictures as people have them, in shades of grey: read, and written."""

from __future__ import annotations

import io
import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["SUFFIXES", "read_picture", "write_picture"]

SUFFIXES: Final = frozenset(
    f".{name}"
    for name in ("avif", "bmp", "gif", "heic", "heif", "jfif", "jpeg", "jpg", "pgm", "png", "tif")
) | {".tiff", ".webp"}
"""Of the files that are taken for pictures where a folder is named."""

_SIDE: Final = 2400  # pixels, the longer side above which a picture is scaled down as it is read
_HEIF: Final = frozenset({".heic", ".heif"})

Source = str | os.PathLike[str] | bytes | IO[bytes] | Image.Image | ArrayLike


def read_picture(source: Source) -> NDArray[np.uint8]:
    """Read a picture in shades of grey.

    Parameters
    ----------
    source : path-like, bytes, file, PIL.Image.Image or array-like
        A file in any format that Pillow reads (HEIC too, where ``pillow-heif`` is installed), its
        content, an open binary file, a picture of Pillow's, or an array of shape (height, width),
        (height, width, 3) or (height, width, 4): whole numbers up to 255, or floats up to 1.

    Returns
    -------
    ndarray of shape (height, width), dtype uint8
        Its grey values, turned the way that the camera says, at most 2,400 pixels high and wide.
        What is transparent is white, or black where the ink is light.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no picture, is damaged, or has more pixels than Pillow takes for safe.
    """
    if isinstance(source, Image.Image):
        return _grey(source)
    if isinstance(source, bytes):
        return _opened(io.BytesIO(source), "The picture")
    if isinstance(source, (str, os.PathLike)):
        return _opened(Path(source), str(source))
    if hasattr(source, "read"):
        return _opened(source, str(getattr(source, "name", "The picture")))
    return _of_array(source)


def write_picture(picture: NDArray[np.uint8], path: Path) -> None:
    """Write grey values as PNG, whatever the file's name ends in."""
    Image.fromarray(picture).save(path, "PNG")


def _opened(file: Any, name: str) -> NDArray[np.uint8]:
    suffix = Path(name).suffix.lower()
    if suffix in _HEIF:
        with suppress(ImportError):
            import pillow_heif  # type: ignore[import-not-found, unused-ignore]

            pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as picture:
                picture.draft("RGB", (_SIDE, _SIDE))  # JPEG is scaled down while it is decoded
                picture.load()
                return _grey(picture)
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no picture {name}.") from None
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ValueError(
            f"{name} has more than {limit:,} pixels, which are not read. Scale it down."
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError) as error:
        if suffix in _HEIF and isinstance(error, UnidentifiedImageError):
            raise ValueError(f"{name} is read once pillow-heif is installed.") from None
        raise ValueError(f"{name} is not a picture, or is damaged: {error}") from error


def _grey(picture: Image.Image) -> NDArray[np.uint8]:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith(("I", "F")):  # 16 bits and more, which "L" would cut off
        return _of_array(_smaller(upright.convert("F"), Image.Resampling.BOX))
    if upright.mode == "1":
        upright = upright.convert("L")
    elif upright.mode == "P" or "transparency" in upright.info:
        upright = upright.convert("RGBA")
    small = _smaller(upright, Image.Resampling.BOX)
    return _on_paper(small) if small.has_transparency_data else np.asarray(small.convert("L"))


def _smaller(picture: Image.Image, way: Image.Resampling) -> Image.Image:
    if max(picture.size) <= _SIDE:
        return picture
    scale = _SIDE / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), way)


def _on_paper(picture: Image.Image) -> NDArray[np.uint8]:
    """Put what is transparent on white, or on black where that shows more."""
    layers = picture.convert("RGBA")
    shown = [
        np.asarray(
            Image.alpha_composite(Image.new("RGBA", layers.size, paper), layers).convert("L")
        )
        for paper in ("white", "black")
    ]
    on_white, on_black = shown
    return on_white if np.ptp(on_white) >= np.ptp(on_black) else on_black


def _of_array(source: Any) -> NDArray[np.uint8]:
    values = np.asarray(source)
    if values.dtype.kind not in "buif" or values.ndim not in (2, 3) or not values.size:
        raise ValueError(
            "A picture is a file, or an array of shape (height, width) or with 3 or 4 colours "
            f"behind; got an array of shape {values.shape} and type {values.dtype}."
        )
    if not np.isfinite(values).all():
        raise ValueError("The picture has values that are NaN or infinite.")
    grey = _as_bytes(values)
    if grey.ndim == 2:
        return grey
    if grey.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"A picture has 1, 3 or 4 colours in its last axis; got an array of shape {grey.shape}."
        )
    return _grey(Image.fromarray(grey[:, :, 0] if grey.shape[2] == 1 else grey))


def _as_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring values of any range to 0 to 255: whole numbers by their type, floats by their range."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    low, high = float(values.min()), float(values.max())
    low = min(low, 0.0)
    if values.dtype.kind == "f" and low == 0 and high <= 1:
        high = 1.0 if high > 0.5 else high  # floats that are small throughout are spread out
    elif low == 0 and high <= 255:
        high = 255.0
    span = high - low
    return np.rint(255 * (values - low) / span if span else np.zeros(values.shape)).astype(np.uint8)
