"""Phases of the beat: noisy physiological curves, clip boundaries, and uneven or unknown times."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.phantom.heart import LeftHeart
from gdkvm_monai.metrics.beats import measure_beats
from gdkvm_monai.metrics.phases import find_phases

NOISE = 0.01  # of the end-diastolic volume, independent from frame to frame
PLATEAU = 0.005  # of the stroke volume: frames this close to the extreme are the same phase


def frames_from_phase(found, volume, near, time, sign):
    """Count the frames from a true phase near a time to the closest phase found; a plateau is all one phase."""
    around = np.abs(time - near) < 0.12
    level = (sign * volume)[around].max()
    true = np.flatnonzero(around & (sign * volume >= level - PLATEAU * np.ptp(volume)))
    return min((abs(frame - other) for frame in found for other in true), default=99)


def detect(seed, rate, beats, rng, known=True):
    heart = LeftHeart(seed).beat
    beat_s = heart.duration_s
    time = np.arange(-0.1, beats * beat_s + 0.1, 1 / rate)
    volume = heart.volume_ml(time)
    noisy = volume + rng.normal(0, NOISE * heart.edv_ml, len(time))
    phases = find_phases(noisy, time - time[0] if known else None)
    truth = [(i * beat_s, phases.ed, 1) for i in range(beats)]
    truth += [(i * beat_s + heart.end_systole_s, phases.es, -1) for i in range(beats)]
    misses = [frames_from_phase(found, volume, near, time, sign) for near, found, sign in truth]
    return misses, measure_beats(phases.smoothed, phases), heart.ef_percent


@pytest.mark.parametrize("rate", [25, 50, 100])
@pytest.mark.parametrize("beats", [1, 2, 3])
def test_phases_and_ef_are_found_in_noisy_physiological_curves(rate, beats):
    rng = np.random.default_rng(rate + beats)
    misses, errors, wrong = [], [], 0
    for seed in range(30):
        missed, found, ef_percent = detect(seed, rate, beats, rng)
        misses += missed
        errors.append(abs(found.ef_percent - ef_percent))
        wrong += len(found.beats) != beats
    assert np.mean(np.array(misses) <= 1) >= 0.95
    assert np.mean(np.array(errors) <= 3) >= 0.95
    assert wrong == 0


def test_an_unknown_frame_rate_gives_times_in_frames():
    rng = np.random.default_rng(0)
    results = [detect(seed, 50, 2, rng, known=False) for seed in range(20)]
    assert np.mean([found.n_beats == 2 for _, found, _ in results]) >= 0.95
    phases = find_phases(80 + 40 * np.cos(np.arange(56) * 2 * np.pi / 24))
    assert phases.unit == "frames" and np.isnan(phases.heart_rate_bpm)
    assert phases.beats == ((0, 12), (24, 36)) and list(phases.rr) == [24, 24]


def test_stills_and_half_sequences_have_their_phases_at_the_first_and_last_frame():
    assert find_phases([30.0, 20.0], [0.0, 0.4]).beats == ((0, 1),)
    assert find_phases([20.0, 30.0]).beats == ((1, 0),)  # the end-systole came first in the file
    half = 60 + 40 * np.cos(np.linspace(0, np.pi, 18))
    assert find_phases(half, np.arange(18) / 50).beats == ((0, 17),)


def test_a_clip_that_starts_during_filling_does_not_start_with_end_systole():
    time = np.arange(0, 2, 0.02)
    phases = find_phases(80 + 40 * np.cos(2 * np.pi * (time - 0.25)), time)  # starts rising, at half the range
    assert phases.ed[0] in (12, 13) and phases.es[0] in (37, 38)


def test_the_heart_rate_follows_even_and_uneven_times():
    time = np.sort(np.random.default_rng(0).uniform(0, 4, 200))
    curve = 80 + 40 * np.cos(2 * np.pi * time / 0.8)
    assert find_phases(curve, time).heart_rate_bpm == pytest.approx(75, abs=2)
    assert find_phases(curve, 2 * time).heart_rate_bpm == pytest.approx(37.5, abs=1)


def test_a_dicrotic_bump_within_the_refractory_time_is_not_a_beat():
    time = np.arange(0, 2.4, 0.02)
    curve = 80 + 30 * np.cos(2 * np.pi * time / 0.8)
    curve += 28 * np.exp(-(((time % 0.8 - 0.4) / 0.04) ** 2))  # splits every end-systole in two
    assert len(find_phases(curve, time).es) == 3
    assert len(find_phases(curve, 10 * time).es) > 3  # outside the refractory time


def test_a_dip_between_the_filling_waves_is_not_a_beat():
    time = np.arange(0, 3.2, 0.02)
    curve = 80 + 40 * np.cos(2 * np.pi * np.minimum(time % 0.8, 0.6) / 0.6)  # full from 0.6 s on
    curve -= 20 * np.exp(-(((time % 0.8 - 0.68) / 0.05) ** 2))
    phases = find_phases(curve, time)
    assert [round(time[frame] % 0.8, 1) for frame in phases.es] == [0.3] * 4
    assert phases.rr == pytest.approx(0.8, abs=0.05)


def test_missing_frames_are_bridged():
    time = np.arange(0, 2, 0.02)
    curve = 80 + 40 * np.cos(2 * np.pi * time)
    curve[[3, 30, 31, 60]] = np.nan
    assert find_phases(curve, time).es == (25, 75)


@pytest.mark.parametrize("gap", [0, 1, 3])
@pytest.mark.parametrize("phase", [0, 25, 50, 75, 100])
def test_the_nearest_measured_frame_replaces_an_unmeasured_phase(phase, gap):
    time = np.arange(0, 2.01, 0.02)
    curve = 80 + 40 * np.cos(2 * np.pi * time)
    curve[max(phase - gap, 0) : phase + gap + 1] = np.nan
    phases = find_phases(curve, time)
    assert np.isfinite(curve[[*phases.ed, *phases.es]]).all()
    found = phases.ed if phase % 50 == 0 else phases.es
    assert min(abs(frame - phase) for frame in found) == gap + 1
    assert len(phases.ed) == 3 and len(phases.es) == 2 and len(phases.beats) == 2


@pytest.mark.parametrize(
    "curve", [np.full(20, 5.0), 100 + 0.1 * np.sin(np.arange(40)), [np.nan, 3, np.nan], [], [0, 80, 60]]
)
def test_a_curve_without_a_beat_gives_no_phase_and_a_reason(curve):
    phases = find_phases(curve)
    assert phases.beats == () and phases.reason
    result = measure_beats(np.asarray(curve, float), phases)
    assert np.isnan(result.ef_percent) and result.n_beats == 0


def test_times_that_do_not_match_the_curve_are_refused():
    with pytest.raises(ValueError, match="must increase"):
        find_phases([1.0, 2.0, 3.0], [0.0, 0.2, 0.1])
    with pytest.raises(ValueError, match="must be"):
        find_phases([1.0, 2.0], [0.0])
