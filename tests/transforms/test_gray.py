"""Invalid frames are detected while scaling, stay aligned with the clip, and are marked or refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor, list_data_collate

from gdkvm_monai.data.intensity import FrameFault, measure_gray_scale
from gdkvm_monai.transforms import FromEDToESd, MarkInvalidFramesd, RefuseInvalidFramesd, SampleFramesd, ScaleToGrayd
from gdkvm_monai.transforms.gray import FAULTS

BROKEN, CONSTANT = 2, 4


def clip(gain: float = 1) -> MetaTensor:
    """Five frames: one has a NaN, one is constant."""
    pixels = gain * torch.rand(1, 12, 10, 5, generator=torch.Generator().manual_seed(0)) * 200
    pixels[0, 3, 4, BROKEN] = torch.nan
    pixels[..., CONSTANT] = 7
    return MetaTensor(pixels, meta={"filename_or_obj": "a/clip.nii.gz"})


def scaled(image: MetaTensor, **entries) -> dict:
    return ScaleToGrayd("image")({"image": image, **entries})


def faults(item: dict) -> list[int]:
    return item["image"].meta[FAULTS].tolist()


@pytest.mark.parametrize("gain", [1, 100])
def test_the_scale_is_that_of_the_whole_clip_and_is_stored_in_the_metadata(gain):
    image = clip(gain)
    item, scale = scaled(image), measure_gray_scale(list(np.moveaxis(image[0].numpy(), -1, 0)))
    meta = item["image"].meta
    assert (meta["intensity_low"], meta["intensity_high"]) == (scale.low, scale.high)
    for frame in (0, 1, 3, CONSTANT):
        np.testing.assert_array_equal(item["image"][0, ..., frame], scale.apply(image[0, ..., frame].numpy()))
    assert faults(item) == [0, 0, FrameFault.NOT_FINITE, 0, FrameFault.CONSTANT]
    assert not item["image"][..., BROKEN].any() and torch.isnan(image).any()  # the given clip stays as it was


def test_a_scale_in_the_metadata_takes_precedence():
    image = clip()
    image.meta.update(intensity_low=0.0, intensity_high=1000.0, outside=np.zeros((12, 10), bool))
    image.meta["outside"][3, 4] = True
    item = scaled(image)
    torch.testing.assert_close(item["image"][..., 0].as_tensor(), image[..., 0].as_tensor() * 0.255 * (1 - _at(3, 4)))
    assert faults(item) == [0, 0, 0, 0, FrameFault.CONSTANT] and "outside" not in item["image"].meta


def _at(x: int, y: int) -> torch.Tensor:
    mask = torch.zeros(1, 12, 10)
    mask[0, x, y] = 1
    return mask


def test_an_8_bit_image_keeps_its_values_even_if_it_is_dark():
    image = MetaTensor(torch.tensor([[[[0.0], [1.0]]]]), meta={"pixel_type": "uint8"})
    assert scaled(image)["image"].max() == 1
    image.meta["pixel_type"] = "float32"
    assert scaled(image)["image"].max() == 255


@pytest.mark.parametrize(("ed", "es"), [(4, 1), (1, 4)])
def test_selected_frames_keep_their_faults(ed, es):
    item = FromEDToESd(["image", "label"])(scaled(clip(), label=torch.zeros(1, 12, 10, 5), ed_frame=ed, es_frame=es))
    kept = list(range(ed, es, -1 if ed > es else 1)) + [es]
    assert faults(item) == [(0, 0, 1, 0, 2)[frame] for frame in kept]
    assert item["label"].shape[-1] == item["image"].shape[-1] == len(faults(item))


def test_sampled_frames_keep_their_faults_and_so_do_repeated_ones():
    assert faults(SampleFramesd("image", 3)(scaled(clip()))) == [0, 1, 2]
    assert faults(SampleFramesd("image", 9)(scaled(clip()))) == [0, 0, 0, 1, 1, 1, 0, 2, 2]


def test_marked_frames_are_nan_and_no_other_pixel_is():
    item = scaled(clip())
    marked = MarkInvalidFramesd("image")(item)["image"]
    assert torch.isnan(marked).all(dim=(0, 1, 2)).tolist() == [False, False, True, False, True]
    others = [0, 1, 3]
    assert torch.equal(marked[..., others], item["image"][..., others])


def test_a_clip_without_a_fault_is_not_copied():
    item = scaled(MetaTensor(torch.rand(1, 6, 6, 3)))
    assert MarkInvalidFramesd("image")(item)["image"] is item["image"]
    assert RefuseInvalidFramesd("image")(item)["image"] is item["image"]


def test_training_refuses_a_non_finite_frame_by_file_name_and_accepts_a_constant_one():
    item = scaled(clip())
    with pytest.raises(ValueError, match=r"a/clip\.nii\.gz: 1 of 5 frames to train on"):
        RefuseInvalidFramesd("image")(item)
    kept = SampleFramesd("image", 2)(item)  # the first and the constant one
    assert RefuseInvalidFramesd("image")(kept)["image"][..., 1].eq(7).all()


def test_a_clip_that_was_never_scaled_cannot_be_marked_or_refused():
    for transform in (MarkInvalidFramesd("image"), RefuseInvalidFramesd("image")):
        with pytest.raises(ValueError, match="put ScaleToGrayd before"):
            transform({"image": MetaTensor(torch.rand(1, 6, 6, 3))})


def test_color_is_refused():
    with pytest.raises(ValueError, match="3 channels"):
        scaled(MetaTensor(torch.rand(3, 6, 6, 2)))


def test_clips_with_different_faults_make_one_batch():
    batch = list_data_collate([scaled(clip()), scaled(MetaTensor(torch.rand(1, 12, 10, 5)))])
    assert batch["image"].shape == (2, 1, 12, 10, 5) and batch["image"].meta[FAULTS].shape == (2, 5)
