"""Segmentations of 3D Slicer become class indices; what is not a label map is refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK

from gdkvm_monai.study.edited_mask import MaskGrid, read_edited_mask
from gdkvm_monai.study.label_map import read_label_map


def write(path, layers, offset=(0, 0, 0), **keys):
    """Write ``(I, J, K)`` or ``(I, J, K, layers)`` as NRRD in ITK's axes, with Slicer's keys."""
    layers = np.asarray(layers, np.uint8)
    image = SimpleITK.GetImageFromArray(np.moveaxis(layers, (0, 1, 2), (2, 1, 0)), isVector=layers.ndim == 4)
    image.SetSpacing((0.4, 0.3, 0.02))
    image.SetOrigin([step * first for step, first in zip((0.4, 0.3, 0.02), offset)])
    for key, value in keys.items():
        image.SetMetaData(key, value)
    SimpleITK.WriteImage(image, str(path))
    return path


def segment(number: int, name: str, value: int, layer: int = 0) -> dict[str, str]:
    keys = {"Name": name, "LabelValue": str(value), "Layer": str(layer)}
    return {f"Segment{number}_{key}": text for key, text in keys.items()}


@pytest.fixture()
def path(tmp_path):
    return tmp_path / "edited.seg.nrrd"


def test_segments_are_recognized_by_their_names(masks, path):
    stored = np.choose(masks, [0, 7, 5, 3])
    keys = {**segment(0, "LA", 3), **segment(1, "Left Ventricle", 7), **segment(2, "myo", 5)}
    np.testing.assert_array_equal(read_label_map(write(path, stored, **keys)).labels, masks)


def test_segments_without_such_names_keep_their_values(masks, path):
    keys = {**segment(0, "Segment_1", 1), **segment(1, "Segment_2", 2), **segment(2, "Segment_3", 3)}
    np.testing.assert_array_equal(read_label_map(write(path, masks, **keys)).labels, masks)


def test_layers_are_merged_unless_they_overlap(masks, path):
    layers = np.stack([np.where(masks == 3, 0, masks), masks == 3], axis=-1)
    keys = {**segment(0, "LV", 1), **segment(1, "MYO", 2), **segment(2, "LA", 1, layer=1)}
    np.testing.assert_array_equal(read_label_map(write(path, layers, **keys)).labels, masks)
    layers[..., 1] |= masks == 1
    with pytest.raises(ValueError, match=f"overlap in {(masks == 1).sum()} voxels"):
        read_label_map(write(path, layers, **keys))


def test_a_cropped_segmentation_is_placed_in_its_volume(masks, path):
    grid = MaskGrid((5, 7, 3), np.diag([-0.4, -0.3, 0.02, 1]))
    part = masks[1:4, 2:6]
    extent = {"Segmentation_ReferenceImageExtentOffset": "1 2 0", **segment(0, "Segment_1", 1)}
    extent |= {**segment(1, "Segment_2", 2), **segment(2, "Segment_3", 3)}
    expected = np.zeros_like(masks)
    expected[1:4, 2:6] = part
    np.testing.assert_array_equal(read_edited_mask(write(path, part, (1, 2, 0), **extent), grid), expected)
    with pytest.raises(ValueError, match="another grid"):  # a part of a volume, but nothing says so
        read_edited_mask(write(path, part, (1, 2, 0)), grid)
    with pytest.raises(ValueError, match="another grid"):
        read_edited_mask(write(path, part, (3, 2, 0), **extent), grid)


def test_names_that_are_known_only_in_part_are_refused_without_quoting_them(masks, path):
    keys = {**segment(0, "LV", 1), **segment(1, "Doe", 2)}
    with pytest.raises(ValueError, match="segment 2 of .* is not named LV, MYO, LA") as caught:
        read_label_map(write(path, masks, **keys))
    assert "Doe" not in str(caught.value)


def test_other_files_are_refused(masks, tmp_path):
    for name, content, message in (
        ("mask.png", b"", "neither NIfTI"),
        ("mask.nii.gz", b"no", "cannot be read as NIfTI"),
        ("mask.nrrd", b"no", "not an NRRD file"),
        ("mask.nrrd", b"NRRD0004\ntype: uchar\ndata file: %s%n%s 1 9 1\n\n", "not an NRRD file that contains"),
        (
            "mask.nrrd",
            b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 9 9 9\nencoding: raw\n\n",
            "cannot be read as NRRD",
        ),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}.*{message}"):
            read_label_map(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="absent.nii.gz"):
        read_label_map(tmp_path / "absent.nii.gz")
    with pytest.raises(ValueError, match="2 values per voxel"):
        read_label_map(write(tmp_path / "vector.nrrd", np.stack([masks, masks], -1)))
