from __future__ import annotations

import pytest
import torch

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.transforms import RandEdgePaird


def square_label() -> torch.Tensor:
    label = torch.zeros(1, 48, 40, 3)
    label[:, 16:32, 12:28] = 1
    label[..., 1] = UNLABELED
    return label


def pair_of(spread: float, seed: int = 0) -> dict:
    transform = RandEdgePaird("label", num_classes=2, patch_size=16, spread=spread)
    transform.set_random_state(seed)
    return transform({"label": square_label()})


def test_without_spread_the_patch_is_unchanged_and_the_transform_is_the_identity():
    item = pair_of(0.0)
    torch.testing.assert_close(item["image"][0], item["image"][1], atol=1e-5, rtol=0)
    assert torch.equal(item["label"], torch.eye(2, 3))


@pytest.mark.parametrize("seed", range(5))
def test_each_patch_has_an_edge_and_is_warped_by_the_transform(seed):
    item = pair_of(0.3, seed)
    warped, patch = item["image"]
    grid = torch.nn.functional.affine_grid(item["label"][None], [1, 1, 16, 16], align_corners=False)
    expected = torch.nn.functional.grid_sample(patch[None, None], grid, align_corners=False)[0, 0]
    assert patch.any() and not torch.equal(warped, patch)
    torch.testing.assert_close(warped, expected)


def test_a_label_without_an_edge_is_refused():
    with pytest.raises(ValueError, match="label has no edge"):
        RandEdgePaird("label", num_classes=2)({"label": torch.zeros(1, 48, 40, 2)})
