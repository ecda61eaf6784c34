"""Model files without pickle, ONNX graphs, model cards."""

from skmnist.persistence.cards import model_card
from skmnist.persistence.files import load, save
from skmnist.persistence.onnx import to_onnx

__all__ = ["load", "model_card", "save", "to_onnx"]
