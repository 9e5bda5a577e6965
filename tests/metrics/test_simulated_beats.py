"""Beats of simulated volume curves: a small, seeded part of ``benchmarks/simulated_beats.py``."""

from __future__ import annotations

import importlib
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from gdkvm_monai.metrics import find_phases, measure_beats

NOISE = (0.01, 0.02, 0.03)


@pytest.fixture(scope="module")
def simulation():
    """Import the benchmark as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
        return importlib.import_module("simulated_beats")


def cells(simulation, rates_hz, rates_bpm, rhythms=("regular", "irregular", "ectopic"), noise=NOISE):
    return [simulation.Cell(*kind) for kind in product(rates_hz, rates_bpm, rhythms, noise)]


def test_beats_of_any_rhythm_are_reported_and_their_ejection_fraction_is_within_three_points(simulation):
    outcomes = simulation.simulate(
        cells(simulation, (50, 100), (50, 90, 130, 170), noise=(0.01, 0.03)), clips=2, seed=1
    )
    reported, close = simulation.accuracy(outcomes)
    assert reported >= 0.8 and close >= 0.95
    assert np.mean([outcome.withheld for outcome in outcomes if outcome.complete]) <= 0.05


def test_a_rate_of_220_beats_per_minute_is_found(simulation):
    rng = np.random.default_rng(0)
    for rate_bpm in (200, 220):
        clip = simulation.draw_clip(rng, simulation.Cell(100, rate_bpm, "regular", 0.01), duration_s=3)
        assert find_phases(clip.volume_ml, clip.time_s).heart_rate_bpm == pytest.approx(rate_bpm, rel=0.05)


@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_noise_without_motion_gives_no_ejection_fraction(simulation, memory):
    rng = np.random.default_rng(0)
    outcomes = [
        simulation.measure(cell, simulation.draw_still_clip(rng, cell, memory=memory))
        for cell in 6 * cells(simulation, (25, 50, 100), (60,), ("regular",))
    ]
    assert np.mean([outcome.withheld for outcome in outcomes]) >= 0.98


def test_a_clip_shorter_than_a_beat_is_called_so(simulation):
    short = simulation.simulate(cells(simulation, (25, 50), (40,), ("regular",)), clips=8, seed=2, duration_s=1.0)
    assert np.mean([outcome.below_one_beat for outcome in short]) >= 0.9


def test_a_simulated_curve_has_the_volumes_that_it_states(simulation):
    clip = simulation.draw_clip(np.random.default_rng(0), simulation.Cell(1000, 60, "irregular", 0.0), duration_s=4)
    for beat in clip.complete[:-1]:
        edv, esv = np.interp([clip.ed_s[beat], clip.es_s[beat]], clip.time_s, clip.volume_ml)
        assert 100 * (1 - esv / edv) == pytest.approx(clip.ef_percent[beat], abs=0.05)


def two_different_beats() -> tuple[np.ndarray, np.ndarray]:
    """Volumes of two beats with a stroke of 60 of 120 mL and of 40 of 80 mL, each 0.8 s long."""
    time_s = np.arange(0, 2.0, 0.02)
    levels_s = [-0.2, 0.0, 0.1, 0.4, 0.9, 1.2, 1.7, 1.8, 2.0]
    levels_ml = [115, 118, 120, 60, 80, 40, 120, 118, 100]
    smooth = np.interp(time_s, levels_s, levels_ml)
    for start, end, high, low in ((0.1, 0.4, 120, 60), (0.4, 0.9, 80, 60), (0.9, 1.2, 80, 40), (1.2, 1.7, 120, 40)):
        inside = (time_s >= start) & (time_s <= end)
        share = (1 - np.cos(np.pi * (time_s[inside] - start) / (end - start))) / 2
        first, last = (low, high) if end - start > 0.4 else (high, low)
        smooth[inside] = first + (last - first) * share
    return smooth, time_s


def test_two_beats_of_different_size_have_their_own_volumes():
    volume_ml, time_s = two_different_beats()
    phases = find_phases(volume_ml, time_s)
    result = measure_beats(volume_ml, phases, volume_ml)
    assert [beat.ef_percent for beat in result.beats] == [pytest.approx(50, abs=1)] * 2
    assert [beat.edv_ml for beat in result.beats] == [pytest.approx(120, abs=1), pytest.approx(80, abs=1)]
    assert result.beats[0].rr_s == pytest.approx(0.8, abs=0.03)
    assert phases.heart_rate_bpm == pytest.approx(75, abs=3)
