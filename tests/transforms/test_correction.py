"""A correction is read on the clip's grid, passed to the network, and kept pixel for pixel, or refused."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.transforms import Resized

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.transforms import AppendCorrectiond, KeepCorrectiond, LoadCorrectiond, LoadImageClipd

AFFINE = np.diag([0.3, 0.3, 0.02, 1])


@pytest.fixture
def studies(tmp_path) -> Path:
    """A datastore of MONAI Label with a clip of five frames, whose final label has a square in frames 1 and 3."""
    label = np.zeros((32, 24, 5), np.uint8)
    label[5:18, 7:16, [1, 3]] = (1, 2)
    folder = tmp_path / "labels" / "final"
    folder.mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(label, AFFINE), folder / "clip.nii.gz")
    pixels = np.random.default_rng(0).integers(0, 255, label.shape, np.uint8)
    nibabel.save(nibabel.Nifti1Image(pixels, AFFINE), tmp_path / "clip.nii.gz")
    return tmp_path


def item(studies: Path, **entries) -> dict:
    return {**LoadImageClipd("image")({"image": str(studies / "clip.nii.gz")}), **entries}


def final(studies: Path) -> np.ndarray:
    return np.asarray(nibabel.load(studies / "labels" / "final" / "clip.nii.gz").dataobj)


@pytest.mark.parametrize("frames", [1, [1], "1", "1, 3", [3, 1]])
def test_a_request_names_a_tag_and_one_or_several_frames(studies, frames):
    loaded = LoadCorrectiond()(item(studies, correction="final", correction_frame=frames))["correction_label"]
    numbers = [1] if frames in (1, [1], "1") else [1, 3]
    assert np.array_equal(loaded[0][..., numbers], final(studies)[..., numbers])
    others = [t for t in range(5) if t not in numbers]
    assert (loaded[..., others] == UNLABELED).all()


def test_a_request_can_name_a_path_beside_the_clip_and_an_argument_any_path(studies, tmp_path_factory):
    by_tag = LoadCorrectiond()(item(studies, correction="final", correction_frame=3))
    by_path = LoadCorrectiond()(item(studies, correction="labels/final/clip.nii.gz", correction_frame=3))
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "one_frame.nii.gz"
    nibabel.save(nibabel.Nifti1Image(final(studies)[..., 3:4], AFFINE), elsewhere)
    by_argument = LoadCorrectiond(elsewhere, 3)(item(studies))
    for other in (by_path, by_argument):
        assert torch.equal(by_tag["correction_label"], other["correction_label"])


@pytest.mark.parametrize("entries", [{}, {"correction": "", "correction_frame": ""}, {"correction": None}])
def test_without_a_correction_the_item_passes_unchanged(studies, entries):
    given = item(studies, **entries)
    assert LoadCorrectiond()(given) == given and AppendCorrectiond()(given)["image"] is given["image"]
    pred = torch.zeros(1, 2, 2, 2)
    assert KeepCorrectiond()({"pred": pred})["pred"] is pred


def test_the_correction_becomes_the_last_channel_on_the_networks_grid_and_the_clip_can_still_be_inverted(studies):
    loaded = LoadCorrectiond()(item(studies, correction="final", correction_frame=3))
    resize = Resized("image", [16, 16, -1], mode="trilinear")
    resized = resize(loaded)
    appended = AppendCorrectiond()(resized)["image"]
    assert appended.shape == (2, 16, 16, 5) and torch.equal(appended[0], resized["image"][0])
    assert set(appended[1, ..., 3].unique().tolist()) == {0, 2} and (appended[1, ..., :3] == UNLABELED).all()
    assert appended.meta["filename_or_obj"] == resized["image"].meta["filename_or_obj"]
    assert resize.inverse({"image": appended})["image"].shape == (2, 32, 24, 5)


def test_the_result_contains_the_drawing_pixel_for_pixel(studies):
    loaded = LoadCorrectiond()(item(studies, correction="final", correction_frame="1,3"))
    kept = KeepCorrectiond()({**loaded, "pred": torch.full((1, 32, 24, 5), 3.0)})["pred"][0].numpy()
    assert np.array_equal(kept[..., [1, 3]], final(studies)[..., [1, 3]]) and (kept[..., [0, 2, 4]] == 3).all()


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"correction": "final", "correction_frame": 5}, r"correction_frame is \[5\], but the clip has 5 frames"),
        ({"correction": "final", "correction_frame": -1}, r"correction_frame is \[-1\], but the clip has 5 frames"),
        ({"correction": "final", "correction_frame": 2}, "frame 2 is empty; set the numbers of the corrected"),
        ({"correction": "final", "correction_frame": "two"}, "is 'two', expected frame numbers such as 3 or '3, 7'"),
        ({"correction": "final"}, "a correction needs both, a label file and the numbers"),
        ({"correction_frame": 1}, "a correction needs both, a label file and the numbers"),
        ({"correction": "../x.nii.gz", "correction_frame": 1}, "a path inside the folder of the clips"),
        ({"correction": "/etc/hostname", "correction_frame": 1}, "a path inside the folder of the clips"),
    ],
)
def test_a_correction_that_does_not_match_is_refused_in_one_sentence(studies, entries, message):
    with pytest.raises(ValueError, match=message):
        LoadCorrectiond()(item(studies, **entries))


def test_a_label_that_was_not_saved_is_reported_as_missing(studies):
    with pytest.raises(FileNotFoundError, match="correction is 'original', but there is no .*; save the label first"):
        LoadCorrectiond()(item(studies, correction="original", correction_frame=1))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (np.full((32, 24, 5), 7, np.uint8), r"its label has the values \[7.*expected 0 to 3"),
        (np.ones((24, 32, 5), np.uint8), r"the clip has shape \(1, 32, 24, 5\), its label \(1, 24, 32, 5\)"),
        (np.ones((32, 24, 4), np.uint8), "correction_label has 4 frames"),
    ],
)
def test_a_label_of_another_format_is_refused(studies, label, message):
    nibabel.save(nibabel.Nifti1Image(label, AFFINE), studies / "other.nii.gz")
    with pytest.raises(ValueError, match=message):
        LoadCorrectiond()(item(studies, correction="other.nii.gz", correction_frame=1))
