"""Ejection fraction of each beat, and the means over beats."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.beats import measure_beats
from gdkvm_monai.metrics.marked_phases import PhaseMarks, mark_phases
from gdkvm_monai.metrics.phases import WIDEST_S, Phases, find_phases
from gdkvm_monai.metrics.smoothing import smooth_curve


def phases_of(*beats: tuple[int, int], frames: int = 5) -> Phases:
    ed, es = zip(*beats) if beats else ((), ())
    return Phases(ed, es, beats, np.arange(frames) / 2, "s", np.zeros(frames))


def test_the_spread_of_the_beats_is_reported():
    result = measure_beats([90, 100, 50, 110, 44, 100], phases_of((1, 2), (3, 4), frames=6))
    assert [beat.ef_percent for beat in result.beats] == [50, 60]
    assert result.ef_percent == 55 and result.ef_sd_percent == pytest.approx(np.sqrt(50))


def test_volumes_are_taken_at_the_phases_and_averaged_over_the_beats():
    volumes = np.array([90, 100, 50, 110, 44, 100.0])
    result = measure_beats(volumes, phases_of((1, 2), (3, 4), frames=6), volumes)
    assert [(beat.ed_frame, beat.es_frame, beat.edv_ml, beat.esv_ml, beat.rr_s) for beat in result.beats] == [
        (1, 2, 100, 50, 1.0),
        (3, 4, 110, 44, pytest.approx(np.nan, nan_ok=True)),
    ]
    assert (result.edv_ml, result.esv_ml, result.sv_ml) == (105, 47, 58) and result.beats[1].sv_ml == 66


def test_an_unknown_pixel_spacing_gives_an_ejection_fraction_but_no_volume():
    result = measure_beats([100, 50, 110, 44, 100], phases_of((0, 1)))
    assert result.ef_percent == 50 and np.isnan([result.edv_ml, result.esv_ml, result.sv_ml]).all()
    assert np.isnan(result.ef_sd_percent)  # one beat has no spread


def test_an_unmeasurable_beat_is_listed_but_not_averaged():
    volumes = np.array([100, np.nan, 110, 44, 100.0])
    result = measure_beats(volumes, phases_of((0, 1), (2, 3)), volumes)
    assert len(result.beats) == 2 and np.isnan(result.beats[0].ef_percent)
    assert (result.n_beats, result.ef_percent, result.edv_ml) == (1, 60, 110)


def test_the_means_are_nan_without_beats():
    result = measure_beats(np.full(5, 80.0), phases_of())
    assert (result.n_beats, result.beats) == (0, ()) and np.isnan(result.ef_percent)


def contracting(ed_s: list[float], esv: list[float], rate_hz: float = 50) -> tuple[np.ndarray, np.ndarray]:
    """Volumes from 100 mL at each end-diastole to the given end-systolic volume 0.3 s later, and their times."""
    knots = sorted([*((at, 100.0) for at in ed_s), *((at + 0.3, volume) for at, volume in zip(ed_s, esv))])
    time_s = np.arange(ed_s[0] - 0.3, ed_s[-1], 1 / rate_hz)
    knots_s, levels = np.array([(ed_s[0] - 0.5, esv[0]), *knots]).T
    index = np.searchsorted(knots_s, time_s, side="right") - 1
    share = (time_s - knots_s[index]) / np.diff(knots_s)[index]
    return levels[index] + np.diff(levels)[index] * (1 - np.cos(np.pi * share)) / 2, time_s


def test_the_beat_after_an_ectopic_interval_is_left_out_and_named():
    ed_s = [0.0, 0.8, 1.6, 2.1, 3.2, 4.0, 4.8]  # premature at 2.1 s, with a pause until 3.2 s
    volumes, time_s = contracting(ed_s, [50, 50, 50, 65, 30, 50])
    result = measure_beats(volumes, find_phases(volumes, time_s))
    left_out = [round(beat.ef_percent) for beat in result.beats if beat.concern == "odd_interval"]
    assert left_out == [35, 70] and result.ef_percent == pytest.approx(50, abs=0.5)
    assert [beat.in_mean for beat in result.beats] == [not beat.concern for beat in result.beats]
    assert [beat.rr_s for beat in result.beats[:5]] == pytest.approx(list(np.diff(ed_s))[:5], abs=0.03)


def test_a_clip_of_less_than_a_beat_that_starts_after_end_diastole_has_no_end_diastole():
    volumes, time_s = contracting([0.0, 0.9, 1.8], [42, 42])
    part = (time_s >= 0.1) & (time_s < 0.8)
    phases = find_phases(volumes[part], time_s[part] - 0.1)
    assert phases.ed == () and np.isnan(phases.heart_rate_bpm)
    assert phases.reason and np.isnan(measure_beats(volumes[part], phases).ef_percent)


@pytest.mark.parametrize("weak_esv", [70, 80, 90])
def test_every_second_weak_beat_is_listed_and_counts_for_the_rate(weak_esv):
    volumes, time_s = contracting([0.8 * beat for beat in range(6)], [42, weak_esv, 42, weak_esv, 42])
    phases = find_phases(volumes, time_s)
    result = measure_beats(volumes, phases)
    expected = [58, 100 - weak_esv, 58, 100 - weak_esv, 58]
    assert [beat.ef_percent for beat in result.beats] == pytest.approx(expected, abs=1)
    assert phases.heart_rate_bpm == pytest.approx(75, abs=1) and result.ef_sd_percent > 5


def test_beats_that_are_too_noisy_are_called_uncertain_and_averaged_only_if_there_are_no_others():
    volumes, time_s = contracting([0.0, 0.8, 1.6, 2.4], [50, 50, 50], rate_hz=25)
    noisy = volumes + np.random.default_rng(0).normal(0, 6, len(volumes))
    result = measure_beats(noisy, find_phases(volumes, time_s))
    assert {beat.concern for beat in result.beats} == {"uncertain"} and all(beat.in_mean for beat in result.beats)
    assert all(beat.ef_error_percent > 2 for beat in result.beats)


def test_phases_marked_by_a_reader_take_the_volumes_of_these_very_frames():
    volumes, time_s = contracting([0.0, 0.8, 1.6], [50, 50])
    edited = volumes.copy()
    edited[30] = 40
    marked = mark_phases(find_phases(volumes, time_s), PhaseMarks(ed=(15,), es=(30,)))
    beat = measure_beats(edited, marked, edited).beats[0]
    assert (beat.edv_ml, beat.esv_ml) == (edited[15], 40) and np.isnan(beat.ef_error_percent)


def test_another_curve_is_averaged_over_the_same_beats():
    volumes, time_s = contracting([0.0, 0.8, 1.6, 2.4], [50, 50, 50])
    phases = find_phases(volumes, time_s)
    own = measure_beats(volumes, phases)
    other = measure_beats(volumes + np.random.default_rng(0).normal(0, 6, len(volumes)), phases, like=own)
    assert [beat.in_mean for beat in other.beats] == [beat.in_mean for beat in own.beats]


@pytest.mark.parametrize(("volumes", "volumes_ml"), [([1.0, 2.0], None), ([1.0] * 5, [1.0] * 4)])
def test_anything_but_one_volume_per_frame_is_refused(volumes, volumes_ml):
    with pytest.raises(ValueError, match="5 frames"):
        measure_beats(volumes, phases_of((0, 1)), volumes_ml)


def test_a_ventricle_that_almost_vanishes_has_no_measurable_beat_instead_of_a_negative_volume():
    time = np.arange(60) / 50
    volumes = np.where(np.cos(2 * np.pi * time / 0.6) > 0.2, 80.0, 0.01)  # a parabola falls below zero beside the step
    fit = smooth_curve(volumes, time, WIDEST_S)
    beats = [(int(fit.values.argmax()), int(fit.values.argmin()))]
    phases = Phases((beats[0][0],), (beats[0][1],), tuple(beats), time, "s", volumes)
    assert fit.values.min() < 0
    mean = measure_beats(volumes, phases, volumes)
    assert np.isnan(mean.ef_percent) and mean.beats[0].concern == "not_measurable"
