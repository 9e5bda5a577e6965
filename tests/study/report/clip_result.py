"""A made-up result of one clip, for the tests of its report: ellipses that beat twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM, STRUCTURES
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import AreasCm2, BeatMean, Interval, Measurements, PhaseFrames, Quality, Reason
from tests.study.records import BEAT, CLIP, MEASUREMENTS
from tests.study.test_run_record import RECORD

ED, ES = (0, 10, 20), (5, 15)
NO_CHANGE = "the curve changes by less than 5%."
RUN = RECORD


def make_masks(shape: tuple[int, int] = (64, 48), frames: int = 24) -> np.ndarray:
    """Class indices ``(H, W, T)``: a cavity in a wall above an atrium, largest at ``ED`` and smallest at ``ES``."""
    x, y = np.meshgrid(*(np.linspace(-1, 1, length) for length in shape), indexing="ij")
    masks = np.zeros((*shape, frames), np.uint8)
    for t in range(frames):
        radius = 0.3 + 0.06 * np.cos(2 * np.pi * t / 10)
        masks[np.hypot(x / 0.35, (y - 0.75) / 0.2) < 1, t] = LEFT_ATRIUM
        masks[np.hypot(x / (radius + 0.15), (y + 0.1) / 0.75) < 1, t] = MYOCARDIUM
        masks[np.hypot(x / radius, (y + 0.1) / 0.6) < 1, t] = LV
    return masks


def make_measurements(masks: np.ndarray, spacing_mm: tuple[float, float] | None = (0.6, 0.6)) -> Measurements:
    """The numbers of the clip; without a spacing nothing has units."""
    known = spacing_mm is not None
    volumes = (
        {"edv_ml": 112.3, "esv_ml": 48.1, "sv_ml": 64.2} if known else dict.fromkeys(("edv_ml", "esv_ml", "sv_ml"))
    )
    areas = AreasCm2(*[33.1 if known else None] * 3)
    beat = replace(BEAT, ed_area_cm2=areas, es_area_cm2=areas, **volumes)
    lateral, depth, count = masks.shape
    trust = {"spacing_trust": "ok" if known else "absent", "spacing_mm": spacing_mm}
    return replace(
        MEASUREMENTS,
        clip=replace(CLIP, frames=count, valid_frames=count, lateral_px=lateral, depth_px=depth, **trust),
        phases=PhaseFrames(ED, ES, heart_rate_bpm=150.0, reason="", no_contraction=False, rhythm="unknown"),
        beats=tuple(replace(beat, ed_frame=ed, es_frame=es) for ed, es in zip(ED, ES)),
        mean=BeatMean(n_beats=2, ef_percent=57.2, ef_sd_percent=1.5, **volumes),
        interval=Interval(
            ef_percent=(54.8, 58.9),
            edv_ml=(109.0, 115.2) if known else None,
            esv_ml=(46.9, 51.3) if known else None,
            method="range over 4 copies; not a confidence interval",
        ),
        quality=Quality("check", (Reason("frame_rate", "check", "rate is low."),)),
    )


def without_beats(measurements: Measurements, reason: str = NO_CHANGE) -> Measurements:
    """The same clip with nothing found in it."""
    return replace(
        measurements,
        phases=PhaseFrames((), (), None, reason, no_contraction=False, rhythm="unknown"),
        beats=(),
        mean=BeatMean(n_beats=0, edv_ml=None, esv_ml=None, sv_ml=None, ef_percent=None, ef_sd_percent=None),
        interval=Interval(ef_percent=None, edv_ml=None, esv_ml=None, method="not computed"),
        ef_withheld=reason,
    )


def make_table(masks: np.ndarray, timed: bool = True, known: bool = True) -> FrameTable:
    """The values of every frame."""
    count = masks.shape[2]
    pixels = {name: tuple(np.isin(masks, values).sum(axis=(0, 1)).tolist()) for name, values in STRUCTURES.items()}
    largest = max(max(pixels["LV"]), 1)
    return FrameTable(
        clip_id=CLIP.id,
        time_s=tuple(0.04 * t if timed else None for t in range(count)),
        valid=(True,) * count,
        confidence=(0.97,) * count,
        area_px=pixels,
        area_cm2={n: tuple(0.0036 * area if known else None for area in areas) for n, areas in pixels.items()},
        lv_length_mm=tuple(0.05 * area if known else None for area in pixels["LV"]),
        lv_volume_ml=tuple(0.1 * area if known else None for area in pixels["LV"]),
        lv_volume_relative=tuple(area / largest for area in pixels["LV"]),
        la_length_mm=tuple(0.1 * area if known else None for area in pixels["LA"]),
        la_volume_ml=tuple(0.2 * area if known else None for area in pixels["LA"]),
        end_systole=tuple(t in ES for t in range(count)),
    )


def without_values(values: tuple, *frames: int) -> tuple:
    """The same values, unknown in some frames."""
    return tuple(None if frame in frames else value for frame, value in enumerate(values))
