"""Edited frames have no confidence, and reasons that come from the pictures alone stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.measure_again import measure_again
from gdkvm_monai.study.measurements import Confidence, Quality, Reason
from gdkvm_monai.study.results_folder import ClipResults
from gdkvm_monai.study.run_record import EditRecord
from tests.study.report.clip_result import ED, ES, RUN, make_masks, make_measurements, make_table

MASKS = make_masks()
DARK = Reason("intensity", "check", "the mean brightness is 0.01.")
BEFORE = replace(
    make_measurements(MASKS),
    quality=Quality("reject", (DARK, Reason("ef_range", "reject", "an ejection fraction of 95 % is implausible."))),
    confidence=Confidence(0.5, 0.4, "Dice with copies"),
)
RESULTS = ClipResults(BEFORE, make_table(MASKS), RUN)
EDIT = EditRecord("0" * 64, (), (), "2026-01-02T03:04:05+00:00", "0.3.0", "the clip")


class Whole:
    shape = box_shape = MASKS.shape[:2]
    box = (slice(None), slice(None))

    def place(self, mask):
        return mask


@pytest.fixture()
def cache(tmp_path):
    with ClipCache(tmp_path, Whole()) as cache:
        for mask in np.moveaxis(MASKS, -1, 0):
            cache.append(np.full(mask.shape, 100), mask)
        yield cache


def test_reasons_of_the_masks_are_judged_again_and_those_of_the_pictures_stay(cache):
    after = measure_again(RESULTS, cache, (0.6, 0.6), 2, EDIT, RESULTS.frames).measurements
    assert DARK in after.quality.reasons and "ef_range" not in after.quality.codes
    assert "confidence" not in after.quality.codes and after.confidence.mean == 0.97
    assert set(after.phases.es_frames) <= set(ES) and after.clip == BEFORE.clip


def test_the_reason_of_the_interval_stays_unless_ed_or_es_was_edited(cache):
    wide = Reason("ef_interval", "check", "the copies differ.")
    plain = measure_again(RESULTS, cache, (0.6, 0.6), 2, EDIT, RESULTS.frames).measurements
    before = replace(BEFORE, phases=plain.phases, quality=Quality("check", (wide,)))
    for edited, kept in ((plain.phases.ed_frames[0] + 1, True), (plain.phases.ed_frames[0], False)):
        confidence = tuple(None if frame == edited else 0.97 for frame in range(MASKS.shape[-1]))
        results = replace(RESULTS, measurements=before, frames=replace(RESULTS.frames, confidence=confidence))
        after = measure_again(results, cache, (0.6, 0.6), 2, EDIT, RESULTS.frames)
        assert (wide in after.measurements.quality.reasons) == kept


def test_a_clip_of_edited_frames_alone_has_no_confidence(cache):
    edited = replace(RESULTS, frames=replace(RESULTS.frames, confidence=(None,) * MASKS.shape[-1]))
    after = measure_again(edited, cache, (0.6, 0.6), 2, EDIT, RESULTS.frames).measurements
    assert after.confidence.mean is None and "confidence" not in after.quality.codes


def test_marked_phases_leave_the_confidence_of_the_masks(cache):
    marked = replace(EDIT, mask_sha256=None, ed_frames=(ED[1],), es_frames=(ES[1] + 1,))
    after = measure_again(RESULTS, cache, (0.6, 0.6), 2, marked, RESULTS.frames)
    assert after.measurements.confidence == BEFORE.confidence and "confidence" in after.measurements.quality.codes
    assert after.frames.confidence == RESULTS.frames.confidence
    assert [(beat.ed_frame, beat.es_frame) for beat in after.measurements.beats] == [(10, 16)]
    assert np.flatnonzero(after.frames.end_systole).tolist() == [16] and after.provenance.edited == marked


def test_without_a_spacing_there_are_no_units(cache):
    table = measure_again(RESULTS, cache, None, 2, EDIT, RESULTS.frames).frames
    assert set(table.area_cm2["LV"]) == {None} == set(table.lv_volume_ml) and all(table.area_px["LV"])
