"""Made-up records of one clip, whose parts a test replaces."""

from __future__ import annotations

import math
from dataclasses import replace

from gdkvm_monai.labels import NOTICE, STRUCTURES
from gdkvm_monai.metrics.anatomy import StructureShape
from gdkvm_monai.metrics.frame_measurements import FrameMeasurement
from gdkvm_monai.study.measurements import (
    AreasCm2,
    Beat,
    BeatMean,
    ClipFacts,
    Confidence,
    Interval,
    Measurements,
    Method,
    PhaseFrames,
    Quality,
    Reason,
)
from gdkvm_monai.study.segmented_frame import SegmentedFrame

FRAME = SegmentedFrame(
    measured=FrameMeasurement(
        areas_px={"LV": 1000, "MYO": 900, "LA": 500},
        areas_cm2={"LV": 20.0, "MYO": 18.0, "LA": 10.0},
        volume=80.0,
        length=80.0,
        base_rule="atrium",
        flags=(),
        shapes=dict.fromkeys(STRUCTURES, StructureShape(parts=1, holes=0, on_border=False)),
    ),
    valid=True,
    confidence=math.nan,
    intensity_mean=0.2,
    intensity_sd=0.2,
)


def frame(valid: bool = True, confidence: float = math.nan, **measured: object) -> SegmentedFrame:
    """A frame whose mask was measured like this, otherwise as ``FRAME``."""
    return replace(FRAME, valid=valid, confidence=confidence, measured=replace(FRAME.measured, **measured))


CLIP = ClipFacts(
    id="0123456789abcdef",
    view="4CH",
    frames=42,
    valid_frames=42,
    lateral_px=64,
    depth_px=48,
    frame_time_ms=40.0,
    frame_time_source="FrameTime",
    frame_rate_hz=25.0,
    spacing_trust="ok",
    spacing_mm=(0.3, 0.4),
    partial=False,
    mode="B-mode",
)
BEAT = Beat(
    ed_frame=3,
    es_frame=18,
    edv_ml=112.3,
    esv_ml=48.1,
    sv_ml=64.2,
    ef_percent=57.2,
    ed_area_cm2=AreasCm2(33.1, 21.2, 14.3),
    es_area_cm2=AreasCm2(18.4, 22.5, 17.6),
    rr_s=0.74,
    ef_error_percent=0.6,
    concern="",
    in_mean=True,
)
MEASUREMENTS = Measurements(
    schema_version="1.0",
    clip=CLIP,
    structures=("LV", "MYO", "LA"),
    method=Method("single-plane-a4c-mod-v1", "method of disks, single plane"),
    phases=PhaseFrames((3,), (18,), 81.1, "", no_contraction=False, rhythm="regular"),
    beats=(BEAT,),
    mean=BeatMean(n_beats=1, edv_ml=112.3, esv_ml=48.1, sv_ml=64.2, ef_percent=57.2, ef_sd_percent=None),
    interval=Interval((54.8, 58.9), (109.0, 115.2), None, "range over 2 copies; not a confidence interval"),
    ef_withheld="",
    confidence=Confidence(0.951, 0.902, "lowest Dice with a perturbed copy"),
    quality=Quality("check", (Reason("frame_rate", "check", "the frame rate is 15 Hz."),)),
    notice=NOTICE,
)
