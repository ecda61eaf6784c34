import math

import pytest

from skmnist import History


@pytest.fixture
def history():
    return History({"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.75]})


def test_mapping_and_slices(history):
    assert history["loss"] == [3.0, 2.0, 1.0]
    assert list(history) == ["loss", "val_loss"]
    assert history[1:]["val_loss"] == [2.5, 2.75]
    assert history.n_epochs == 3
    assert History().n_epochs == 0


def test_columns_are_copies(history):
    history["loss"].append(0.0)
    assert history.n_epochs == 3


def test_unknown_key_is_loud(history):
    with pytest.raises(KeyError, match="Did you mean 'val_loss'"):
        history["vall_loss"]
    assert "acc" not in history


def test_frame_counts_epochs_from_one(history):
    frame = history.frame()
    assert frame.index.tolist() == [1, 2, 3]
    assert frame["loss"].idxmin() == 3


def test_json_round_trip(history):
    assert dict(History.from_json(history.to_json())) == dict(history)


def test_then_fills_what_one_side_lacks(history):
    longer = history.then({"loss": [0.5], "accuracy": [0.9]})
    assert longer["loss"] == [3.0, 2.0, 1.0, 0.5]
    assert math.isnan(longer["val_loss"][3])
    assert math.isnan(longer["accuracy"][0])


def test_ragged_columns_are_refused():
    with pytest.raises(ValueError, match=r"one length; got \{'loss': 1, 'accuracy': 2\}"):
        History({"loss": [1.0], "accuracy": [0.1, 0.2]})
