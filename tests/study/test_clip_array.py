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


def test_time_first_is_also_suspected_if_only_the_other_two_axes_are_equal():
    first = np.zeros((40, 24, 24), np.uint8)
    with pytest.raises(ValueError, match=r"\(40, 24, 24\), which is 24 frames of 40 x 24 pixels.*set force"):
        check_clip_array(first)
    check_clip_array(first, force=True)
    check_clip_array(np.moveaxis(first, 0, -1), force=True)
    check_clip_array(np.zeros((24, 24, 24), np.uint8))


@pytest.mark.parametrize("scale", [1 / 255, 1e-3])
def test_floats_from_zero_to_one_are_refused(scale):
    clip = CLIP * scale
    clip[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=f"are 0 to {255 * scale:g}, expected gray levels from 0 to 255; multiply"):
        check_clip_array(clip)
    check_clip_array(clip / scale)


def test_the_advice_for_floats_from_minus_one_to_one_gives_gray_levels():
    clip = CLIP / 127.5 - 1
    with pytest.raises(ValueError, match="are -1 to 1, expected gray levels from 0 to 255; pass ") as error:
        check_clip_array(clip)
    advised = eval(str(error.value).rpartition("pass ")[2].rstrip("."), {"clip": clip})  # noqa: S307
    np.testing.assert_allclose(advised, CLIP, atol=1e-9)


def test_a_mask_of_booleans_is_refused():
    with pytest.raises(ValueError, match="mask of booleans"):
        check_clip_array(CLIP > 100)
