from . import recipes
from ._versions import show_versions
from .classifiers import ConvClassifier, DenseClassifier, KerasClassifier, ValidationMonitor
from .clusters import dask_backend
from .comparison import Comparison, LearningCurves, compare, learning_curves
from .datasets import fetch_mnist, load_digits28, load_pictures
from .displays import (
    ComparisonDisplay,
    DigitsDisplay,
    ErrorsDisplay,
    HistoryDisplay,
    LearningCurvesDisplay,
    ReadingDisplay,
    SearchDisplay,
)
from .history import History
from .model_selection import (
    EpochHalvingSearchCV,
    StackedGridSearchCV,
    StackedRandomizedSearchCV,
)
from .networks import conv_network, dense_network
from .persistence import load, model_card, save, to_onnx
from .pictures import center_digit, find_digits, read_picture
from .pipelines import (
    list_baselines,
    list_models,
    make_baseline,
    make_conv_pipeline,
    make_dense_pipeline,
    make_model,
    param_grid,
)
from .preprocessing import FlattenScale, flatten_and_scale

__version__: str

__all__ = [
    "Comparison",
    "ComparisonDisplay",
    "ConvClassifier",
    "DenseClassifier",
    "DigitsDisplay",
    "EpochHalvingSearchCV",
    "ErrorsDisplay",
    "FlattenScale",
    "History",
    "HistoryDisplay",
    "KerasClassifier",
    "LearningCurves",
    "LearningCurvesDisplay",
    "ReadingDisplay",
    "SearchDisplay",
    "StackedGridSearchCV",
    "StackedRandomizedSearchCV",
    "ValidationMonitor",
    "center_digit",
    "compare",
    "conv_network",
    "dask_backend",
    "dense_network",
    "fetch_mnist",
    "find_digits",
    "flatten_and_scale",
    "learning_curves",
    "list_baselines",
    "list_models",
    "load",
    "load_digits28",
    "load_pictures",
    "make_baseline",
    "make_conv_pipeline",
    "make_dense_pipeline",
    "make_model",
    "model_card",
    "param_grid",
    "read_picture",
    "recipes",
    "save",
    "show_versions",
    "to_onnx",
]
