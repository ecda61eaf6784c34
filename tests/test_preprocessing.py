import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import coo_array, csc_array, csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from support.callbacks import needs_callbacks

from skmnist import FlattenScale, flatten_and_scale
from skmnist._compat.callbacks import HAS_CALLBACKS

SHAPES = st.sampled_from([(3, 4), (3, 2, 2), (3, 2, 2, 1), (1, 1), (0, 4)])


@given(SHAPES.flatmap(lambda s: hnp.arrays(np.uint8, s)))
def test_integers_are_divided(X):
    scaled = flatten_and_scale(X)
    assert scaled.dtype == np.float32
    assert scaled.flags.c_contiguous
    np.testing.assert_array_equal(
        scaled, X.reshape(len(X), np.prod(X.shape[1:])).astype(np.float32) / np.float32(255)
    )
    if len(X):
        step = FlattenScale().fit(X)
        back = step.inverse_transform(step.transform(X))
        assert back.dtype == np.uint8
        np.testing.assert_array_equal(back, X.reshape(len(X), np.prod(X.shape[1:])))


@given(
    SHAPES.flatmap(
        lambda s: hnp.arrays(
            st.sampled_from(["f4", "f8", ">f4"]), s, elements=st.floats(0, 1, width=32)
        )
    )
)
def test_scaled_floats_pass(X):
    np.testing.assert_array_equal(
        flatten_and_scale(X), X.reshape(len(X), np.prod(X.shape[1:])).astype(np.float32)
    )


def test_true_is_full_ink():
    assert flatten_and_scale(np.array([[True, False]])).tolist() == [[1.0, 0.0]]


def test_no_copy_where_nothing_changes():
    X = np.zeros((2, 784), np.float32)
    assert np.shares_memory(flatten_and_scale(X), X)


@pytest.mark.parametrize("dtype", ["u1", "i2", ">i4", "u8"])
@pytest.mark.parametrize("layout", ["C", "F", "strided", "read-only"])
def test_any_layout(dtype, layout):
    X = np.ones((4, 6), dtype, order="F" if layout == "F" else "C")
    if layout == "strided":
        X = X[::2, ::-1]
    X.flags.writeable = layout != "read-only"
    np.testing.assert_array_equal(flatten_and_scale(X, max_value=2), np.full(X.shape, 0.5, "f4"))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[0.0, 1.5]]), r"reach 1\.5, which fits none of the usual scales"),
        (np.array([[0.0, -0.5]]), "must lie in"),
        (np.array([[0.0, np.nan]]), "contains NaN"),
        (np.array([[0.0, np.inf]]), "contains NaN or infinity"),
        (np.array([[0, 70000]]), r"reach 70000, which fits none"),
        (np.array([[-1, 3]]), "from -1 to 3"),
        (np.array([["a", "b"]]), "of type <U1"),
        (np.array([[1j, 0]]), "of type complex128"),
        (np.zeros(784), r"Reshape your data with X.reshape\(1, -1\)"),
    ],
)
def test_errors_name_value_limit_and_remedy(X, message):
    with pytest.raises(ValueError, match=message):
        flatten_and_scale(X)


def test_bad_max_value():
    with pytest.raises(ValueError, match="max_value must be greater than 0; got 0"):
        FlattenScale(max_value=0).fit_transform(np.zeros((2, 2), int))
    ones = np.eye(2, dtype=bool)
    np.testing.assert_array_equal(flatten_and_scale(ones, max_value=0.5), ones)


@pytest.mark.parametrize(
    ("pixels", "scale"),
    [
        (np.array([[0, 1]]), 1),
        (np.array([[0, 16]]), 16),
        (np.array([[0, 17]]), 255),
        (np.array([[0, 256]]), 65535),
        (np.array([[0, 1]], np.uint8), 255),
        (np.array([[0, 1]], np.uint16), 65535),
        (np.array([[0, 0.9]]), 1),
        (np.array([[0, 15.5]]), 16),
        (np.array([[0, 254.7]]), 255),
        (np.array([[False, True]]), 1),
    ],
)
def test_the_scale_is_found_once(pixels, scale):
    step = FlattenScale().fit(pixels)
    assert step.max_value_ == scale
    for dtype in (np.int64, np.float32, np.uint16):  # in any type from now on
        dim = np.array([[0, 1]], dtype)
        np.testing.assert_array_equal(step.transform(dim), [[0, np.float32(1) / np.float32(scale)]])
    with pytest.raises(ValueError, match=rf"in \[0, max_value={scale}\]; got values from 0 to"):
        step.transform(np.array([[0, scale + 1]]))


def test_rows_do_not_depend_on_their_neighbours():
    step = FlattenScale().fit(np.array([[0, 255], [3, 9]]))
    both = step.transform(np.array([[0.0, 0.5], [0.0, 200.0]]))
    np.testing.assert_array_equal(step.transform(np.array([[0.0, 0.5]])), both[:1])
    with pytest.raises(NotFittedError):
        FlattenScale().transform(np.array([[0, 255]]))


CONTAINERS = {
    "nullable": lambda X: pd.DataFrame(X).astype("UInt8"),
    "nullable floats": lambda X: pd.DataFrame(X).astype("Float64"),
    "arrow": lambda X: pd.DataFrame(X).astype("uint8[pyarrow]"),
    "csr": csr_array,
    "coo": coo_array,
    "csc of floats": lambda X: csc_array(X.astype(float)),
    "list": lambda X: X.tolist(),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_hold_the_same_pixels(container):
    X = np.random.default_rng(0).integers(0, 256, (5, 4)).astype(np.uint8)
    X[0, 0] = 255
    held = CONTAINERS[container](X)
    step = FlattenScale().fit(held)
    np.testing.assert_allclose(step.transform(held), flatten_and_scale(X), rtol=1e-7)
    np.testing.assert_allclose(step.inverse_transform(step.transform(held)), X, atol=1e-4)


def test_missing_pixels_of_pandas_are_refused():
    X = pd.DataFrame({"a": pd.array([1, None], dtype="UInt8"), "b": pd.array([1, 2], "UInt8")})
    with pytest.raises(ValueError, match="contains NaN"):
        FlattenScale().fit(X)


OF_POLARS = pytest.param(
    pl.DataFrame,
    marks=pytest.mark.skipif(
        not (HAS_CALLBACKS or hasattr(pl.DataFrame, "__dataframe__")),
        reason="before 1.9, scikit-learn asks polars for names by what polars 2 dropped",
    ),
)


@pytest.mark.parametrize("frame", [pd.DataFrame, OF_POLARS])
def test_frames_and_names(frame):
    X = frame({"left": [0, 255], "right": [51, 102]})
    step = FlattenScale().fit(X)
    assert list(step.get_feature_names_out()) == ["left", "right"]
    np.testing.assert_allclose(step.transform(X), [[0, 0.2], [1, 0.4]], rtol=1e-6)
    with pytest.raises(ValueError, match="feature names should match"):
        step.transform(X[["right", "left"]])
    step.set_output(transform="pandas")
    assert step.transform(X).columns.tolist() == ["left", "right"]


def test_images_keep_their_count_of_pixels():
    step = FlattenScale().fit(np.zeros((2, 28, 28), np.uint8))
    assert step.n_features_in_ == 784
    with pytest.raises(ValueError, match="X has 100 features, but FlattenScale is expecting 784"):
        step.transform(np.zeros((2, 10, 10), np.uint8))


def test_is_a_scikit_learn_transformer():
    assert clone(FlattenScale(max_value=16)).max_value == 16
    assert repr(FlattenScale()) == "FlattenScale()"
    assert get_tags(FlattenScale()).input_tags.three_d_array
    for check in check_estimator(FlattenScale(), on_skip=None, on_fail=None):
        # Many checks feed numbers that are no pixels; nothing else may fail.
        if check["status"] == "failed":
            error = check["exception"]
            said = f"{error} {error.__cause__} {error.__context__}"
            assert "Pixels must lie in" in said or "Pixels reach" in said


@needs_callbacks
def test_callbacks_of_a_pipeline_reach_it(capsys):
    from sklearn.callback import ProgressBar

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_pipeline(FlattenScale(), FlattenScale()).set_callbacks(ProgressBar()).fit(
            np.zeros((2, 4), np.uint8)
        )
    assert "FlattenScale" in capsys.readouterr().out


def test_one_image_and_colours_are_told_what_to_do():
    scaler = FlattenScale().fit(np.full((3, 28, 28), 255, np.uint8))
    image = np.zeros((28, 28), np.uint8)
    with pytest.raises(ValueError, match=r"shape \(28, 28\), .* Pass X\[np.newaxis\]"):
        scaler.transform(image)
    assert scaler.transform(image[np.newaxis]).shape == (1, 784)
    for channels in (3, 4):
        with pytest.raises(ValueError, match=f"which has {channels} channels"):
            scaler.transform(np.zeros((2, 28, 28, channels), np.uint8))
    assert scaler.transform(np.zeros((2, 28, 28, 1), np.uint8)).shape == (2, 784)


def test_images_of_the_other_polarity_are_warned_of(digits):
    X, _ = digits
    step = FlattenScale().fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        step.transform(X[:5])
        FlattenScale().fit(255 - X).transform(X[:5])  # paper may be anything where it was learnt
    with pytest.warns(UserWarning, match=r"dark on light.*255 - X"):
        step.transform(255 - X[:5])
