"""The leaflets of the mitral valve hang at the ends of the mitral plane and open toward the apex."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.phantom.heart import LeftHeart
from gdkvm_monai.data.phantom.valve import MitralValve


@pytest.fixture
def leaflets() -> tuple[np.ndarray, np.ndarray, float]:
    """Scatterers of a closed and an open valve, ``(2, K, 2)``, their place from hinge to tip, and half the annulus."""
    section, valve = LeftHeart(1).section("4CH", [0.0, 0.0]), MitralValve(np.random.default_rng(0), 0)
    return valve.positions(section, np.array([0.0, 1.0])), valve._fraction, float(section.cavity_half[0, 0])


def test_the_hinges_stay_at_the_ends_of_the_mitral_plane(leaflets):
    points, fraction, half = leaflets
    hinges = points[:, fraction < 0.05]
    np.testing.assert_allclose(np.abs(hinges[..., 0]).mean(axis=1), half, rtol=0.1)
    assert np.abs(hinges[..., 1].mean(axis=1)).max() < 0.1 * half


def test_closed_tips_meet_near_the_plane_and_open_tips_point_to_the_apex(leaflets):
    points, fraction, half = leaflets
    closed, opened = points[:, fraction > 0.95]
    left, right = (closed[side * closed[:, 0] > side * np.median(closed[:, 0]), 0].mean() for side in (-1, 1))
    assert right - left < 0.2 * half and closed[:, 1].mean() < 0.3 * half
    assert opened[:, 1].mean() > 0.7 * half and np.abs(opened[:, 0]).mean() > 0.5 * half
