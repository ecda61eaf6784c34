"""Displays: their values, and drawing where one is asked to."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV

from skmnist import (
    ComparisonDisplay,
    DigitsDisplay,
    ErrorsDisplay,
    History,
    HistoryDisplay,
    SearchDisplay,
    make_baseline,
)
from skmnist.displays._style import COLOURS

mpl.use("agg")
import matplotlib.pyplot as plt

HISTORY = History(
    {
        "loss": [0.9, 0.4, 0.1],
        "accuracy": [0.6, 0.9, 1.0],
        "val_loss": [0.8, 0.5, 0.6],
        "val_accuracy": [0.7, 0.9, 0.8],
    }
)


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


@pytest.fixture(autouse=True)
def close_all():
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_digits_in_a_grid(digits, ax):
    X, y = digits
    display = DigitsDisplay(X[:7], y[:7])
    assert display.plot(ax, n_columns=3) is display
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert len(ax.images) == 7
    assert texts(ax) == [str(label) for label in y[:7]]
    frame = display.frame()
    assert frame["label"].tolist() == y[:7].tolist()
    assert frame["ink"].iloc[0] == pytest.approx(X[0].mean())


def test_one_digit_with_its_numbers(digits, ax):
    X, y = digits
    DigitsDisplay(X[:1].reshape(1, 28, 28, 1), y[:1]).plot(ax)
    assert texts(ax) == [str(value) for value in X[0]]
    assert ax.get_title().startswith(f"A {y[0]}")
    DigitsDisplay(X[:1] / 255).plot(ax)


def test_what_augmentation_makes_of_digits(digits, ax):
    X, y = digits
    display = DigitsDisplay.from_augmentation(X[:2], y[:2], augment="affine").plot(ax)
    assert len(ax.images) == 20
    assert texts(ax) == [str(y[0]), str(y[1])]
    np.testing.assert_array_equal(display.images[10], X[1].reshape(28, 28))
    assert not any((display.images[0] == bent).all() for bent in display.images[1:10])


def test_digits_of_the_wrong_shape():
    with pytest.raises(ValueError, match="783 features are no square"):
        DigitsDisplay(np.zeros((2, 783)))
    with pytest.raises(ValueError, match="2 images, but 3 labels"):
        DigitsDisplay(np.zeros((2, 784)), [1, 2, 3])
    with pytest.raises(ValueError, match=r"shape \(n, height, width\); got \(4,\)"):
        DigitsDisplay(np.zeros(4))


def test_errors_are_ranked_by_confidence(digits, ax):
    X, _ = digits
    display = ErrorsDisplay(X[:4], [0, 1, 2, 3], [0, 7, 7, 7], [1.0, 0.6, 0.9, 0.7])
    assert display.frame()["index"].tolist() == [2, 3, 1]
    assert display.frame()["probability"].tolist() == [0.9, 0.7, 0.6]
    assert display.plot(ax, n_errors=2).ax_ is ax
    assert texts(ax) == ["2, taken for 7\n90% sure", "3, taken for 7\n70% sure"]
    assert ax.get_title() == "2 of 3 mistakes, the most confident"
    with pytest.raises(ValueError, match="need one length"):
        ErrorsDisplay(X[:4], [0], [0], [1.0])


def test_errors_without_any(digits, ax):
    display = ErrorsDisplay(digits[0][:1], [3], [3], [1.0]).plot(ax)
    assert display.frame().empty
    assert not ax.images


def test_errors_from_predictions(digits):
    proba = [[0.2, 0.8], [0.9, 0.1]]
    display = ErrorsDisplay.from_predictions(digits[0][:2], ["b", "b"], proba, classes=["a", "b"])
    assert display.frame().to_dict("records") == [
        {"index": 1, "true": "b", "predicted": "a", "probability": 0.9}
    ]


def test_history_of_one_fit(ax):
    display = HistoryDisplay(HISTORY).plot("accuracy", ax)
    assert display.ax_ is ax
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert drawn["training"] == HISTORY["accuracy"]
    assert drawn["validation"] == HISTORY["val_accuracy"]
    assert drawn["best epoch, 2: 0.9"] == [0.9]
    assert ax.get_xlabel() == "epoch"
    assert display.frame()["val_loss"].tolist() == HISTORY["val_loss"]
    HistoryDisplay(HISTORY).plot("loss")
    with pytest.raises(KeyError, match="Did you mean 'accuracy'"):
        display.plot("acuracy")
    with pytest.raises(ValueError, match="no history"):
        HistoryDisplay([])


def test_history_of_several_fits_has_bands(ax):
    later = History({name: [v - 0.1 for v in values] for name, values in HISTORY.items()})
    display = HistoryDisplay([HISTORY, later[:2]]).plot("loss", ax)
    mean = ax.lines[0].get_ydata()
    np.testing.assert_allclose(mean, [0.85, 0.35, 0.1])
    assert "mean of 2 fits" in ax.get_title()
    assert len(display.frame()) == 5


def test_history_without_validation(ax):
    HistoryDisplay(History({"loss": [1.0, 0.5]})).plot("loss", ax)
    assert len(ax.lines) == 1


def test_search_has_axes_for_each_parameter(digits):
    grid = {
        "kneighborsclassifier__n_neighbors": [1, 3],
        "kneighborsclassifier__weights": ["uniform", "distance"],
    }
    search = GridSearchCV(make_baseline("knn"), grid, cv=2)
    search.fit(digits[0][:100], digits[1][:100])
    display = SearchDisplay.from_search(search).plot()
    assert [ax.get_xlabel() for ax in display.axes_] == ["n neighbors", "weights"]
    frame = display.frame()
    assert frame["mean"].iloc[0] == search.best_score_
    assert len(frame) == 4
    _, axes = plt.subplots(1, 2)
    assert display.plot(axes).figure_ is axes[0].figure
    with pytest.raises(ValueError, match="2 parameters need as many axes"):
        display.plot([axes[0]])
    with pytest.raises(ValueError, match="no score 'f1'; there are score"):
        SearchDisplay(search.cv_results_, scoring="f1")


def test_search_of_halving_shows_the_last_round():
    results = {
        "params": [{"a": 1}, {"a": 2}, {"a": 2}],
        "n_resources": [1, 1, 3],
        "mean_test_score": [0.9, 0.5, 0.7],
        "std_test_score": [0.0, 0.0, 0.0],
    }
    frame = SearchDisplay(results).frame()
    assert frame[["a", "mean"]].to_numpy().tolist() == [[2, 0.7], [1, 0.9]]


def comparison(**columns):
    table = pd.DataFrame(
        {
            "mean": [0.98, 0.9, 0.1],
            "std": [0.01, 0.02, 0.01],
            "fit_seconds": [1.0, 0.1, 0.2],
            "pareto": [True, True, False],
        }
        | columns,
        index=["dense", "linear_svm", "dummy"],
    )
    pairs = pd.DataFrame(
        {
            "first": ["dense", "dense", "linear_svm"],
            "second": ["linear_svm", "dummy", "dummy"],
            "difference": [0.08, 0.88, 0.8],
            "differs": [False, True, True],
        }
    )
    return ComparisonDisplay(table, pairs)


def test_comparison_of_scores(ax):
    display = comparison().plot("scores", ax)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["linear svm", "dense"]
    assert texts(ax) == ["far to the left: dummy"]
    assert display.frame().index[0] == "dense"
    ax.set_xticks([0.85, 0.875])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["85%", "87.5%"]
    tested = comparison(test=[0.97, 0.9, 0.1], test_low=[0.96, 0.8, 0.0], test_high=[0.98, 1, 0.2])
    labels = tested.plot("scores").ax_.get_legend_handles_labels()[1]
    assert "test set: 95% interval" in labels


def test_comparison_of_costs(ax):
    comparison().plot("cost", ax)
    assert ax.get_xscale() == "log"
    assert texts(ax) == ["dense", "linear svm"]


def test_comparison_of_pairs(ax):
    comparison().plot("pairs", ax)
    drawn = {t.get_text(): t.get_fontweight() for t in ax.texts}
    assert drawn == {
        "+8.0": "normal",
        "-8.0": "normal",
        "+88.0": "bold",
        "-88.0": "bold",
        "+80.0": "bold",
        "-80.0": "bold",
    }
    with pytest.raises(ValueError, match="kind is one of scores, cost, pairs"):
        comparison().plot("score")


def test_without_matplotlib_there_is_one_clear_error():
    code = (
        "import sys; sys.modules['matplotlib'] = None; sys.modules['matplotlib.pyplot'] = None\n"
        "from skmnist import History, HistoryDisplay\n"
        "display = HistoryDisplay(History({'loss': [1.0]}))\n"
        "display.frame()\n"
        "try:\n    display.plot('loss')\nexcept ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Drawing needs matplotlib: pip install matplotlib\n"


def contrast(colour, ground):
    """The contrast of two colours, 1 to 21, by WCAG 2.2."""
    channels = np.array([mpl.colors.to_rgb(colour), mpl.colors.to_rgb(ground)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    dark, light = np.sort(linear @ [0.2126, 0.7152, 0.0722]) + 0.05
    return light / dark


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_displays_keep_to_the_style(style, digits):
    X, y = digits
    with plt.style.context(style):
        drawn = [
            DigitsDisplay(X[:4], y[:4]).plot().ax_,
            HistoryDisplay(HISTORY).plot("accuracy").ax_,
            *[comparison(test=[0.97, 0.9, 0.1]).plot(kind).ax_ for kind in ("scores", "cost")],
            *SearchDisplay({"params": [{"a": 1}], "mean_test_score": [1.0], "std_test_score": [0]})
            .plot()
            .axes_,
        ]
    for ax in drawn:
        ground = ax.get_facecolor()
        marks = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        assert all(contrast(mark.get_color(), ground) > 4.5 for mark in marks)
        assert all(contrast(line.get_markeredgecolor(), ground) > 3 for line in ax.lines)


def test_colours_are_seen_on_white_and_on_black():
    assert min(contrast(colour, "black") for colour in COLOURS) > 3
    assert min(contrast(colour, "white") for colour in COLOURS) > 2
