"""The values of the report: those of the records, at the frames that are shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.labels import COLORS, LV
from gdkvm_monai.study.measurements import Quality, Reason
from gdkvm_monai.study.report.beat_notes import describe_beats
from gdkvm_monai.study.report.context import gather
from gdkvm_monai.study.report.pictures import sample_pictures
from gdkvm_monai.study.report.provenance import describe_defaults, describe_run
from gdkvm_monai.study.report.ranges import range_rows
from tests.study.report.clip_result import ED, ES, RUN, make_masks, make_measurements, make_table, without_beats

MASKS = make_masks()


def gather_clip(measurements=None, table=None, run=RUN, max_frames=24):
    """The context of a clip of which every frame is as bright as its number."""
    measurements = measurements or make_measurements(MASKS)
    pictures = sample_pictures(measurements, max_frames)
    contours = [{"LV": f"contour {frame}"} for frame in pictures.frames]
    return gather(measurements, table or make_table(MASKS), run, pictures, gray, contours)


def gray(frame: int) -> np.ndarray:
    return np.full(MASKS.shape[:2], frame, np.uint8)


def test_the_stills_are_ed_and_es_of_the_first_measured_beat_with_their_own_numbers():
    measurements, table = make_measurements(MASKS), make_table(MASKS)
    first, second = measurements.beats
    context = gather_clip(replace(measurements, beats=(replace(first, ef_percent=None), second)))
    ed, es = context.stills
    assert context.still_beat == 1 and (ed.frame, es.frame) == (ED[1], ES[1])
    assert (ed.volume_ml, es.volume_ml) == (second.edv_ml, second.esv_ml)
    assert ed.area_px["LV"] == table.area_px["LV"][ED[1]] > es.area_px["LV"] == table.area_px["LV"][ES[1]]
    assert es.contours == {"LV": f"contour {ES[1]}"} and es.url == context.pictures.data_url(gray, ES[1]) != ed.url
    assert ed.time_s == table.time_s[ED[1]] and ed.area_cm2 == second.ed_area_cm2


def test_without_a_beat_there_are_no_stills():
    assert gather_clip(without_beats(make_measurements(MASKS))).stills == []


@pytest.mark.parametrize(("phases", "start"), [((3, 13), 3), ((), 0)])
def test_the_clip_starts_at_the_first_end_diastole(phases, start):
    measurements = without_beats(make_measurements(MASKS))
    changed = replace(measurements, phases=replace(measurements.phases, ed_frames=phases))
    assert gather_clip(changed).data.start == start


def test_the_script_receives_all_curve_values_and_the_sampled_frames():
    table = make_table(MASKS)
    data = gather_clip(max_frames=12).data
    assert [list(values) for values in data.plots] == [["LV", "LA"], ["LV", "LA"], ["LV", "MYO", "LA"]]
    assert data.plots[0]["LV"] == table.lv_volume_ml and data.plots[0]["LA"] == table.la_volume_ml
    assert data.plots[1]["LV"] == table.lv_length_mm and data.plots[2]["LA"] == table.area_cm2["LA"]
    assert data.times == list(table.time_s) and len(data.percent) == 24 and len(data.shown) <= 12


def test_without_times_the_script_receives_a_frame_rate():
    data = gather_clip(table=make_table(MASKS, timed=False)).data
    assert data.times is None and data.rate == 25 and data.percent[-1] == 100


def test_the_provenance_is_that_of_the_run():
    context = gather_clip()
    assert context.provenance == describe_run(RUN) and context.default_options == describe_defaults(RUN)


def test_structures_have_their_own_colors_with_the_left_ventricle_first():
    context = gather_clip()
    assert context.structures[0] == "LV" and context.colors["LV"] == COLORS[LV]
    assert len(set(context.colors.values())) == len(context.structures)


def test_the_marks_are_left_out_if_no_ventricle_was_found():
    none = Quality("reject", (Reason("no_ventricle", "reject", "no left ventricle was found in 20 of 24 frames."),))
    context = gather_clip(replace(make_measurements(MASKS), quality=none))
    assert context.phases == {"ED": (), "ES": ()} and context.curves.marks == [] and context.data.start == 0
    assert len(gather_clip().curves.marks) == len(ED + ES)


def test_the_reference_ranges_and_the_notes_on_beats_are_those_of_the_measurements():
    measurements = make_measurements(MASKS)
    late = replace(measurements.beats[1], concern="clip_end", in_mean=False)
    context = gather_clip(replace(measurements, beats=(measurements.beats[0], late)))
    assert context.ranges == range_rows(measurements) and "2015 ASE/EACVI" in context.range_source
    assert context.beat_notes == describe_beats((measurements.beats[0], late)) and len(context.beat_notes) == 1
