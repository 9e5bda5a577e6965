"""The built-in default: phantoms are generated if they are missing and read like CAMUS."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.transforms import Compose, LoadImaged

from gdkvm_monai.data import ClipReader, phantom_datalist
from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM
from gdkvm_monai.transforms import CheckClipd, FromEDToESd

KEYS = ("image", "label")
LOAD = LoadImaged(KEYS, reader=ClipReader(), ensure_channel_first=True)
SETTINGS = {"num_patients": (1, 1, 0), "size": (48, 48), "views": "4CH"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two patients of 48x48 pixels, written by the datalist itself."""
    folder = tmp_path_factory.mktemp("phantom")
    phantom_datalist(folder, **SETTINGS)
    return folder


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_items_are_clips_with_three_labeled_structures_and_millimeters_in_the_affine(root):
    (listed,) = phantom_datalist(root, **SETTINGS)
    prepared = Compose([LOAD, CheckClipd(), FromEDToESd(KEYS)])(listed)
    image, label = prepared["image"], prepared["label"]
    assert image.shape == label.shape and image.shape[:3] == (1, 48, 48) and image.shape[3] >= 14
    for t in range(label.shape[-1]):  # every frame is labeled
        assert torch.unique(label[..., t]).tolist() == [BACKGROUND, LV, MYOCARDIUM, LEFT_ATRIUM]
    spacing_mm = image.affine[:3, :2].norm(dim=0)
    depth_mm = 48 * float(spacing_mm[1])
    assert 100 < depth_mm < 300  # a heart seen from the apex
    assert 0 <= image.min() < image.max() <= 255
    area_cm2 = float((label[0, :, :, 0] == LV).sum() * spacing_mm[0] * spacing_mm[1] / 100)
    assert 10 < area_cm2 < 70


def test_items_know_their_volumes_and_ejection_fraction(root):
    for section in ("training", "validation"):
        (item,) = phantom_datalist(root, section, **SETTINGS)
        assert 20 <= item["ef_percent"] <= 75
        assert item["ef_percent"] == pytest.approx(100 * (1 - item["esv_ml"] / item["edv_ml"]), abs=1e-3)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_heart(root, tmp_path):
    phantom_datalist(tmp_path / "same", **SETTINGS)
    assert contents(tmp_path / "same") == contents(root)
    (item,) = phantom_datalist(tmp_path / "other", **{**SETTINGS, "num_patients": (1, 0, 0), "seed": 1})
    (first,) = phantom_datalist(root, **SETTINGS)
    other, first = LOAD(item)["image"], LOAD(first)["image"]
    assert other.shape != first.shape or not np.array_equal(other, first)


def test_a_second_call_writes_nothing(root):
    stamps = {path: path.stat().st_mtime_ns for path in root.glob("database_nifti/*/*")}
    phantom_datalist(root, **SETTINGS)
    assert stamps == {path: path.stat().st_mtime_ns for path in root.glob("database_nifti/*/*")}


def test_existing_phantoms_are_read_without_generating(root, phantom_root):
    assert phantom_datalist(root, generate=False, views="4CH") == phantom_datalist(root, **SETTINGS)
    assert len(phantom_datalist(phantom_root, generate=False)) == 6


def test_stills_are_available_too(phantom_root):
    items = phantom_datalist(phantom_root, "validation", clips="stills", generate=False)
    assert len(items) == 4 and all(LOAD(item)["image"].shape == (1, 64, 64, 2) for item in items)


def test_missing_phantoms_are_an_error_if_generation_is_off(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no phantoms; set generate=True"):
        phantom_datalist(tmp_path, generate=False)
    with pytest.raises(FileNotFoundError, match="holds no phantoms; set generate=True"):
        phantom_datalist(tmp_path / "absent", generate=False)
    assert not (tmp_path / "absent").exists()


def test_a_folder_with_other_parameters_is_not_overwritten(root):
    before = contents(root)
    with pytest.raises(ValueError, match="another size .*choose another root_dir"):
        phantom_datalist(root, **{**SETTINGS, "size": (64, 64)})
    assert contents(root) == before
