"""Learning curves."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gdkvm_monai.visualize.curves import plot_learning_curve

LOSS = [(i, 1 / i) for i in range(1, 51)]
DICE = [(10, 0.5), (50, 0.8)]


@pytest.fixture
def drawn(monkeypatch) -> list[Figure]:
    """Collect the figures for inspection instead of writing them to disk."""
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *args, **kwargs: figures.append(figure))
    return figures


def lines(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): np.array(line.get_data()) for line in axes.lines}


def test_a_readable_picture_is_written(tmp_path):
    plot_learning_curve({"train_loss": LOSS, "val_mean_dice": DICE}, tmp_path / "learning_curve.png")
    with Image.open(tmp_path / "learning_curve.png") as picture:
        assert picture.format == "PNG" and picture.width > picture.height > 300
        assert np.ptp(np.asarray(picture.convert("L")).astype(int)) > 200


def test_loss_and_validation_metrics_have_one_labeled_panel_each(drawn):
    plot_learning_curve({"train_loss": LOSS, "val_mean_dice": DICE, "LV": DICE}, "unused.png")
    loss_axes, metric_axes = drawn[0].axes
    assert set(lines(loss_axes)) == {"each iteration", "mean of 20"} and set(lines(metric_axes)) == {
        "val_mean_dice",
        "LV",
    }
    assert (loss_axes.get_ylabel(), metric_axes.get_ylabel()) == ("training loss", "validation")
    assert loss_axes.get_xlabel() == metric_axes.get_xlabel() == "iteration"
    np.testing.assert_allclose(lines(loss_axes)["each iteration"], np.array(LOSS).T)
    np.testing.assert_allclose(lines(metric_axes)["val_mean_dice"], np.array(DICE).T)
    assert metric_axes.get_legend() is not None


@pytest.mark.parametrize("window", [2, 5, 20])
def test_the_running_mean_is_plotted_at_the_last_iteration_it_covers(drawn, window):
    plot_learning_curve({"train_loss": LOSS}, "unused.png", window)
    steps, means = lines(drawn[0].axes[0])[f"mean of {window}"]
    expected = [np.mean([loss for _, loss in LOSS[i - window : i]]) for i in range(window, 51)]
    np.testing.assert_allclose(means, expected)
    np.testing.assert_array_equal(steps, range(window, 51))


def test_a_run_shorter_than_the_window_is_averaged_as_a_whole(drawn):
    plot_learning_curve({"train_loss": LOSS[:4]}, "unused.png")
    steps, means = lines(drawn[0].axes[0])["mean of 4"]
    assert steps.tolist() == [4] and means[0] == pytest.approx(np.mean([1, 1 / 2, 1 / 3, 1 / 4]))


@pytest.mark.parametrize("series", [{}, {"train_loss": []}, {"train_loss": LOSS[:1]}, {"val_mean_dice": DICE}])
def test_a_run_that_has_just_started_can_be_plotted(tmp_path, series):
    plot_learning_curve(series, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1000


def test_pyplot_keeps_no_figures(tmp_path):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    plot_learning_curve({"train_loss": LOSS}, tmp_path / "curve.png")
    assert pyplot.get_fignums() == before
