"""Edited masks come back to the grid of the results from any axis order, and other grids are refused."""

from __future__ import annotations

import itertools

import nibabel
import numpy as np
import pytest
import SimpleITK

from gdkvm_monai.study.edited_mask import MaskGrid, read_edited_mask, read_grid

AFFINE = np.diag([-0.4, -0.3, 0.02, 1])
AFFINE[:3, 3] = 5, 7, 0


@pytest.fixture()
def mask(masks):
    return masks  # (5, 7, 3), values 0 to 3


@pytest.fixture()
def grid(mask):
    return MaskGrid(mask.shape, AFFINE)


def save(path, mask, affine=AFFINE):
    nibabel.save(nibabel.Nifti1Image(mask, affine), path)
    return path


def reoriented(mask, order, flips):
    """The same voxels in another axis order and direction, with the affine that says so."""
    moved, change = mask.transpose(order), np.zeros((4, 4))
    change[3, 3] = 1
    for axis, (source, flip) in enumerate(zip(order, flips)):
        change[source, axis] = -1 if flip else 1
        change[source, 3] = mask.shape[source] - 1 if flip else 0
    moved = moved[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    return moved, AFFINE @ change


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_every_axis_order_and_direction_gives_the_same_mask(order, mask, grid, tmp_path):
    for flips in itertools.product((False, True), repeat=3):
        moved, affine = reoriented(mask, order, flips)
        path = save(tmp_path / "edited.nii.gz", moved, affine)
        np.testing.assert_array_equal(read_edited_mask(path, grid), mask)


@pytest.mark.parametrize("name", ["edited.nii.gz", "edited.nii", "edited.nrrd"])
def test_what_itk_writes_is_read(name, mask, grid, tmp_path):
    image = SimpleITK.ReadImage(str(save(tmp_path / "mask.nii.gz", mask)))
    SimpleITK.WriteImage(image, str(tmp_path / name))
    np.testing.assert_array_equal(read_edited_mask(tmp_path / name, grid), mask)
    reordered = SimpleITK.DICOMOrient(image, "RAI")
    SimpleITK.WriteImage(SimpleITK.Cast(reordered, SimpleITK.sitkFloat32), str(tmp_path / name))
    np.testing.assert_array_equal(read_edited_mask(tmp_path / name, grid), mask)


@pytest.mark.parametrize(
    "change",
    [
        lambda mask, affine: (mask[:, :, :2], affine),
        lambda mask, affine: (mask, affine * [[1.2], [1], [1], [1]]),
        lambda mask, affine: (mask, affine + [[0, 0, 0, 0.4], [0] * 4, [0] * 4, [0] * 4]),
        lambda mask, affine: (mask, np.eye(4)),
        lambda mask, affine: (mask, np.diag([-0.4, -0.3, 1, 1])),
        lambda mask, affine: (mask.transpose(1, 0, 2), affine),
        lambda mask, affine: (mask, affine @ [[0.9, -0.44, 0, 0], [0.44, 0.9, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    ],
    ids=["fewer frames", "spacing", "shift", "identity", "frame time", "transposed", "rotated"],
)
def test_a_mask_on_another_grid_is_refused(change, mask, grid, tmp_path):
    with pytest.raises(ValueError, match="edited.nii.gz is on another grid"):
        read_edited_mask(save(tmp_path / "edited.nii.gz", *change(mask, AFFINE)), grid)


def test_a_single_frame_needs_no_frame_time(mask, tmp_path):
    grid = MaskGrid((5, 7, 1), AFFINE)
    for frame in (mask[..., :1], mask[..., 0]):
        path = save(
            tmp_path / "edited.nii.gz", frame, np.diag([-0.4, -0.3, 1, 1]) + AFFINE * [0, 0, 0, 1] * (AFFINE < 9)
        )
        np.testing.assert_array_equal(read_edited_mask(path, grid), mask[..., :1])


@pytest.mark.parametrize(("value", "structures"), [(4, ("LV", "MYO", "LA")), (2, ("LV",)), (0.5, ("LV",))])
def test_other_labels_are_refused(value, structures, mask, grid, tmp_path):
    labels = np.where(mask == 1, 1, 0).astype(np.float32)
    labels[0, 0, 0] = value
    with pytest.raises(ValueError, match=f"holds the labels {value:g}, expected 0 and those of LV"):
        read_edited_mask(save(tmp_path / "edited.nii.gz", labels), grid, structures)


def test_the_grid_is_that_of_the_written_mask(mask, tmp_path):
    assert read_grid(tmp_path) is None
    np.savez_compressed(tmp_path / "mask.npz", mask=mask, affine=AFFINE)
    assert read_grid(tmp_path).shape == mask.shape
    save(tmp_path / "mask.nii.gz", mask)
    np.testing.assert_allclose(read_grid(tmp_path).affine, AFFINE, atol=1e-6)
