"""The imaging physics: what the sector does to scatterers and to noise."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.phantom import QUALITIES
from gdkvm_monai.data.phantom.ultrasound import Sector


@pytest.fixture(scope="module")
def sector() -> Sector:
    return Sector(150.0, 0.7, QUALITIES["good"])


def test_the_blur_keeps_the_variance_of_white_noise_and_widens_with_depth_in_mm(sector):
    noise = np.random.default_rng(0).standard_normal(sector.shape)
    assert sector.blur(noise)[10:-10, 10:-10].std() == pytest.approx(1, abs=0.05)

    def width_mm(depth_mm: float) -> float:
        response = sector.blur(sector.splat(np.array([[0.0, depth_mm]]), np.ones((2, 1)))[0])
        profile = response[:, round(depth_mm / sector.step_mm)] ** 2
        offset = depth_mm * np.sin(sector.angle[:, 0])
        return float(np.sqrt(profile @ offset**2 / profile.sum()))

    assert width_mm(120) == pytest.approx(3 * width_mm(40), rel=0.1)


def test_a_scatterer_is_splatted_at_its_position_and_ignored_outside_the_sector(sector):
    angle, radius = sector.angle[20, 0], sector.radius_mm[50] + 1e-6
    grid = sector.splat(np.array([[radius * np.sin(angle), radius * np.cos(angle)], [200.0, 10.0]]), np.ones((2, 2)))
    assert np.unravel_index(grid[0].argmax(), grid[0].shape) == (20, 50)
    assert grid.sum() == pytest.approx(2)


def test_ten_decibels_are_always_the_same_gray_step(sector):
    gray = sector.compress(np.sqrt(np.array([[[0.01, 0.1, 1.0]], [[0.0, 0.0, 0.0]]])))
    np.testing.assert_allclose(np.diff(gray), 255 * 10 / sector.quality.range_db, rtol=1e-6)
