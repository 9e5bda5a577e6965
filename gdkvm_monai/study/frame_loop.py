"""The loop that segments and measures every frame of a clip and its perturbed copies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from tqdm.auto import tqdm

from gdkvm_monai.data.intensity import GrayScale
from gdkvm_monai.inferers.perturbation import PERTURBATIONS
from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.metrics.curves import volume_curve
from gdkvm_monai.metrics.frame_measurements import dice, measure_frame
from gdkvm_monai.metrics.sector import Sector, edge_fraction
from gdkvm_monai.study.background import map_in_background
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import Pipeline
from gdkvm_monai.study.segmented_frame import SegmentedClip, SegmentedFrame

__all__ = ["edge_share", "segment_frames"]

EDGE_FRAMES = 50  # approximate number of frames to check against the sector's edge


@dataclass(frozen=True)
class _Masks:
    """Masks of a frame and of its perturbed copies, on the grid of the frame."""

    mask: np.ndarray
    copies: Sequence[np.ndarray]
    valid: bool
    statistics: tuple[float, float]


def segment_frames(
    pipeline: Pipeline, source: ClipSource, options: SegmentOptions, cache: ClipCache, progress: bool
) -> SegmentedClip:
    """Segment every frame and its perturbed copies, and measure them in the background meanwhile."""
    sector = Sector()
    shown = tqdm(source.frames(), "segment", source.stream.count, disable=None if progress else True, unit="frame")
    masks = _segment(pipeline, source, options, cache, sector, shown)
    measured = list(map_in_background(partial(_measure, spacing_mm=source.spacing_mm), masks))
    copies = (
        [] if options.fast else [[volumes[place] for _, volumes in measured] for place in range(len(PERTURBATIONS))]
    )
    return SegmentedClip([frame for frame, _ in measured], copies, sector)


def _segment(
    pipeline: Pipeline,
    source: ClipSource,
    options: SegmentOptions,
    cache: ClipCache,
    sector: Sector,
    frames: Iterable[np.ndarray],
) -> Iterator[_Masks]:
    session = pipeline.session(options.save_prob, source.gray_scale, source.region)
    others = [] if options.fast else [(change, pipeline.session(gray_scale=GrayScale())) for change in PERTURBATIONS]
    for frame in frames:
        mask = session.push(frame)[source.box]
        gray = source.gray(frame)
        copies = [change.undo(other.push(change.apply(gray))) if session.valid else mask for change, other in others]
        shown = np.nan_to_num(gray)
        if session.valid:
            sector.add(shown)
        cache.append(shown, mask)
        if options.save_prob:
            unknown = np.full((pipeline.num_classes, *mask.shape), np.nan)
            known = session.probabilities
            cache.append_probabilities(unknown if known is None else known[(slice(None), *source.box)])
        yield _Masks(mask, copies, session.valid, session.statistics)


def _measure(masks: _Masks, spacing_mm: Sequence[float] | None) -> tuple[SegmentedFrame, list[float]]:
    """Return the measurements of a frame and the volumes of its copies."""
    volumes = [float(volume_curve(copy[..., None], spacing_mm)[0]) for copy in masks.copies]
    agreement = [dice(masks.mask, copy) for copy in masks.copies] if masks.valid else []
    confidence = min(agreement, default=np.nan)
    measured = measure_frame(masks.mask, spacing_mm)
    return SegmentedFrame(measured, masks.valid, confidence, *masks.statistics), volumes


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
