"""Requested files are written, and one that cannot be written is recorded with the reason."""

from __future__ import annotations

import numpy as np
import pytest

import gdkvm_monai
from gdkvm_monai.data import ClipReadError
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.outputs import check_formats
from gdkvm_monai.study.run_record import read_run
from tests.study.gray_level_network import gray_level_pipeline
from tests.study.tiny_command import noise_clip, write_label_clip

DICOM = ("dicom-seg", "dicom-sr")
QUICK = {"fast": True, "report": False, "overlay": "none"}


@pytest.fixture
def dicom(tmp_path):
    pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
    write_label_clip(tmp_path / "clip.dcm", "dicom", beats=0.1)
    return tmp_path / "clip.dcm"


def test_a_report_without_an_ejection_fraction_is_not_written_and_the_run_record_says_why(dicom, tmp_path):
    options = {"formats": DICOM, **QUICK}
    result = gdkvm_monai.segment(dicom, out=tmp_path / "out", pipeline=gray_level_pipeline(), **options)
    assert result.ef_percent is None and result.measurements.ef_withheld
    assert result.provenance.not_written == {"sr.dcm": result.measurements.ef_withheld}
    assert read_run(result.folder / "run.json") == result.provenance
    names = {path.name for path in result.folder.iterdir()}
    assert names == {"seg.dcm", "contact_sheet.png", "frames.csv", "measurements.json", "run.json"}


def test_dicom_results_are_refused_for_other_clips(tmp_path):
    np.save(tmp_path / "clip.npy", noise_clip())
    for clip in (noise_clip(), tmp_path / "clip.npy"):
        for format in DICOM:
            options = SegmentOptions(formats=("nifti", format))
            with pytest.raises(ValueError, match=f"is not DICOM, which {format} must refer to"):
                check_formats(ClipSource(clip, options), options)
        check_formats(ClipSource(clip, SegmentOptions()), SegmentOptions())


def test_a_dicom_that_is_not_an_ultrasound_clip_is_refused_for_dicom_results(dicom):
    import pydicom

    data = pydicom.dcmread(dicom)
    options = SegmentOptions(formats=DICOM)
    source = ClipSource(dicom, options)
    check_formats(source, options)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data.save_as(dicom)
    with pytest.raises(ClipReadError, match="clip.dcm"):
        check_formats(source, options)
