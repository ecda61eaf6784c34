"""Pictures of digits, as people take or draw them, in the form that MNIST's have."""

from __future__ import annotations

from skmnist.pictures.digits import center_digit
from skmnist.pictures.reading import SUFFIXES, read_picture, write_picture
from skmnist.pictures.sheets import Digits, find_digits

__all__ = ["SUFFIXES", "Digits", "center_digit", "find_digits", "read_picture", "write_picture"]
