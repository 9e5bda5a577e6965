"""Made-up records of one clip, whose parts a test replaces."""

from __future__ import annotations

import math
from dataclasses import replace

from gdkvm_monai.labels import NOTICE, STRUCTURES
from gdkvm_monai.metrics.anatomy import Anatomy, StructureShape
from gdkvm_monai.metrics.frame_measurements import FrameMeasurement
from gdkvm_monai.study.dimensions import AtriumSize, BeatDimensions, Dimensions, Patient, VentricleSize
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
    TrainingData,
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
        anatomy=Anatomy(
            structures=dict.fromkeys(STRUCTURES, StructureShape(parts=1, holes=0, on_border=False)),
            lv_leak=0.0,
            la_contact=True,
            la_touches_lv=True,
            la_below_lv=True,
        ),
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
    unusable_times=None,
    spacing_trust="ok",
    spacing_mm=(0.3, 0.4),
    partial=False,
    mode="B-mode",
    phantom=False,
    secondary_capture=False,
    tissue_regions=1,
    tissue_region=1,
    tissue_region_chosen=False,
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
BEAT_DIMENSIONS = BeatDimensions(
    ed=VentricleSize(length_mm=88.4, basal_diameter_mm=45.1, mid_diameter_mm=43.2, apical_diameter_mm=28.3),
    es=VentricleSize(length_mm=71.6, basal_diameter_mm=36.2, mid_diameter_mm=31.4, apical_diameter_mm=19.5),
    es_atrium=AtriumSize(length_mm=48.7, area_cm2=17.6, area_length_ml=54.0, disks_ml=52.3),
    fractional_area_change_percent=44.4,
    mitral_displacement_mm=12.9,
    longitudinal_strain_percent=-18.3,
)
DIMENSIONS = Dimensions(
    beats=(BEAT_DIMENSIONS,),
    mean=BEAT_DIMENSIONS,
    patient=Patient("F", 1.72),
    header_heart_rate_bpm=79.0,
    cardiac_output_l_min=5.21,
    cardiac_output_rate="clip",
    la_volume_index_ml_m2=30.4,
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
    dimensions=DIMENSIONS,
    confidence=Confidence(0.951, 0.902, "lowest Dice with a perturbed copy"),
    edited="",
    training=TrainingData("CAMUS", ("4CH",), ()),
    quality=Quality("check", (Reason("frame_rate", "check", "the frame rate is 15 Hz."),)),
    notice=NOTICE,
)
