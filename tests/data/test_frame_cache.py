"""A clip on disk is read in any order while it is written."""

from __future__ import annotations

import numpy as np
import pytest


def test_frames_can_be_read_in_any_order(mask_cache, masks):
    assert len(mask_cache) == 3
    for frame in (2, 0, -1, 1):
        np.testing.assert_array_equal(mask_cache[frame], masks[..., frame])
    np.testing.assert_array_equal(np.stack(list(mask_cache), axis=-1), masks)
    np.testing.assert_array_equal(mask_cache.stack(), masks)
    mask_cache.append(masks[..., 0])  # reading in between does not disturb writing
    np.testing.assert_array_equal(mask_cache[3], masks[..., 0])


def test_a_frame_can_be_replaced(mask_cache, masks):
    mask_cache[-2] = masks[..., 2]
    np.testing.assert_array_equal(mask_cache.stack(), masks[..., [0, 2, 2]])


def test_a_missing_frame_or_one_of_another_shape_is_an_error(mask_cache, masks):
    with pytest.raises(IndexError, match="frame 3 does not exist, the clip has 3"):
        mask_cache[3]
    with pytest.raises(IndexError, match="frame 7 does not exist"):
        mask_cache[7] = masks[..., 0]
    with pytest.raises(ValueError, match=r"frame 3 has shape \(7, 5\)"):
        mask_cache.append(masks[..., 0].T)
