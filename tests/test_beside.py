"""Pictures of one's own beside a data set, and what they weigh."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from skmnist import load, load_digits28, load_pictures
from skmnist.cli import app
from skmnist.datasets.beside import put_beside

IMAGES = np.zeros((3000, 4), np.uint8)
LABELS = np.arange(3000) % 10


@pytest.mark.parametrize(
    ("n_pictures", "weight"), [(2, 100), (20, 15), (300, 1), (600, 1)], ids=str
)
def test_pictures_weigh_a_tenth_within_limits(n_pictures, weight):
    found = put_beside((IMAGES, LABELS), (IMAGES[:n_pictures] + 9, LABELS[:n_pictures]))
    assert found.weight == weight
    assert found.sample_weight.tolist() == [1] * 3000 + [weight] * n_pictures
    assert found.X[3000:].min() == 9
    np.testing.assert_array_equal(found.y[3000:], LABELS[:n_pictures])


def test_a_weight_may_be_given():
    found = put_beside((IMAGES, LABELS), (IMAGES[:2], LABELS[:2]), weight=0.5)
    assert found.sample_weight[-2:].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_weights_are_positive_numbers(weight):
    with pytest.raises(ValueError, match="must be a positive number"):
        put_beside((IMAGES, LABELS), (IMAGES[:2], LABELS[:2]), weight=weight)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="images of 3 pixels; those of the data have 4"):
        put_beside((IMAGES, LABELS), (IMAGES[:2, :3], LABELS[:2]))
    with pytest.raises(ValueError, match="no label 'seven', as a picture has; theirs are 0, 1,"):
        put_beside((IMAGES, LABELS), (IMAGES[:2], np.array(["seven", "seven"])))


@pytest.fixture
def mine(tmp_path):
    """A folder with four sevens of the digits' test images that are said to be ones."""
    folder = tmp_path / "mine"
    (folder / "1").mkdir(parents=True)
    test = load_digits28(subset="test")
    for i, image in enumerate(test.images[test.target == 7][:4]):
        Image.fromarray(image).save(folder / "1" / f"{i}.png")
    return folder


def trained(folder, weight, file):
    asked = ["train", "--epochs", "3", "--pictures", str(folder), "--out", str(file)]
    done = CliRunner().invoke(app, [*asked, "--weight", str(weight), "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["pictures"], said["weight"]) == (str(folder), weight)
    return load(file)


@pytest.mark.slow
def test_heavier_pictures_are_learnt(mine, tmp_path):
    """That these sevens are ones is against the data: by weight a network believes it."""
    sevens, _ = load_pictures(mine, return_X_y=True)
    light, heavy = (trained(mine, weight, tmp_path / "m.skops") for weight in (0.01, 100))
    assert heavy.predict_proba(sevens)[:, 1].min() > 0.99
    assert light.predict_proba(sevens)[:, 1].mean() < 0.8


def test_the_weight_is_said(mine, tmp_path):
    asked = ["train", "--epochs", "1", "--pictures", str(mine), "--out", str(tmp_path / "m.skops")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "Trained on 1,437 images and 4 pictures, each of the weight of 35.9 images," in said


def test_a_weight_needs_pictures(tmp_path):
    asked = ["train", "--weight", "3", "--out", str(tmp_path / "m.skops")]
    done = CliRunner().invoke(app, asked)
    assert "--weight is that of --pictures" in str(done.exception)
