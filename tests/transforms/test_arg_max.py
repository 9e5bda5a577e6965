"""The most likely class: the same as MONAI's transform, ties and missing values included."""

from __future__ import annotations

import torch
from monai.data import MetaTensor
from monai.transforms import AsDiscreted

from gdkvm_monai.transforms import ArgMaxd


def both(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return ArgMaxd("pred")({"pred": logits})["pred"], AsDiscreted("pred", argmax=True)({"pred": logits})["pred"]


def test_the_classes_are_those_of_monais_transform():
    ours, theirs = both(torch.randn(4, 31, 17, 3, generator=torch.Generator().manual_seed(0)))
    assert ours.shape == (1, 31, 17, 3) and ours.dtype == torch.int32  # MONAI Label cannot write int64
    assert torch.equal(ours, theirs.int())


def test_of_equal_values_the_first_counts():
    ours, theirs = both(torch.randint(0, 3, (4, 64, 64, 1), generator=torch.Generator().manual_seed(0)).float())
    assert torch.equal(ours, theirs.int())


def test_a_missing_value_is_chosen_as_by_monais_transform():
    logits = torch.randn(4, 8, 8, 1, generator=torch.Generator().manual_seed(0))
    logits[2, 3, 3] = torch.nan
    ours, theirs = both(logits)
    assert torch.equal(ours, theirs.int()) and ours[0, 3, 3] == 2


def test_the_header_of_the_clip_is_kept():
    logits = MetaTensor(torch.zeros(4, 5, 6, 1), meta={"filename_or_obj": "clip.nii.gz"})
    assert ArgMaxd("pred")({"pred": logits})["pred"].meta["filename_or_obj"] == "clip.nii.gz"
