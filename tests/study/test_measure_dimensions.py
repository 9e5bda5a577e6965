"""Sizes and motion of a clip whose two frames show cut ellipses of known size."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from gdkvm_monai.labels import LEFT_ATRIUM
from gdkvm_monai.metrics.frame_measurements import measure_frame
from gdkvm_monai.study.dimensions import AtriumSize, Patient, VentricleSize
from gdkvm_monai.study.measure_dimensions import with_dimensions
from tests.metrics.ventricles import ventricle
from tests.study.records import BEAT, CLIP, FRAME, MEASUREMENTS

SPACING = 0.4, 0.4
ED, ES = ventricle(50, 25, SPACING, cut=25, atrium=True), ventricle(40, 20, SPACING, cut=20, atrium=True)


def frames(*masks, spacing_mm=SPACING):
    return [replace(FRAME, measured=measure_frame(mask, spacing_mm)) for mask in masks]


def numbers(*in_mean, spacing_mm=SPACING, **changes):
    """Measurements of a clip with a beat from frame 0 to frame 1 for each mark."""
    beats = tuple(replace(BEAT, ed_frame=0, es_frame=1, in_mean=counts) for counts in in_mean)
    return replace(MEASUREMENTS, clip=replace(CLIP, spacing_mm=spacing_mm), beats=beats, dimensions=None, **changes)


def measured(found, *masks, **known):
    spacing_mm = found.clip.spacing_mm
    return with_dimensions(found, frames(*masks, spacing_mm=spacing_mm), **known).dimensions


def test_a_beat_has_the_sizes_of_its_two_frames_and_the_motion_between_them():
    (beat,) = measured(numbers(True), ED, ES).beats
    assert (beat.ed.length_mm, beat.es.length_mm) == pytest.approx((75, 60), abs=0.8)
    assert (beat.ed.mid_diameter_mm, beat.es.mid_diameter_mm) == pytest.approx((48.4, 38.7), abs=0.8)
    assert beat.ed.basal_diameter_mm > beat.ed.apical_diameter_mm > 0
    assert beat.fractional_area_change_percent == pytest.approx(36, abs=0.7)
    assert beat.mitral_displacement_mm == pytest.approx(5, abs=0.7)
    assert beat.longitudinal_strain_percent == pytest.approx(-20, abs=0.7)
    atrium = measure_frame(ES, SPACING).chambers.left_atrium
    assert asdict(beat.es_atrium) == {name: round(value, 4) for name, value in vars(atrium).items()}


def test_without_a_spacing_there_are_shares_but_no_lengths():
    found = measured(numbers(True, spacing_mm=None), ED, ES)
    (beat,) = found.beats
    assert beat.ed == beat.es == VentricleSize(None, None, None, None)
    assert beat.es_atrium == AtriumSize(None, None, None, None) and beat.mitral_displacement_mm is None
    assert beat.fractional_area_change_percent == pytest.approx(36, abs=0.7)
    assert beat.longitudinal_strain_percent == pytest.approx(-20, abs=0.7)


def test_the_mean_is_over_the_beats_that_count():
    found = numbers(True, False, True)
    larger = tuple(replace(beat, es_frame=frame) for beat, frame in zip(found.beats, (1, 0, 2)))
    third = ventricle(45, 22, SPACING, cut=22, atrium=True)
    dimensions = measured(replace(found, beats=larger), ED, ES, third)
    lengths = [beat.es.length_mm for beat in dimensions.beats]
    assert len(lengths) == 3 and dimensions.mean.es.length_mm == pytest.approx((lengths[0] + lengths[2]) / 2)


def test_a_clip_without_beats_has_empty_dimensions():
    found = measured(numbers(), ED, ES)
    assert found.beats == () and found.mean.ed.length_mm is None and found.la_volume_index_ml_m2 is None


def test_a_frame_without_a_ventricle_in_one_piece_has_no_sizes_and_no_area_change():
    pieces = np.where(np.arange(ES.shape[0])[:, None] // 25 % 2, 0, ES)
    (beat,) = measured(numbers(True), ED, pieces).beats
    assert beat.fractional_area_change_percent is None and beat.es == VentricleSize(None, None, None, None)
    assert beat.ed.length_mm == pytest.approx(75, abs=0.8)


def test_bases_found_by_different_rules_give_no_motion():
    without_atrium = np.where(ES == LEFT_ATRIUM, 0, ES)
    (beat,) = measured(numbers(True), ED, without_atrium).beats
    assert beat.mitral_displacement_mm is None and beat.longitudinal_strain_percent is None
    assert beat.es.length_mm is not None and beat.es_atrium == AtriumSize(None, None, None, None)


@pytest.mark.parametrize(
    ("clip_rate", "header_rate", "output", "source"),
    [(75.0, 60.0, 0.07 * 75, "clip"), (None, 60.0, 0.07 * 60, "header"), (None, None, None, None)],
)
def test_the_cardiac_output_takes_the_heart_rate_of_the_clip_or_else_that_of_the_header(
    clip_rate, header_rate, output, source
):
    phases = replace(MEASUREMENTS.phases, heart_rate_bpm=clip_rate)
    found = numbers(True, phases=phases, mean=replace(MEASUREMENTS.mean, sv_ml=70.0))
    dimensions = measured(found, ED, ES, header_heart_rate_bpm=header_rate)
    assert dimensions.cardiac_output_l_min == (None if output is None else pytest.approx(output))
    assert dimensions.cardiac_output_rate == source and dimensions.header_heart_rate_bpm == header_rate


def test_without_a_stroke_volume_there_is_no_cardiac_output():
    found = measured(numbers(True, mean=replace(MEASUREMENTS.mean, sv_ml=None)), ED, ES)
    assert found.cardiac_output_l_min is None and found.cardiac_output_rate is None


def test_the_left_atrial_volume_is_divided_by_the_body_surface_area():
    found = measured(numbers(True), ED, ES, patient=Patient("M", 2.0))
    assert found.la_volume_index_ml_m2 == pytest.approx(found.mean.es_atrium.disks_ml / 2, abs=1e-4)
    assert measured(numbers(True), ED, ES, patient=Patient("M", None)).la_volume_index_ml_m2 is None


def test_a_wall_that_lengthens_while_the_cavity_shrinks_has_no_strain():
    (beat,) = measured(numbers(True), ED, ventricle(58, 15, SPACING, cut=30, atrium=True)).beats
    assert beat.fractional_area_change_percent > 10
    assert beat.longitudinal_strain_percent is None and beat.mitral_displacement_mm is not None
