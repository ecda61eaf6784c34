"""How well pictures of digits are read: cut out by `center_digit`, and by simpler ways beside it.

python tests/benchmarks/pictures.py FOLDER [MODEL] [--learn]

FOLDER holds pictures of one digit each and a ``labels.csv`` with the columns file, label and, where
there is one, kind. MODEL is a file of `skmnist.save`; by default `recipes.CONV` is trained on
MNIST, whose files ``$SKMNIST_DATA_HOME`` names. Its test images are made into pictures too:
as they are, inverted, scaled and shifted. Without FOLDER there are these alone.

With --learn a network learns from half of the pictures beside MNIST, as `skmnist train --pictures`
does, and reads the other half, both ways round. Pictures that follow one another, often of one
hand, stay together.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _common import heading
from numpy.typing import NDArray
from PIL import Image

from skmnist import center_digit, fetch_mnist, find_digits, load, make_model, read_picture, recipes
from skmnist.datasets.beside import put_beside
from skmnist.significance import accuracy

SURE, UNSURE = 0.9, 0.7


def by_resizing(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What most scripts do: 28 x 28 pixels, dark paper."""
    small = np.asarray(Image.fromarray(grey).resize((28, 28), Image.Resampling.BOX))
    return 255 - small if np.median(small) > 127 else small


def by_otsu(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What careful scripts do: a threshold, the box of the ink, 20 x 20 pixels, centred."""
    levels = np.arange(1, 256)
    counts = np.bincount(grey.ravel(), minlength=256)
    below = np.cumsum(counts)[:-1]
    sums = np.cumsum(counts * np.arange(256))
    with np.errstate(all="ignore"):
        rest = (sums[-1] - sums[:-1]) / (grey.size - below)
        between = below * (grey.size - below) * (sums[:-1] / below - rest) ** 2
    dark = grey < levels[np.nanargmax(between)]
    ink = dark if dark.mean() < 0.5 else ~dark
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    digit = Image.fromarray(
        255 * ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].view("u1")
    )
    scale = 20 / max(digit.size)
    width, height = (max(1, round(side * scale)) for side in digit.size)
    image = Image.new("L", (28, 28))
    small = digit.resize((width, height), Image.Resampling.BOX)
    image.paste(small, ((28 - width) // 2, (28 - height) // 2))
    return np.asarray(image)


WAYS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "center_digit": center_digit,
    "Otsu, box, resize": by_otsu,
    "resize": by_resizing,
}


def cut(way: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], greys: list[Any]) -> NDArray[Any]:
    """Cut all out; an empty image stands for what is refused."""
    images = np.zeros((len(greys), 28, 28), np.uint8)
    for image, grey in zip(images, greys, strict=True):
        try:
            image[:] = way(grey)
        except (ValueError, IndexError):
            continue
    return images


def of_folder(folder: Path, model: Any) -> None:
    """Print the accuracy by kind, and how far probabilities can be trusted."""
    table = pd.read_csv(folder / "labels.csv", dtype=str)
    kinds = table.get("kind", pd.Series("all", index=table.index))
    greys = [read_picture(folder / name) for name in table["file"]]
    labels = table["label"].astype(model.classes_.dtype).to_numpy()
    right = {name: model.predict(cut(way, greys)) == labels for name, way in WAYS.items()}
    print(f"{len(greys)} pictures: those read right, by kind\n")
    print(f"  {'':<42}{'n':>4}" + "".join(f"{name:>20}" for name in WAYS))
    for kind in sorted(kinds.unique()):
        n_right = [int(found[kinds == kind].sum()) for found in right.values()]
        print(f"  {kind:<42}{(kinds == kind).sum():>4}" + "".join(f"{n:>20}" for n in n_right))
    found = [accuracy(int(r.sum()), len(r)) for r in right.values()]
    print(f"  {'all, %':<42}{len(greys):>4}" + "".join(f"{100 * a.value:>20.1f}" for a in found))
    between = "".join(f"{f'{100 * a.low:.1f} to {100 * a.high:.1f}':>20}" for a in found)
    print(f"  {'95% interval':<46}{between}\n")
    probabilities = model.predict_proba(cut(center_digit, greys)).max(axis=1)
    own = right["center_digit"]
    for text, which in (
        (f"above {SURE:.0%}", probabilities >= SURE),
        (f"below {UNSURE:.0%}, marked as unsure", probabilities < UNSURE),
    ):
        print(f"  {text}: {which.sum()} pictures, {own[which].mean():.1%} of them right")
    n_digits = [number_of_digits(grey) for grey in greys]
    print(
        f"  taken for several digits: {sum(n > 1 for n in n_digits)}; for none: {n_digits.count(0)}"
    )


def of_halves(folder: Path) -> None:
    """Print what pictures beside MNIST do to others, left out, and to MNIST's test images."""
    table = pd.read_csv(folder / "labels.csv", dtype=str)
    pictures = cut(center_digit, [read_picture(folder / name) for name in table["file"]])
    pictures, labels = pictures.reshape(len(table), -1), table["label"].astype(int).to_numpy()
    half = np.arange(len(table)) // 10 % 2
    X, y = fetch_mnist(return_X_y=True)
    X_test, y_test = fetch_mnist(subset="test", return_X_y=True)

    def fitted(chosen: NDArray[np.bool_]) -> Any:
        network = make_model("conv", **recipes.CONV, random_state=0)
        if not chosen.any():
            return network.fit(X, y)
        both = put_beside((X, y), (pictures[chosen], labels[chosen]))
        weights = {"convclassifier__sample_weight": both.sample_weight}
        return network.fit(both.X, both.y, **weights)

    alone = fitted(half < 0)
    beside = [fitted(half == side) for side in (0, 1)]
    without = alone.predict(pictures) == labels
    found = [network.predict(pictures) == labels for network in beside]
    learnt = np.where(half == 0, found[1], found[0])
    print(f"\n{len(table)} pictures, of which half are learnt from and the others read\n")
    print(f"  {'digit':<8}{'pictures':>10}{'MNIST alone':>14}{'and pictures':>14}")
    for digit in range(10):
        of = labels == digit
        print(f"  {digit:<8}{of.sum():>10}{without[of].sum():>14}{learnt[of].sum():>14}")
    print(f"  {'all':<8}{len(table):>10}{without.sum():>14}{learnt.sum():>14}")
    on_mnist = [100 * np.mean(network.predict(X_test) == y_test) for network in (alone, *beside)]
    print(f"  MNIST's test images, %: {on_mnist[0]:.2f}; {on_mnist[1]:.2f} and {on_mnist[2]:.2f}")


def number_of_digits(grey: NDArray[np.uint8]) -> int:
    """Count digits as `skmnist predict` does."""
    try:
        return len(find_digits(grey).images)
    except ValueError:
        return 0


def as_png(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Save as PNG, and read."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return read_picture(file.getvalue())


def scaled(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Scale by cubic splines."""
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))


def shifted(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Put somewhere on a larger paper."""
    paper = np.zeros((2 * len(image), 3 * len(image)), np.uint8)
    top, left = rng.integers(0, len(image)), rng.integers(0, 2 * len(image))
    paper[top : top + len(image), left : left + len(image)] = image
    return paper


def of_mnist(model: Any) -> None:
    """Print what the model reads in MNIST's test images, made into pictures."""
    X, y = fetch_mnist(subset="test", return_X_y=True)
    rng = np.random.default_rng(0)
    images = X.reshape(-1, 28, 28)
    made = {
        "saved as PNG": [as_png(image) for image in images],
        "inverted": [255 - image for image in images],
        "four times as large": [scaled(image, 112) for image in images],
        "shifted": [shifted(image, rng) for image in images],
        "inverted, 84 pixels, shifted": [255 - shifted(scaled(i, 84), rng) for i in images],
    }
    print(f"\n{len(y):,} test images of MNIST, %\n")
    print(f"  {'the images themselves':<42}{100 * np.mean(model.predict(X) == y):>8.2f}")
    for name, greys in made.items():
        print(f"  {name:<42}{100 * np.mean(model.predict(cut(center_digit, greys)) == y):>8.2f}")


def main() -> None:
    """Read the arguments, make or load the model, and measure."""
    named = [argument for argument in sys.argv[1:] if argument != "--learn"]
    folder, file = (*named, None, None)[:2]
    heading("Pictures of digits, as people make them", "Pillow", "scipy")
    if file is None:
        X, y = fetch_mnist(return_X_y=True)
        model = make_model("conv", **recipes.CONV, random_state=0).fit(X, y)
    else:
        model = load(file)
    if folder is not None:
        of_folder(Path(folder), model)
    of_mnist(model)
    if folder is not None and "--learn" in sys.argv:
        of_halves(Path(folder))


if __name__ == "__main__":
    main()
