"""The bundle writes one mask file per clip: none replaces another, and none leaves the output folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gdkvm_monai.configs.errors import explain
from tests.bundle.test_same_masks import nifti, run
from tests.study.tiny_command import noise_clip, write_tiny_weights

CLIPS = ("a/clip.nii.gz", "b/clip.nii.gz", "b/frames/clip.nii.gz", "top.nii.gz")
RUNS = {"inference": ("inference", ["inference.json"]), "evaluating": ("train", ["train.json", "evaluate.json"])}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """Return a folder of clips, some with the same name, with labels in ``labels`` beside it."""
    folder = tmp_path_factory.mktemp("data") / "clips"
    for number, name in enumerate(CLIPS):
        label = np.zeros((24, 20, 3), np.uint8)
        label[8:16, 6:14] = 1
        for path, pixels in ((folder / name, noise_clip(seed=number)), (folder.parent / "labels" / name, label)):
            path.parent.mkdir(parents=True, exist_ok=True)
            nifti(path, pixels)
    return folder


def write_masks(run_id: str, clips: Path, names: tuple[str, ...], out: Path, **options) -> set[str]:
    """Run inference or evaluation and return the masks that it wrote."""
    kind, files = RUNS[run_id]
    items = [
        {"image": str(clips / name), "label": str(clips.parent / "labels" / name), "patient": name, "view": "4CH"}
        for name in names
    ]
    if run_id == "evaluating":
        options = {"validate#datalist": items, "num_frames": 0, "labeled_frames": None, "save_masks": True, **options}
    run(kind, run_id, files, output_dir=str(out), **options)
    folder = out / "masks" if run_id == "evaluating" else out
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*_seg.nii.gz")}


@pytest.mark.parametrize("run_id", RUNS)
def test_clips_with_the_same_name_in_different_folders_have_a_mask_each(run_id, clips, weights, tmp_path):
    written = write_masks(run_id, clips, CLIPS, tmp_path, dataset_dir=str(clips), checkpoint=str(weights))
    assert written == {name.replace(".nii.gz", "_seg.nii.gz") for name in CLIPS}


@pytest.mark.parametrize("run_id", RUNS)
def test_two_clips_with_one_mask_file_are_refused_by_name_before_the_first_is_read(run_id, weights, tmp_path):
    names = ("a.npy", "x.nii.gz", "x.npy")
    (tmp_path / "clips").mkdir()
    for name in names:
        (tmp_path / "clips" / name).write_text("not a clip: reading it would be another error")
    options = {"dataset_dir": str(tmp_path / "clips"), "checkpoint": str(weights)}
    with pytest.raises(RuntimeError) as error:
        write_masks(run_id, tmp_path / "clips", names, tmp_path / "out", **options)
    message = explain(error.value)
    assert all(str(tmp_path / "clips" / name) in message for name in names[1:]) and "--pattern" in message
    assert not list(tmp_path.rglob("*_seg.nii.gz"))


def test_an_evaluation_that_saves_no_masks_accepts_clips_with_the_same_name(clips, weights, tmp_path):
    options = {"dataset_dir": "/elsewhere", "checkpoint": str(weights), "save_masks": False}
    assert write_masks("evaluating", clips, CLIPS[:2], tmp_path, **options) == set()
    assert (tmp_path / "per_frame.csv").is_file()


@pytest.mark.parametrize("run_id", RUNS)
def test_clips_outside_the_dataset_folder_have_their_masks_directly_in_the_output_folder(
    run_id, clips, weights, tmp_path
):
    names = ("a/clip.nii.gz", "top.nii.gz")
    options = {"checkpoint": str(weights)} | (
        {"datalist": [{"image": str(clips / name)} for name in names]} if run_id == "inference" else {}
    )
    written = write_masks(run_id, clips, names, tmp_path / "out", **options)
    assert written == {"clip_seg.nii.gz", "top_seg.nii.gz"}
