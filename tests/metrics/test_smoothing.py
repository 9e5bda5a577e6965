"""Smoothing by local parabolas, and the noise around the smoothed curve."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.smoothing import smooth_curve


def test_a_parabola_is_unchanged_at_uneven_times_and_ends():
    time = np.sort(np.random.default_rng(0).uniform(0, 2, 40))
    parabola = 3 - 2 * time + 4 * time**2
    smoothed = smooth_curve(parabola, time, widest=0.5)
    np.testing.assert_allclose(smoothed.values, parabola, atol=1e-8)
    assert smoothed.noise == pytest.approx(0, abs=1e-8) and smoothed.error == pytest.approx(0, abs=1e-8)


def test_a_curve_without_noise_is_hardly_changed_and_a_noisy_one_is_smoothed():
    time = np.arange(150) / 50
    wave = np.cos(2 * np.pi * time)
    noisy = wave + np.random.default_rng(0).normal(0, 0.1, len(time))
    assert np.abs(smooth_curve(wave, time, 0.4).values - wave).max() < 1e-3
    assert np.std(smooth_curve(noisy, time, 0.4).values - wave) < 0.05


def test_the_noise_and_the_standard_errors_are_those_of_the_simulation():
    time, rng = np.arange(200) / 50, np.random.default_rng(0)
    wave = 10 * np.cos(2 * np.pi * time)
    curves = [smooth_curve(wave + rng.normal(0, 0.5, len(time)), time, 0.4) for _ in range(40)]
    assert np.mean([curve.noise for curve in curves]) == pytest.approx(0.5, rel=0.05)
    deviations = np.array([(curve.values - wave) / curve.error for curve in curves])
    assert np.sqrt((deviations**2).mean()) == pytest.approx(1, abs=0.15)


def test_missing_values_are_interpolated():
    time = np.arange(12.0)
    curve = 2 * time
    curve[[4, 5]] = np.nan
    np.testing.assert_allclose(smooth_curve(curve, time, 5).values, 2 * time, atol=1e-9)


def test_too_few_values_are_not_smoothed_and_have_no_known_noise():
    smoothed = smooth_curve(np.array([1.0, np.nan, 3.0]), np.arange(3.0), 5)
    np.testing.assert_allclose(smoothed.values, [1, 2, 3])
    assert np.isnan(smoothed.noise) and np.isnan(smoothed.error).all()
