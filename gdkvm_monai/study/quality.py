"""The quality check of a clip: ``good``, ``check`` or ``reject``, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from gdkvm_monai.labels import VIEW_NAMES
from gdkvm_monai.metrics.temporal import second_differences
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import ClipNumbers, Quality, Reason
from gdkvm_monai.study.record_types import Verdict
from gdkvm_monai.study.segmented_frame import SegmentedFrame

__all__ = ["VERDICTS", "Evidence", "judge"]

VERDICTS = get_args(Verdict)

EF_RANGE = (5.0, 90.0)
"""Range of plausible ejection fractions, in percent."""

AREA_JUMP = 0.15
"""Largest plausible distance of an area from the mean of its two neighbors, as a share of the largest area."""

EDGE_SHARE = 0.10
"""Share of the ventricle's outline on the sector's edge above which the ventricle may be cut off."""

FAULTY_SHARE = 0.10
"""Share of frames with holes or several parts above which they are reported."""

LOW_CONFIDENCE, NO_CONFIDENCE = 0.85, 0.60
"""Mean Dice with perturbed copies below which the verdict is ``check`` or ``reject``."""

LOWEST_RATE_HZ = 20.0
"""Frame rate below which end-systole may fall between two frames."""


@dataclass(frozen=True)
class Evidence:
    """Input of the quality check besides the measurements.

    Attributes:
        table: values of every frame.
        frames: the same frames with parts, holes, and intensities.
        edge_fraction: largest share of the ventricle's outline on the sector's edge, 0 to 1; NaN if unknown.
        trained_on: lowest and highest ``intensity_mean`` and ``intensity_sd`` in training, from the model card; empty
            if unknown.
        trained_views: views of the training clips; empty if unknown.
    """

    table: FrameTable
    frames: Sequence[SegmentedFrame]
    edge_fraction: float
    trained_on: Mapping[str, Sequence[float] | None]
    trained_views: Sequence[str] = ()


def judge(numbers: ClipNumbers, evidence: Evidence) -> Quality:
    """Run the quality check on one clip.

    Args:
        numbers: result of :func:`~gdkvm_monai.study.measure.measure_clip`.
        evidence: all other input.

    Returns:
        The reasons and their worst verdict, ``"good"`` if there are none.
    """
    checks = (_ejection_fraction, _beats, _timing, _source, _view, _masks, _confidence, _intensity)
    reasons = tuple(reason for check in checks for reason in check(numbers, evidence))
    worst = max((VERDICTS.index(reason.verdict) for reason in reasons), default=0)
    return Quality(VERDICTS[worst], reasons)


def _ejection_fraction(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    if numbers.ef_withheld:
        yield Reason("ef_withheld", "check", f"there is no ejection fraction: {numbers.ef_withheld}")
    beats = [beat for beat in numbers.beats if beat.ef_percent is not None]
    for beat in [beat for beat in beats if beat.ef_percent < 0][:1]:
        frames = f"frames {beat.ed_frame} and {beat.es_frame}"
        yield Reason(
            "edv_below_esv", "reject", f"the end-diastolic volume is below the end-systolic volume ({frames})."
        )
    for beat in [beat for beat in beats if not EF_RANGE[0] <= beat.ef_percent <= EF_RANGE[1]][:1]:
        limits = f"{EF_RANGE[0]:.0f} to {EF_RANGE[1]:.0f} %"
        yield Reason("ef_range", "reject", f"an ejection fraction of {beat.ef_percent:.0f} % is outside {limits}.")


def _beats(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    phases = numbers.phases
    if len(phases.ed_frames) < 2 and len(phases.es_frames) < 2:
        yield Reason(
            "less_than_one_beat", "check", "the clip shows less than one beat from end-diastole to end-diastole."
        )


def _timing(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    rate_hz = numbers.clip.frame_rate_hz
    if rate_hz is None:
        yield Reason("frame_rate", "check", "the frame rate is unknown; state it with --fps.")
    elif rate_hz < LOWEST_RATE_HZ:
        yield Reason(
            "frame_rate",
            "check",
            f"the frame rate is {rate_hz:.0f} Hz, below {LOWEST_RATE_HZ:.0f} Hz; end-systole may be missed.",
        )


def _source(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    clip = numbers.clip
    if clip.spacing_trust != "ok":
        yield Reason(
            "spacing",
            "check",
            f"the pixel spacing is {clip.spacing_trust}; there are no volumes in mL, and the ejection fraction assumes "
            "square pixels.",
        )
    if clip.mode not in ("B-mode", "unknown"):
        yield Reason("mode", "reject", f"the clip shows {clip.mode}, but the network was trained on B-mode only.")
    if clip.partial:
        yield Reason("partial", "check", "frames at the end of the file are missing.")
    if clip.valid_frames < clip.frames:
        missing = clip.frames - clip.valid_frames
        yield Reason(
            "invalid_frames", "check", f"{missing} of {clip.frames} frames show nothing and have an empty mask."
        )


def _view(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    view, known = numbers.clip.view, evidence.trained_views
    if view is not None and known and view not in known:
        names = " and ".join(VIEW_NAMES[name] for name in known)
        yield Reason(
            "weights_view", "check", f"the view is {VIEW_NAMES[view]}; the weights were trained on {names} clips only."
        )


def _masks(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    valid = np.array(evidence.table.valid, bool)
    area = np.where(valid, np.array(evidence.table.area_px["LV"], float), np.nan)
    empty = int((area == 0).sum())
    if empty:
        verdict = "reject" if empty > FAULTY_SHARE * valid.sum() else "check"
        yield Reason("no_ventricle", verdict, f"no left ventricle was found in {empty} of {valid.sum()} frames.")
    jumps = np.abs(second_differences(area)) / np.nanmax(area) if np.nanmax(area, initial=0) > 0 else np.array([np.nan])
    if np.isfinite(jumps).any() and np.nanmax(jumps) > AREA_JUMP:
        frame = int(np.nanargmax(jumps))
        yield Reason("area_jump", "check", f"the area jumps by {np.nanmax(jumps):.0%} of its maximum at frame {frame}.")
    if evidence.edge_fraction > EDGE_SHARE:
        yield Reason(
            "sector_edge",
            "check",
            f"{evidence.edge_fraction:.0%} of the ventricle's outline lies on the sector's edge; it may be cut off.",
        )
    for code, name, faulty in (
        ("parts", "several parts", np.array([frame.measured.shapes["LV"].parts for frame in evidence.frames]) > 1),
        ("holes", "holes", np.array([frame.measured.shapes["LV"].holes for frame in evidence.frames]) > 0),
    ):
        share = (faulty & valid).sum() / max(valid.sum(), 1)
        if share > FAULTY_SHARE:
            yield Reason(code, "check", f"the left ventricle has {name} in {share:.0%} of the frames.")


def _confidence(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    mean = numbers.confidence.mean
    if mean is not None and mean < LOW_CONFIDENCE:
        verdict = "reject" if mean < NO_CONFIDENCE else "check"
        yield Reason(
            "confidence", verdict, f"perturbed copies of the clip give different masks (mean Dice {mean:.2f})."
        )


def _intensity(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    valid = [frame for frame in evidence.frames if frame.valid]
    for name, label in (("intensity_mean", "mean brightness"), ("intensity_sd", "contrast")):
        ends = evidence.trained_on.get(name)
        value = float(np.mean([getattr(frame, name) for frame in valid])) if valid else np.nan
        if ends is not None and valid and not ends[0] <= value <= ends[1]:
            yield Reason(
                "intensity",
                "check",
                f"the {label} is {value:.2f}, outside the range seen in training, {ends[0]:.2f} to {ends[1]:.2f}.",
            )
