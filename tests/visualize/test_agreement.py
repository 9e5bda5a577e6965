"""Agreement plots: content, units, and no global state left behind."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

from gdkvm_monai.metrics.agreement import measure_agreement
from gdkvm_monai.visualize.agreement import plot_agreement, save_figure


@pytest.fixture
def figure():
    rng = np.random.default_rng(0)
    reference = rng.normal(50, 14, 40)
    return plot_agreement(
        np.append(reference + rng.normal(1, 5, 40), np.nan), np.append(reference, 55), title="EF, A4C"
    )


def test_the_two_panels_show_all_pairs_and_name_their_units(figure):
    regression, differences = figure.axes
    assert len(regression.collections[0].get_offsets()) == 40
    assert regression.get_xlabel() == "reference EF (%)" and regression.get_ylabel() == "predicted EF (%)"
    assert "percentage points" in differences.get_ylabel() and "n = 40" in differences.get_title()
    assert "1 of 41 pairs are incomplete" in figure.get_supxlabel() and figure.get_suptitle() == "EF, A4C"


def test_lines_differ_in_style_and_the_figure_is_grayscale(figure):
    styles = {line.get_linestyle() for axes in figure.axes for line in axes.lines}
    assert {"-", "--", ":"} <= styles
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    assert (pixels.min(-1) == pixels.max(-1)).all()


def test_the_intervals_of_few_pairs_neither_overlap_nor_leave_the_axes():
    rng = np.random.default_rng(3)
    reference = rng.normal(50, 13, 8)
    prediction = reference + rng.normal(-1, 7, 8)
    axes = plot_agreement(prediction, reference).axes[1]
    numbers, (bottom, top) = measure_agreement(prediction, reference), axes.get_ylim()
    drawn = [line for line in axes.lines if line.get_marker() == "_"]
    expected = [numbers.lower_limit_interval, numbers.bias_interval, numbers.upper_limit_interval]
    assert [tuple(line.get_ydata()) for line in drawn] == expected
    assert len({line.get_xdata()[0] for line in drawn}) == 3 and all(line.get_xdata()[0] > 1 for line in drawn)
    assert bottom < min(map(min, expected)) and max(map(max, expected)) < top
    assert any("[" in text.get_text() and text.get_text().startswith("bias") for text in axes.texts)


def test_figures_are_written_as_png_and_svg(figure, tmp_path):
    files = save_figure(figure, tmp_path / "plots" / "ef_a4c.v1")
    assert [file.name for file in files] == ["ef_a4c.v1.png", "ef_a4c.v1.svg"]
    assert all(file.stat().st_size > 1000 for file in files)


def test_volumes_keep_their_unit_and_few_pairs_can_be_plotted(tmp_path):
    figure = plot_agreement([100.0], [95.0], "EDV", "mL")
    assert figure.axes[1].get_ylabel() == "predicted - reference EDV (mL)"
    save_figure(figure, tmp_path / "one", ("png",))
    with pytest.raises(ValueError, match="at least one pair"):
        plot_agreement([np.nan], [1.0])


def test_no_global_figure_remains(figure):
    assert pyplot.get_fignums() == []
