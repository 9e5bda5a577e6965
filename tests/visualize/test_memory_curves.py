from __future__ import annotations

import numpy as np
from PIL import Image

from gdkvm_monai.visualize.memory_curves import plot_memory_curves


def pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def test_a_distribution_is_drawn_where_there_is_one(tmp_path):
    plot_memory_curves({}, tmp_path / "none.png")
    quantiles = {f"alpha q{q:g}": [(1, q), (2, q / 2)] for q in (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)}
    plot_memory_curves(quantiles, tmp_path / "alpha.png")
    none, alpha = pixels(tmp_path / "none.png"), pixels(tmp_path / "alpha.png")
    height, width, _ = none.shape
    upper_left = (slice(0, height // 2), slice(0, width // 3))
    assert (none != alpha)[upper_left].any()
    blue = (alpha[..., 2] > alpha[..., 0].astype(int) + 20).nonzero()
    assert len(blue[0]) and (blue[0] < height // 2).all() and (blue[1] < 0.4 * width).all()


def test_values_that_are_not_finite_leave_gaps(tmp_path):
    series = {
        "norm, last frame": [(1, 1.0), (2, float("inf"))],
        "effective rank, last frame": [(1, 3.0), (2, float("nan"))],
    }
    plot_memory_curves(series, tmp_path / "diverged.png")
    assert pixels(tmp_path / "diverged.png").std() > 0
