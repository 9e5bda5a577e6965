"""The loop that segments and measures every frame of a clip and its perturbed copies."""

from __future__ import annotations

import numpy as np
from tqdm.auto import tqdm

from gdkvm_monai.data.intensity import GrayScale
from gdkvm_monai.inferers.perturbation import PERTURBATIONS
from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.metrics.curves import volume_curve
from gdkvm_monai.metrics.frame_measurements import dice, measure_frame
from gdkvm_monai.metrics.sector import Sector, edge_fraction
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import Pipeline
from gdkvm_monai.study.segmented_frame import SegmentedClip, SegmentedFrame

__all__ = ["edge_share", "segment_frames"]

EDGE_FRAMES = 50  # approximate number of frames to check against the sector's edge


def segment_frames(
    pipeline: Pipeline, source: ClipSource, options: SegmentOptions, cache: ClipCache, progress: bool
) -> SegmentedClip:
    """Segment and measure every frame and its perturbed copies."""
    session = pipeline.session(options.save_prob, source.gray_scale, source.region)
    others = [] if options.fast else [(change, pipeline.session(gray_scale=GrayScale())) for change in PERTURBATIONS]
    frames: list[SegmentedFrame] = []
    copies: list[list[float]] = [[] for _ in others]
    sector = Sector()
    for frame in tqdm(
        source.frames(), "segment", source.stream.count, disable=None if progress else True, unit="frame"
    ):
        mask = session.push(frame)[source.box]
        gray = source.gray(frame)
        agreement = []
        for (change, other), volumes in zip(others, copies):
            again = change.undo(other.push(change.apply(gray))) if session.valid else mask
            volumes.append(float(volume_curve(again[..., None], source.spacing_mm)[0]))
            agreement.append(dice(mask, again))
        confidence = min(agreement, default=np.nan) if session.valid else np.nan
        measured = measure_frame(mask, source.spacing_mm)
        frames.append(SegmentedFrame(measured, session.valid, confidence, *session.statistics))
        shown = np.nan_to_num(gray)
        if session.valid:
            sector.add(shown)
        cache.append(shown, mask)
        if options.save_prob:
            unknown = np.full((pipeline.num_classes, *mask.shape), np.nan)
            known = session.probabilities
            cache.append_probabilities(unknown if known is None else known[(slice(None), *source.box)])
    return SegmentedClip(frames, copies, sector)


def edge_share(cache: ClipCache, source: ClipSource, sector: Sector) -> float:
    """Return the largest share of the ventricle's outline on the sector's edge over evenly spaced frames.

    Returns:
        Share in ``[0, 1]``; NaN without a ventricle, or in a clip too dark to show where the sector is.
    """
    region, masks = sector.region(), cache.masks
    if region is None:
        return np.nan
    frames = range(0, len(masks), max(len(masks) // EDGE_FRAMES, 1))
    shares = [edge_fraction(np.isin(masks[frame][source.box], STRUCTURES["LV"]), region) for frame in frames]
    known = [share for share in shares if not np.isnan(share)]
    return max(known, default=np.nan)
