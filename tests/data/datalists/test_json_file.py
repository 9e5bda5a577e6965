"""Other data, listed in a JSON datalist."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import Compose, LoadImaged

from gdkvm_monai.data import ClipReader, clip_datalist
from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.transforms import CheckClipd, PlaceLabelFramesd

KEYS = ("image", "label")
PREPARE = Compose(
    [
        LoadImaged(KEYS, reader=ClipReader(), ensure_channel_first=True, allow_missing_keys=True),
        PlaceLabelFramesd("label"),
        CheckClipd(),
    ]
)


@pytest.fixture
def root(tmp_path) -> Path:
    """A folder with a clip of five frames, labels for all or for two of them, and two stills."""
    rng = np.random.default_rng(0)
    arrays = {"clip": rng.integers(0, 256, (16, 12, 5)), "all": rng.integers(0, 4, (16, 12, 5))}
    arrays |= {"two": arrays["all"][..., [4, 1]], "first": arrays["clip"][..., 0], "last": arrays["clip"][..., 4]}
    for name, array in arrays.items():
        nib.save(nib.Nifti1Image(array.astype(np.uint8), np.diag([-0.3, -0.2, 1, 1])), tmp_path / f"{name}.nii.gz")
    return tmp_path


@pytest.fixture
def write(root):
    """Write a datalist and give the folder."""

    def write_datalist(content, name="datalist.json"):
        (root / name).write_text(json.dumps(content))
        return root

    return write_datalist


def test_paths_are_relative_to_the_folder_and_other_entries_are_kept(write, root):
    item = {"image": "clip.nii.gz", "label": "all.nii.gz", "patient": "p7", "view": "4CH", "ed_frame": 0, "es_frame": 4}
    (listed,) = clip_datalist(write({"training": [item]}))
    assert listed == {**item, "image": str(root / "clip.nii.gz"), "label": str(root / "all.nii.gz")}


def test_an_item_without_a_patient_is_its_own_patient(write):
    items = clip_datalist(write({"training": [{"image": "clip.nii.gz"}, {"image": "clip.nii.gz"}]}))
    assert [(item["patient"], item["view"]) for item in items] == [("item0000", "unknown"), ("item0001", "unknown")]


def test_the_section_and_the_file_can_be_chosen(write):
    content = {"training": [{"image": "clip.nii.gz"}], "testing": [{"image": "first.nii.gz"}]}
    (item,) = clip_datalist(write(content, "mine.json"), "testing", "mine.json")
    assert item["image"].endswith("first.nii.gz")


def test_a_clip_can_be_a_list_of_stills(write):
    (item,) = clip_datalist(write({"training": [{"image": ["first.nii.gz", "last.nii.gz"]}]}))
    assert PREPARE(item)["image"].shape == (1, 16, 12, 2)


def test_labels_of_some_frames_are_placed_in_the_clip(write, root):
    item = {"image": "clip.nii.gz", "label": "two.nii.gz", "label_frames": [4, 1]}
    (listed,) = clip_datalist(write({"training": [item]}))
    label = PREPARE(listed)["label"][0].numpy()
    expected = np.asarray(nib.load(root / "all.nii.gz").dataobj)
    np.testing.assert_array_equal(label[..., [1, 4]], expected[..., [1, 4]])
    assert (label[..., [0, 2, 3]] == UNLABELED).all()


def test_an_item_can_lack_a_label(write):
    (listed,) = clip_datalist(write({"validation": [{"image": "clip.nii.gz"}]}), "validation")
    prepared = PREPARE(listed)
    assert prepared["image"].shape == (1, 16, 12, 5) and "label" not in prepared


def test_a_missing_datalist_is_an_error_that_says_how_to_write_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"datalist\.json does not exist; write a JSON with lists of"):
        clip_datalist(tmp_path)


def test_a_missing_or_empty_section_is_an_error(write):
    folder = write({"training": [{"image": "clip.nii.gz"}], "validation": []})
    with pytest.raises(ValueError, match=r"datalist\.json has no list 'testing'; add it or choose another section"):
        clip_datalist(folder, "testing")
    with pytest.raises(ValueError, match="the list 'validation' is empty; add items"):
        clip_datalist(folder, "validation")


def test_an_item_without_an_image_is_named_by_its_number(write):
    with pytest.raises(ValueError, match="item 1 of 'training' has no 'image'"):
        clip_datalist(write({"training": [{"image": "clip.nii.gz"}, {"label": "all.nii.gz"}]}))


@pytest.mark.parametrize(
    "item",
    [
        {"image": "absent.nii.gz"},
        {"image": "clip.nii.gz", "label": "absent.nii.gz"},
        {"image": ["first.nii.gz", "absent.nii.gz"]},
    ],
    ids=["image", "label", "frame"],
)
def test_a_missing_file_is_an_error_before_training_begins(write, item):
    with pytest.raises(FileNotFoundError, match=r"item 0 of 'training' names .*absent\.nii\.gz, which does not exist"):
        clip_datalist(write({"training": [item]}))


def test_a_file_that_is_not_json_is_an_error_that_names_it(root):
    (root / "datalist.json").write_text("image, label\nclip.nii.gz, all.nii.gz\n")
    with pytest.raises(ValueError, match=r"datalist\.json"):
        clip_datalist(root)
