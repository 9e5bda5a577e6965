"""Smoothing by local parabolas."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.metrics.smoothing import smooth_curve


def test_a_parabola_is_unchanged_even_at_its_ends_and_missing_values():
    time = np.arange(12) / 10
    parabola = 3 - 2 * time + 4 * time**2
    curve = parabola.copy()
    curve[5] = np.nan
    np.testing.assert_allclose(smooth_curve(curve, time, 0.5), parabola, atol=1e-9)


def test_a_wider_window_reduces_noise_more():
    noise = np.random.default_rng(0).normal(size=400)
    spreads = [smooth_curve(noise, np.arange(400.0), window).std() for window in (5, 15, 45)]
    assert noise.std() > spreads[0] > spreads[1] > spreads[2]


def test_fewer_than_five_values_are_interpolated_linearly():
    np.testing.assert_allclose(smooth_curve(np.array([1.0, np.nan, 3.0]), np.arange(3.0), 5), [1, 2, 3])
