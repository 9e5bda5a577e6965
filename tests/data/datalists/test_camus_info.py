"""Metadata of CAMUS are read with units from Info files or from patient tables."""

from __future__ import annotations

import shutil

import pytest

from gdkvm_monai.data import camus_datalist
from gdkvm_monai.data.datalists.camus_info import CamusInfo, read_info


def test_frame_numbers_become_zero_based_and_the_rest_of_the_info_gets_units(tmp_path):
    path = tmp_path / "Info_4CH.cfg"
    path.write_text("ED: 1\nES: 20\nNbFrame: 20\nSex: F\nAge: 56\nImageQuality: Good\nEF: 63.2\nFrameRate: 47.1\n")
    expected = CamusInfo(0, 19, "Good", 63.2, frame_rate_hz=47.1)
    assert read_info(path) == expected
    assert expected.stated.keys() == {"ed_frame", "es_frame", "image_quality", "ef_percent", "frame_rate_hz"}


def test_the_names_of_the_original_release_mean_the_same(tmp_path):
    path = tmp_path / "Info_4CH.cfg"
    path.write_text("ED: 9\nES: 2\nLVedv: 94.0\nLVesv: 34.6\nLVef: 63.2\n")
    assert read_info(path) == CamusInfo(8, 1, "unknown", 63.2, 94.0, 34.6)


def test_items_carry_the_reference_of_their_patient(phantom_root):
    for item in camus_datalist(phantom_root, report=None):
        ef_percent = 100 * (item["edv_ml"] - item["esv_ml"]) / item["edv_ml"]
        assert item["ef_percent"] == pytest.approx(ef_percent, abs=1e-3)
        assert item["image_quality"] in ("Good", "Medium", "Poor") and item["frame_rate_hz"] > 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ES: 5\n", "ED is missing"),
        ("", "ED is missing"),
        ("ED: one\nES: 5\n", "not a frame"),
        ("ED: 1\nES: 5\nEF: ?\n", "EF is not a number"),
    ],
    ids=["no ED", "empty", "ED no number", "EF no number"],
)
def test_a_malformed_info_file_is_an_error_that_names_it(phantom_root, tmp_path, text, reason):
    root = shutil.copytree(phantom_root, tmp_path / "camus")
    path = root / "database_nifti" / "patient0001" / "Info_2CH.cfg"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"Info_2CH\.cfg: .*expected a line such as") as info:
        camus_datalist(root, report=None)
    assert reason in str(info.value)


def test_a_patient_table_replaces_missing_info_files_and_names_the_view_it_describes(phantom_root, tmp_path):
    root = tmp_path / "camus"
    shutil.copytree(phantom_root, root)
    for path in root.glob("database_nifti/patient0001/Info_*.cfg"):
        path.unlink()
    row = "Patient,ED,ES,NbFrame,Sex,Age,ImageQuality,EF,FrameRate\npatient0001,1,4,4,F,56,Poor,54,48.4\n"
    (root / "patients_info_2CH.csv").write_text(row)
    items = camus_datalist(root, "training", clips="stills", report=None)
    first = {item["view"]: item for item in items if item["patient"] == "patient0001"}
    assert first["2CH"]["image_quality"] == "Poor" and first["2CH"]["ef_percent"] == 54.0
    four = first["4CH"]
    assert "ef_percent" not in four and "image_quality" not in four
    assert (four["ef_percent_2CH"], four["image_quality_2CH"]) == (54.0, "Poor")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_an_info_file_is_read_in_every_encoding_that_editors_write(encoding, tmp_path):
    path = tmp_path / "Info_4CH.cfg"
    path.write_bytes("ED: 1\r\nES: 4\r\nImageQuality: M\u00e9dium\r\n".encode(encoding))
    assert read_info(path) == CamusInfo(0, 3, "M\u00e9dium")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ED: 0\nES: 4\nNbFrame: 6", "ED is frame 0, expected 1 to 6"),
        ("ED: 1\nES: 7\nNbFrame: 6", "ES is frame 7, expected 1 to 6"),
        ("ED: -1\nES: 4", "ED is missing or not a frame"),
        ("ED: 1\nES: 4\nLVef: 68,9", "LVef is not a number"),
    ],
)
def test_an_impossible_frame_or_number_is_named_with_its_file(text, reason, tmp_path):
    (tmp_path / "Info_4CH.cfg").write_text(text)
    with pytest.raises(ValueError, match=rf"Info_4CH\.cfg: {reason}"):
        read_info(tmp_path / "Info_4CH.cfg")
