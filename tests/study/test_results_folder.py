"""A results folder is complete or absent, and belongs to one set of weights and options."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.results_folder import ClipResults, fingerprint, read_results, results_folder
from tests.study.gray_level_network import gray_level_pipeline
from tests.study.records import MEASUREMENTS
from tests.study.test_frame_table import TABLE
from tests.study.test_run_record import RECORD

RESULTS = ClipResults(MEASUREMENTS, TABLE, RECORD)
ID, FINGERPRINT = MEASUREMENTS.clip.id, RECORD.fingerprint
OTHER = {
    **{
        "view": "2CH",
        "structures": ("LV",),
        "fast": True,
        "fps": 50.0,
        "spacing_mm": (0.1, 0.2),
        "crop": False,
        "region": 2,
    },
    **{"force": True, "allow_partial": True, "max_voxels": 10, "formats": ("png",), "overlay": "none"},
    **{"report": False, "save_prob": True, "sex": "F", "body_surface_area_m2": 1.8, "keep_surroundings": True},
}


def fill(folder) -> None:
    (folder / "measurements.json").write_text(MEASUREMENTS.to_json())
    (folder / "run.json").write_text(RECORD.to_json())
    TABLE.write_csv(folder / "frames.csv")


@pytest.fixture
def finished(tmp_path):
    with results_folder(tmp_path, ID, FINGERPRINT, overwrite=False) as (folder, results):
        assert results is None and not list(folder.iterdir())
        fill(folder)
    return tmp_path / ID


def test_a_finished_folder_is_returned_with_its_results(finished):
    assert read_results(finished) == RESULTS and RESULTS.clip_id == ID
    with results_folder(finished.parent, ID, FINGERPRINT, overwrite=False) as (folder, results):
        assert folder == finished and results == RESULTS


def test_an_error_leaves_no_folder(tmp_path):
    with pytest.raises(OSError, match="full"):
        with results_folder(tmp_path, ID, FINGERPRINT, overwrite=False) as (folder, _):
            fill(folder)
            raise OSError("the disk is full")
    assert not list(tmp_path.iterdir())


def test_other_results_are_replaced_only_on_request(finished):
    with pytest.raises(FileExistsError, match="of other weights or options"):
        with results_folder(finished.parent, ID, "4" * 64, overwrite=False):
            pytest.fail("the folder was given")
    (finished / "mask.npz").touch()
    with results_folder(finished.parent, ID, "4" * 64, overwrite=True) as (folder, results):
        assert results is None and folder != finished and (finished / "mask.npz").exists()
        fill(folder)
    assert not (finished / "mask.npz").exists() and [path.name for path in finished.parent.iterdir()] == [ID]


@pytest.mark.parametrize("name", ["measurements.json", "run.json", "frames.csv"])
@pytest.mark.parametrize("content", [None, "{}"])
def test_a_folder_with_other_content_is_not_accepted_as_results(name, content, finished):
    (finished / name).unlink()
    if content is not None:
        (finished / name).write_text(content)
    with pytest.raises(FileExistsError, match="holds no finished results of this version, expected") as caught:
        read_results(finished)
    assert "overwrite" not in str(caught.value)


def test_the_fingerprint_changes_with_every_option_and_with_the_network():
    options, pipeline = SegmentOptions(), gray_level_pipeline()
    assert OTHER.keys() == {field.name for field in fields(SegmentOptions)}
    changed = [fingerprint(pipeline, replace(options, **{name: value})) for name, value in OTHER.items()]
    weights = replace(pipeline.provenance.weights, sha256="1" * 64)
    other = replace(pipeline, provenance=replace(pipeline.provenance, weights=weights))
    found = {*changed, fingerprint(other, options), fingerprint(pipeline, options)}
    assert len(found) == len(OTHER) + 2 and fingerprint(gray_level_pipeline(), options) in found
