"""Contours: the largest component, even resampling, and flat segments."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.contour import longest_flat_chord, resample_contour, trace_contour


def test_a_contour_runs_half_a_pixel_outside_the_pixels_in_the_unit_of_the_spacing():
    mask = np.zeros((10, 10), bool)
    mask[2:5, 3:8] = True
    contour = trace_contour(mask, (0.5, 2.0))
    np.testing.assert_allclose(contour.min(axis=0), [0.75, 5.0])
    np.testing.assert_allclose(contour.max(axis=0), [2.25, 15.0])


def test_resampled_points_of_a_circle_are_equally_far_apart():
    angle = np.sort(np.random.default_rng(0).uniform(0, 2 * np.pi, 3000))
    points = resample_contour(np.stack([np.cos(angle), np.sin(angle)], axis=1), 64)
    steps = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    assert steps == pytest.approx(2 * np.sin(np.pi / 64), rel=0.01)


def test_the_longest_chord_that_the_curve_follows_closely_is_found():
    points = np.array([(0, 0), (0, 2), (0, 4), (3, 5), (0, 6), (0, 8)], float)
    later, earlier = np.tril_indices(len(points), -1)
    assert longest_flat_chord(points, earlier, later, 0.1) == (0, 2)
    assert longest_flat_chord(points, earlier, later, 3.1) == (0, 5)
    assert longest_flat_chord(points, earlier[:0], later[:0], 1) is None
