"""The frames of a segmented clip give its measurements, and only the wanted structures stay in the masks."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.metrics.frame_measurements import measure_frame
from gdkvm_monai.metrics.sector import Sector
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.measure_segmented import measure_segmented
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.run_record import WeightsRecord
from gdkvm_monai.study.segmented_frame import SegmentedClip, SegmentedFrame
from tests.study.gray_level_network import label_clip

WEIGHTS = WeightsRecord("none", "0" * 64, "nothing", "Apache-2.0", domain="phantom")


def test_every_structure_is_measured_and_the_wanted_ones_are_kept(tmp_path):
    pixels, phantom, spacing_mm = label_clip()
    masks = pixels // 85
    options = SegmentOptions(fast=True, view="4CH", spacing_mm=spacing_mm, structures=("LV",), fps=25)
    source, frames, sector = ClipSource(pixels, options), [], Sector()
    with ClipCache(tmp_path, source) as cache:
        for picture, mask in zip(np.moveaxis(pixels, -1, 0), np.moveaxis(masks, -1, 0)):
            frames.append(SegmentedFrame(measure_frame(mask, spacing_mm), True, np.nan, np.nan, np.nan))
            sector.add(picture)
            cache.append(picture, mask)
        measured = measure_segmented(SegmentedClip(frames, [], sector), cache, options, WEIGHTS)
        kept = np.unique(cache.masks.stack())
    assert kept.tolist() == [0, 1] and all(area > 0 for area in measured.frames.area_px["LA"])
    assert measured.measurements.mean.ef_percent is not None and measured.measurements.confidence.mean is None
    assert measured.measurements.clip.frames == len(measured.frames.valid) == pixels.shape[2]
