"""Measurements of masks that another system computed with the network, such as MONAI Deploy."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from gdkvm_monai.configs import check_weights_file, find_weights, released_weights
from gdkvm_monai.data.intensity import FrameFault
from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.metrics.frame_measurements import measure_frame
from gdkvm_monai.metrics.sector import Sector
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.edited_mask import refuse_labels_outside
from gdkvm_monai.study.measure_segmented import measure_segmented
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.options import SegmentKeywords, SegmentOptions
from gdkvm_monai.study.pipeline import weights_record
from gdkvm_monai.study.segmented_frame import SegmentedClip, SegmentedFrame

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["measure_masks"]

CLASSES = (0, *(value for values in STRUCTURES.values() for value in values))


def measure_masks(
    clip: str | PathLike, masks: np.ndarray, weights: str | PathLike | None = None, **options: Unpack[SegmentKeywords]
) -> Measurements:
    """Measure and judge masks of a clip as :func:`gdkvm_monai.segment` does with its own.

    There is no confidence and no interval, as with ``fast``, and intensities are not compared with those of training:
    both need the network.

    Args:
        clip: file or folder that :class:`~gdkvm_monai.data.ClipReader` reads.
        masks: class indices ``(H, W, T)``: lateral, depth, time, on the full grid of the clip.
        weights: checkpoint that gave the masks, for its model card; the released weights by default.
        **options: options of :class:`~gdkvm_monai.study.options.SegmentOptions`.

    Raises:
        ClipReadError: if the clip cannot be read.
        FileNotFoundError: if the clip or the weights do not exist.
        ValueError: if the masks have another shape or number of frames than the clip, other classes, or labels outside
            the tissue region.
    """
    chosen = replace(SegmentOptions.from_keywords(options), fast=True)
    weights = released_weights() if weights is None else find_weights(weights)
    check_weights_file(weights)
    record = replace(weights_record(weights, read_card(weights)), intensity_mean=None, intensity_sd=None)
    source = ClipSource(clip, chosen)
    masks = np.asarray(masks)
    if masks.ndim != 3 or masks.shape[:2] != tuple(source.shape) or not np.isin(masks, CLASSES).all():
        raise ValueError(
            f"the masks have shape {masks.shape} and values from {masks.min(initial=0)} to {masks.max(initial=0)}, "
            f"expected class indices {CLASSES} of shape {(*source.shape, 'T')}; pass them on the grid of the clip."
        )
    refuse_labels_outside(masks, source.box)
    with TemporaryDirectory(prefix="gdkvm-") as folder, ClipCache(Path(folder), source) as cache:
        segmented = _measure_frames(source, masks.astype(np.uint8), cache)
        return measure_segmented(segmented, cache, chosen, record).measurements


def _measure_frames(source: ClipSource, masks: np.ndarray, cache: ClipCache) -> SegmentedClip:
    scale = source.gray_scale  # reads the stream, so not while it is read below
    frames, sector, number = [], Sector(), 0
    for number, frame in enumerate(source.frames(), 1):
        if number > masks.shape[2]:
            break
        mask, gray = masks[source.box][..., number - 1], np.nan_to_num(source.gray(frame))
        valid = scale.fault(frame[source.box]) is FrameFault.NONE
        frames.append(SegmentedFrame(measure_frame(mask, source.spacing_mm), valid, np.nan, np.nan, np.nan))
        if valid:
            sector.add(gray)
        cache.append(gray, mask)
    if number != masks.shape[2]:
        relation = "fewer" if number < masks.shape[2] else "more"
        raise ValueError(f"there are {masks.shape[2]} masks, and the clip has {relation} frames; pass one per frame.")
    return SegmentedClip(frames, [], sector)
