"""The numbers of edited masks or marked phases, with what earlier results know about the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gdkvm_monai.metrics.frame_measurements import measure_frame
from gdkvm_monai.metrics.marked_phases import PhaseMarks
from gdkvm_monai.metrics.sector import Sector
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.frame_loop import edge_share
from gdkvm_monai.study.frame_table import FrameTable, frame_table
from gdkvm_monai.study.measure import measure_clip, summarize_confidence
from gdkvm_monai.study.measure_dimensions import UNKNOWN_PATIENT, with_dimensions
from gdkvm_monai.study.measurements import ClipNumbers, Quality
from gdkvm_monai.study.missing_values import with_nan
from gdkvm_monai.study.quality import Evidence, conclude, judge
from gdkvm_monai.study.results_folder import ClipResults
from gdkvm_monai.study.run_record import EditRecord
from gdkvm_monai.study.segmented_frame import SegmentedFrame
from gdkvm_monai.study.surroundings import hide_surroundings

__all__ = ["measure_again"]

OF_PICTURES = ("intensity",)
"""Reasons that depend on the pictures alone; those of the earlier results stay."""

OF_COPIES = ("ef_interval",)
"""Reasons that depend on perturbed copies; they stay as long as the masks of all beats are those of the network."""


def measure_again(
    results: ClipResults,
    cache: ClipCache,
    spacing_mm: Sequence[float] | None,
    echo_level: float,
    edit: EditRecord,
    network: FrameTable,
) -> ClipResults:
    """Measure and judge edited masks.

    Confidence and interval come from perturbed copies, which say nothing about edited masks: edited frames have no
    confidence, and a clip has no interval if an edit changed a beat.

    Args:
        results: earlier results, in which edited frames have no confidence.
        cache: pictures and masks of the clip.
        spacing_mm: mm per pixel, lateral and in depth; ``None`` if unknown.
        echo_level: gray level above which a pixel of the pictures counts as an echo.
        edit: what was edited.
        network: values of every frame in the network's masks, before any edit.
    """
    frames = _measure_frames(results, cache, spacing_mm)
    table = _tabulate(results, frames, spacing_mm)
    numbers = _add_dimensions(results, _measure_clip(results, table, edit), frames)
    table = table.with_end_systole(numbers.phases.es_frames)
    sector = Sector(echo_level)
    for frame, valid in enumerate(results.frames.valid):
        if valid:
            sector.add(cache.picture(frame))
    surroundings = hide_surroundings(cache, sector, results.provenance.options.keep_surroundings)
    edge = edge_share(cache, cache.source, sector) if any(results.frames.valid) else np.nan
    weights = replace(results.provenance.weights, intensity_mean=None, intensity_sd=None)  # see OF_PICTURES
    same_masks = edit.mask_sha256 is None or _has_beats_of_network(results, numbers)
    kept = OF_PICTURES + OF_COPIES if same_masks else OF_PICTURES
    expected = tuple(name for name in results.measurements.structures if any(network.area_px[name]))
    quality = _judge(results, numbers, Evidence(table, frames, edge, weights, expected), kept)
    measurements = numbers.judged(quality, results.measurements.training)
    return ClipResults(measurements, table, replace(results.provenance, edited=edit, surroundings=surroundings))


def _measure_frames(results: ClipResults, cache: ClipCache, spacing_mm: Sequence[float] | None) -> list[SegmentedFrame]:
    confidence = with_nan(results.frames.confidence)
    return [
        SegmentedFrame(measure_frame(cache.mask(frame), spacing_mm), valid, confidence[frame], np.nan, np.nan)
        for frame, valid in enumerate(results.frames.valid)
    ]


def _tabulate(results: ClipResults, frames: Sequence[SegmentedFrame], spacing_mm: Sequence[float] | None) -> FrameTable:
    times = results.frames.time_s
    return frame_table(results.clip_id, frames, None if None in times else times, spacing_mm is not None)


def _measure_clip(results: ClipResults, table: FrameTable, edit: EditRecord) -> ClipNumbers:
    before, marks = results.measurements, PhaseMarks(edit.ed_frames, edit.es_frames)
    numbers = measure_clip(before.clip, table, before.structures, marks=marks)
    if _has_beats_of_network(results, numbers):
        numbers = replace(numbers, interval=before.interval)
    if edit.mask_sha256 is None:
        return replace(numbers, edited=edit.subjects, confidence=before.confidence)
    method = replace(numbers.method, description=f"{numbers.method.description}; masks edited by hand")
    without = "; without frames that were edited by hand"
    how = f"{before.confidence.method.removesuffix(without)}{without}"
    return replace(numbers, edited=edit.subjects, method=method, confidence=summarize_confidence(table, how))


def _has_beats_of_network(results: ClipResults, numbers: ClipNumbers) -> bool:
    """Whether ED and ES are the same frames as before, and none of them was edited."""
    before, now = results.measurements.phases, numbers.phases
    frames = now.ed_frames + now.es_frames
    same = (now.ed_frames, now.es_frames) == (before.ed_frames, before.es_frames)
    return same and all(results.frames.confidence[frame] is not None for frame in frames)


def _add_dimensions(results: ClipResults, numbers: ClipNumbers, frames: Sequence[SegmentedFrame]) -> ClipNumbers:
    before = results.measurements.dimensions
    known = (UNKNOWN_PATIENT, None) if before is None else (before.patient, before.header_heart_rate_bpm)
    return with_dimensions(numbers, frames, *known)


def _judge(results: ClipResults, numbers: ClipNumbers, evidence: Evidence, kept: Sequence[str]) -> Quality:
    earlier = [reason for reason in results.measurements.quality.reasons if reason.code in kept]
    return conclude([*judge(numbers, evidence).reasons, *earlier])
