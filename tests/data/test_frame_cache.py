"""A clip on disk is read in any order while it is written."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.frame_cache import FrameCache


@pytest.fixture()
def masks() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 4, (5, 7, 3), dtype=np.uint8)


@pytest.fixture()
def cache(masks, tmp_path):
    with FrameCache(tmp_path / "masks", (5, 7)) as cache:
        for frame in np.moveaxis(masks, -1, 0):
            cache.append(frame)
        yield cache


def test_frames_can_be_read_in_any_order(cache, masks):
    assert len(cache) == 3
    for frame in (2, 0, -1, 1):
        np.testing.assert_array_equal(cache[frame], masks[..., frame])
    np.testing.assert_array_equal(np.stack(list(cache), axis=-1), masks)
    np.testing.assert_array_equal(cache.stack(), masks)
    cache.append(masks[..., 0])  # reading in between does not disturb writing
    np.testing.assert_array_equal(cache[3], masks[..., 0])


def test_a_missing_frame_or_one_of_another_shape_is_an_error(cache, masks):
    with pytest.raises(IndexError, match="frame 3 does not exist, the clip has 3"):
        cache[3]
    with pytest.raises(ValueError, match=r"frame 3 has shape \(7, 5\)"):
        cache.append(masks[..., 0].T)
