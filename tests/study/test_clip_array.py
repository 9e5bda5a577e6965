"""A mistake in an array is reported in one sentence that says what was passed and what to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gdkvm_monai.study.clip_array import check_clip_array

CLIP = np.random.default_rng(0).integers(0, 256, (24, 20, 5), dtype=np.uint8)


@pytest.mark.parametrize("clip", [CLIP, CLIP.astype(np.float64), CLIP.astype(np.int16) * 16 - 500, 0 * CLIP])
def test_gray_levels_with_time_last_are_accepted(clip):
    check_clip_array(clip)


@pytest.mark.parametrize(
    ("clip", "kind", "advice"),
    [
        (torch.from_numpy(CLIP), "torch.Tensor", "numpy()"),
        (CLIP.tolist(), "builtins.list", "asarray"),
        (None, "None", "path"),
    ],
)
def test_an_object_that_is_not_an_array_is_a_type_error(clip, kind, advice):
    with pytest.raises(TypeError, match=kind) as error:
        check_clip_array(clip)
    assert advice in str(error.value)


def test_more_frames_than_columns_are_refused_without_force():
    first = np.moveaxis(CLIP, -1, 0)
    with pytest.raises(ValueError, match=r"\(5, 24, 20\), which is 20 frames of 5 x 24 pixels") as error:
        check_clip_array(first)
    assert "moveaxis" in str(error.value) and "set force" in str(error.value)
    check_clip_array(first, force=True)
    check_clip_array(np.moveaxis(first, 0, -1))


@pytest.mark.parametrize("scale", [1 / 255, 1e-3])
def test_floats_from_zero_to_one_are_refused(scale):
    clip = CLIP * scale
    clip[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=f"reach {255 * scale:g}, expected gray levels from 0 to 255"):
        check_clip_array(clip)
    check_clip_array(clip / scale)


def test_a_mask_of_booleans_is_refused():
    with pytest.raises(ValueError, match="reach 1,"):
        check_clip_array(CLIP > 100)
