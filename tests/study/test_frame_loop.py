"""The loop over the frames of a clip, with a network whose masks are known."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.inferers.perturbation import PERTURBATIONS
from gdkvm_monai.labels import LV
from gdkvm_monai.metrics.sector import Sector
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.frame_loop import EDGE_FRAMES, edge_share, segment_frames
from gdkvm_monai.study.options import SegmentOptions
from tests.study.gray_level_network import LEVELS, gray_level_pipeline, label_clip


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return label_clip(size=(48, 48))[0][..., :4] // LEVELS


def looped(labels: np.ndarray, folder, **options):
    source = ClipSource((labels * LEVELS).astype(np.uint8), SegmentOptions(**options))
    with ClipCache(folder, source) as cache:
        segmented = segment_frames(gray_level_pipeline(), source, source.options, cache, progress=False)
        return segmented, cache.masks.stack()


def test_every_frame_is_measured_and_its_mask_stored(labels, tmp_path):
    segmented, masks = looped(labels, tmp_path)
    np.testing.assert_array_equal(masks, labels)
    assert [frame.measured.areas_px["LV"] for frame in segmented.frames] == (labels == LV).sum((0, 1)).tolist()
    assert all(frame.valid and 0.9 < frame.confidence <= 1 for frame in segmented.frames)
    assert [len(volumes) for volumes in segmented.copy_volumes] == [labels.shape[-1]] * len(PERTURBATIONS)


def test_without_copies_there_is_no_confidence(labels, tmp_path):
    segmented, _ = looped(labels, tmp_path, fast=True)
    assert segmented.copy_volumes == [] and all(np.isnan(frame.confidence) for frame in segmented.frames)


def test_a_blank_frame_is_invalid_and_has_an_empty_mask(labels, tmp_path):
    black = labels.copy()
    black[..., 1] = 0
    segmented, masks = looped(black, tmp_path)
    assert [frame.valid for frame in segmented.frames] == [True, False, True, True]
    assert not masks[..., 1].any() and segmented.frames[1].measured.areas_px == {"LV": 0, "MYO": 0, "LA": 0}
    assert np.isnan(segmented.frames[1].confidence) and np.isfinite(segmented.frames[2].confidence)


@pytest.mark.parametrize(("start", "cut_off"), [(10, False), (0, True)])
def test_a_ventricle_at_the_edge_of_the_sector_is_detected_in_a_long_clip(start, cut_off, tmp_path):
    source = ClipSource(np.ones((30, 30, 1), np.uint8), SegmentOptions())
    sector, mask = Sector(), np.zeros((30, 30), np.uint8)
    sector.add(np.full((30, 30), 255))
    mask[start : start + 8, 10:18] = LV
    with ClipCache(tmp_path, source) as cache:
        for frame in range(3 * EDGE_FRAMES):
            cache.append(np.zeros((30, 30)), mask if 60 <= frame < 90 else 0 * mask)
        share = edge_share(cache, source, sector)
    assert share == (pytest.approx(8 / 32) if cut_off else 0)


@pytest.mark.parametrize(("level", "known"), [(2, False), (3, True)])
def test_in_a_clip_too_dark_to_show_the_sector_the_share_at_its_edge_is_unknown(level, known, tmp_path):
    source = ClipSource(np.ones((30, 30, 1), np.uint8), SegmentOptions())
    sector, mask = Sector(), np.zeros((30, 30), np.uint8)
    sector.add(np.full((30, 30), level))
    mask[:8, 10:18] = LV
    with ClipCache(tmp_path, source) as cache:
        cache.append(np.full((30, 30), level), mask)
        assert np.isfinite(edge_share(cache, source, sector)) == known
