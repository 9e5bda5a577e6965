"""The files: CAMUS's layout, resumable and reproducible."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gdkvm_monai.data.phantom import EchoPhantom, PhantomSettings, write_camus_phantom

SETTINGS = PhantomSettings((2, 1, 1), (72, 64), 5, (3, 5), systole_first=0.5)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return write_camus_phantom(tmp_path_factory.mktemp("phantom"), SETTINGS, progress=False)


def read_info(path: Path) -> dict[str, str]:
    return dict(line.split(": ") for line in path.read_text().splitlines())


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_layout_is_that_of_camus(root):
    for view in ("2CH", "4CH"):
        folder = root / "database_nifti" / "patient0003"
        assert (folder / f"Info_{view}.cfg").is_file()
        for name in ("ED", "ED_gt", "ES", "ES_gt", "half_sequence", "half_sequence_gt"):
            image = nib.load(folder / f"patient0003_{view}_{name}.nii.gz")
            assert image.shape[:2] == (64, 72) and image.ndim == (3 if "half" in name else 2)
            assert image.get_data_dtype() == np.uint8
            assert (np.diag(image.affine)[:2] < 0).all() and image.affine[2, 2] == 1
    splits = {path.stem: path.read_text().split() for path in (root / "database_split").iterdir()}
    assert splits == {
        "subgroup_training": ["patient0001", "patient0002"],
        "subgroup_validation": ["patient0003"],
        "subgroup_testing": ["patient0004"],
    }


def test_the_info_file_states_the_truth_and_its_frame_numbers_match_the_stills(root):
    firsts = set()
    for path in sorted(root.glob("database_nifti/*/Info_*.cfg")):
        info, view = read_info(path), path.stem[-3:]
        number = int(path.parent.name[-4:])
        phantom = EchoPhantom((5, number), info["ImageQuality"].lower())
        assert float(info["EF"]) == pytest.approx(phantom.ef_percent, abs=1e-4)
        assert float(info["LVedv"]) == pytest.approx(phantom.edv_ml, abs=1e-4)
        assert float(info["LVesv"]) == pytest.approx(phantom.esv_ml, abs=1e-4)
        assert {int(info["ED"]), int(info["ES"])} == {1, int(info["NbFrame"])}
        stem = path.parent / f"{path.parent.name}_{view}"
        for suffix in ("", "_gt"):
            cine = np.asarray(nib.load(f"{stem}_half_sequence{suffix}.nii.gz").dataobj)
            assert cine.shape[-1] == int(info["NbFrame"])
            for phase in ("ED", "ES"):
                still = np.asarray(nib.load(f"{stem}_{phase}{suffix}.nii.gz").dataobj)
                np.testing.assert_array_equal(still, cine[..., int(info[phase]) - 1])
        areas = (cine == 1).sum(axis=(0, 1))
        assert areas.argmax() + 1 == int(info["ED"]) and areas[int(info["ES"]) - 1] == areas.min()
        firsts.add(int(info["ED"]) < int(info["ES"]))
    assert firsts == {True, False}  # CAMUS has both orders


def test_a_patient_depends_on_seed_and_number_alone_and_not_on_the_number_of_processes(root, tmp_path):
    write_camus_phantom(tmp_path, replace(SETTINGS, num_patients=(0, 0, 2)), num_workers=1, progress=False)
    expected, found = contents(root / "database_nifti"), contents(tmp_path / "database_nifti")
    assert len(found) == 28 and all(expected[name] == content for name, content in found.items())


def test_a_second_run_writes_nothing_and_an_interrupted_one_is_completed(tmp_path):
    settings = replace(SETTINGS, num_patients=(2, 0, 0), views=("4CH",), systole_first=1.0)
    write_camus_phantom(tmp_path, settings, progress=False)
    before = contents(tmp_path)
    lost = tmp_path / "database_nifti" / "patient0002" / "patient0002_4CH_ED_gt.nii.gz"
    kept = tmp_path / "database_nifti" / "patient0001" / "patient0001_4CH_ED.nii.gz"
    lost.unlink()
    stamp = kept.stat().st_mtime_ns
    write_camus_phantom(tmp_path, settings, progress=False)
    assert contents(tmp_path) == before
    assert kept.stat().st_mtime_ns == stamp
    assert not list(tmp_path.rglob("*.partial"))


def test_data_of_other_parameters_or_of_another_origin_are_not_touched(root, tmp_path):
    with pytest.raises(ValueError, match="another seed .*choose another root_dir"):
        write_camus_phantom(root, replace(SETTINGS, seed=6), progress=False)
    (tmp_path / "database_nifti").mkdir()
    with pytest.raises(ValueError, match="not a phantom"):
        write_camus_phantom(tmp_path, SETTINGS, progress=False)
    assert not any((tmp_path / "database_nifti").iterdir())
