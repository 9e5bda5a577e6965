"""The frames of a clip on disk: pictures of the part that the network sees, masks on the full grid."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.options import SegmentOptions
from tests.study.tiny_command import noise_clip


@pytest.fixture
def source() -> ClipSource:
    source = ClipSource(noise_clip(3, (24, 20)), SegmentOptions())
    source.region = (2, 3, 11, 19)
    return source


def test_masks_are_stored_on_the_full_grid_and_returned_on_the_grid_of_the_image(source, tmp_path):
    rng = np.random.default_rng(0)
    pictures, masks = rng.uniform(0, 255, (3, *source.box_shape)), rng.integers(0, 4, (3, *source.box_shape))
    with ClipCache(tmp_path, source) as cache:
        for picture, mask in zip(pictures, masks):
            cache.append(picture, mask)
        assert source.box_shape != source.shape and len(cache.masks) == 3
        for frame, (picture, mask) in enumerate(zip(pictures, masks)):
            np.testing.assert_array_equal(cache.picture(frame), np.rint(picture))
            np.testing.assert_array_equal(cache.mask(frame), mask)
            full = cache.masks[frame]
            assert full.shape == source.shape and full.sum() == mask.sum()


def test_only_the_wanted_structures_are_kept(source, tmp_path):
    mask = np.arange(np.prod(source.box_shape)).reshape(source.box_shape) % 4
    with ClipCache(tmp_path, source) as cache:
        for _ in range(2):
            cache.append(np.zeros(source.box_shape), mask)
        cache.keep(("LV", "LA"))
        for frame in range(2):
            np.testing.assert_array_equal(cache.mask(frame), np.where(mask == 2, 0, mask))


def test_outside_the_region_the_background_has_probability_one(source, tmp_path):
    probabilities = np.full((4, *source.box_shape), 0.25)
    with ClipCache(tmp_path, source) as cache:
        cache.append_probabilities(probabilities)
        placed = cache.probabilities[0].copy()
    np.testing.assert_array_equal(placed[(slice(None), *source.box)], probabilities)
    np.testing.assert_array_equal(placed.sum(0), 1)
    placed[(slice(None), *source.box)] = 0
    assert not placed[1:].any() and placed[0].sum() == np.prod(source.shape) - np.prod(source.box_shape)


def test_no_file_remains(source, tmp_path):
    with pytest.raises(OSError, match="full"):
        with ClipCache(tmp_path, source) as cache:
            cache.append(np.zeros(source.box_shape), np.zeros(source.box_shape, int))
            cache.append_probabilities(np.zeros((4, *source.box_shape)))
            assert len(list(tmp_path.iterdir())) == 3
            raise OSError("the disk is full")
    assert not list(tmp_path.iterdir())
