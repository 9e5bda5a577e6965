"""Noise, also correlated noise, is not motion; a weak contraction is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from gdkvm_monai.metrics.phases import WIDEST_S
from gdkvm_monai.metrics.smoothing import smooth_curve
from gdkvm_monai.metrics.stillness import CLEAR_CHANGE, why_still

RATE_HZ = 50


def judge(curve: np.ndarray) -> str:
    time = np.arange(len(curve)) / RATE_HZ
    return why_still(curve, smooth_curve(curve, time, WIDEST_S).values, time, True, WIDEST_S)


def noise(seed: int, memory: float, count: int = 100) -> np.ndarray:
    white = np.random.default_rng(seed).standard_normal(count + 50)
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], white)[50:]


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
def test_noise_is_not_motion_however_it_is_correlated(memory):
    still = [bool(judge(100 + 3 * noise(seed, memory))) for seed in range(30)]
    assert np.mean(still) >= 0.95


def test_noise_in_frames_that_are_held_is_not_motion():
    still = [bool(judge(100 + 3 * np.repeat(noise(seed, 0.0, 50), 3))) for seed in range(20)]
    assert np.mean(still) >= 0.9


@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_a_weak_contraction_in_noise_is_motion(memory):
    beat = 8 * np.cos(2 * np.pi * 1.2 * np.arange(100) / RATE_HZ)
    moving = [not judge(100 + beat + noise(seed, memory)) for seed in range(20)]
    assert np.mean(moving) >= 0.95


def test_a_change_beyond_that_of_noise_is_motion():
    fall = np.linspace(100, 100 * (1 - CLEAR_CHANGE) - 1, 40)
    assert not judge(fall) and "less than 5%" in judge(np.linspace(100, 96, 40))
    assert judge(np.zeros(20))


def test_the_answer_depends_on_neither_the_unit_nor_the_call():
    curve = 100 + 3 * noise(1, 0.7) + 4 * np.cos(np.arange(100) / 8)
    assert judge(curve) == judge(curve) == judge(1e3 * curve)
