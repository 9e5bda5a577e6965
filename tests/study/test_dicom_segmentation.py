"""Masks come back bit by bit from a DICOM Segmentation that names the clip's patient, study and frames."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from gdkvm_monai.labels import COLORS, STRUCTURE_CODES, STRUCTURES
from gdkvm_monai.study.dicom_segmentation import write_dicom_segmentation

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402

FRAMES, ROWS, COLUMNS = 5, 13, 21  # 273 pixels: no frame but the first starts at a byte
COPIED = (
    *("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"),
    *("StudyID", "AccessionNumber", "ReferringPhysicianName", "StudyDescription"),
)


def write_clip(path, frames=FRAMES, rows=ROWS, columns=COLUMNS, **attributes):
    """Write the header of an ultrasound clip, with attributes changed or (None) left out."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.SOPClassUID, data.Modality = uid.UltrasoundMultiFrameImageStorage, "US"
    data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID = (uid.generate_uid() for _ in range(3))
    data.SpecificCharacterSet = "ISO_IR 100"
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "Müller^Zoë", "id-1", "19010203", "F"
    data.StudyDate, data.StudyTime, data.StudyID = "20200102", "030405", "7"
    data.AccessionNumber, data.ReferringPhysicianName, data.StudyDescription = "A1", "Doe^J", "Echo"
    data.NumberOfFrames, data.Rows, data.Columns = frames, rows, columns
    with pydicom.config.disable_value_validation():
        for name, value in attributes.items():
            setattr(data, name, value) if value is not None else delattr(data, name)
        data.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.dcm")


def draw_masks(count=FRAMES, shape=(COLUMNS, ROWS), labels=4) -> np.ndarray:
    """Masks ``(T, H, W)`` in which every label is everywhere."""
    return np.random.default_rng(0).integers(0, labels, (count, *shape), dtype=np.uint8)


def check_dicom(path) -> None:
    """Run dciodvfy, the validator of the dicom3tools."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is absent; install dicom3tools")
    result = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace")
    assert "Error" not in result.stdout + result.stderr, result.stdout + result.stderr


@pytest.mark.parametrize("shape", [(21, 13), (1, 1), (8, 4), (3, 5)])
@pytest.mark.parametrize("structures", [("LV", "MYO", "LA"), ("LA", "LV", "MYO"), ("LV",)])
def test_every_bit_survives_the_round_trip(tmp_path, shape, structures):
    clip = write_clip(tmp_path / "clip.dcm", rows=shape[1], columns=shape[0])
    masks = draw_masks(shape=shape, labels=2 if structures == ("LV",) else 4)
    read = pydicom.dcmread(write_dicom_segmentation(tmp_path / "seg.dcm", clip, iter(masks), structures))
    upright = masks.transpose(0, 2, 1)
    expected = np.concatenate([upright == STRUCTURES[name][0] for name in structures])
    np.testing.assert_array_equal(read.pixel_array.reshape(expected.shape), expected)
    bits = np.unpackbits(np.frombuffer(read.PixelData, np.uint8), bitorder="little")
    np.testing.assert_array_equal(bits[: expected.size], expected.ravel())
    assert len(read.PixelData) % 2 == 0 and not bits[expected.size :].any()


def test_highdicom_finds_the_mask_of_each_frame(tmp_path, clip):
    highdicom = pytest.importorskip("highdicom", reason="highdicom is absent; install it by pip install highdicom")
    masks = draw_masks()
    read = highdicom.seg.segread(write_dicom_segmentation(tmp_path / "seg.dcm", clip, masks))
    source = pydicom.dcmread(clip).SOPInstanceUID
    pixels = read.get_pixels_by_source_frame(source, [4, 1, 5], combine_segments=True)
    np.testing.assert_array_equal(pixels, masks[[3, 0, 4]].transpose(0, 2, 1))


def test_the_validator_reports_no_error(tmp_path, clip):
    check_dicom(write_dicom_segmentation(tmp_path / "seg.dcm", clip, draw_masks()))


def test_frames_reference_the_clip(tmp_path, clip):
    source, read = pydicom.dcmread(clip), pydicom.dcmread(
        write_dicom_segmentation(tmp_path / "s.dcm", clip, draw_masks())
    )
    for index, item in enumerate(read.PerFrameFunctionalGroupsSequence):
        segment, frame = index // FRAMES + 1, index % FRAMES + 1
        image = item.DerivationImageSequence[0].SourceImageSequence[0]
        assert image.ReferencedSOPInstanceUID == source.SOPInstanceUID and image.ReferencedFrameNumber == frame
        assert item.FrameContentSequence[0].DimensionIndexValues == [segment, frame]
        assert item.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment
    assert len(read.PerFrameFunctionalGroupsSequence) == read.NumberOfFrames == 3 * FRAMES


def test_patient_and_study_are_copied_from_the_clip_and_the_rest_is_new(tmp_path, clip):
    source, read = pydicom.dcmread(clip), pydicom.dcmread(
        write_dicom_segmentation(tmp_path / "s.dcm", clip, draw_masks())
    )
    assert [str(read[name].value) for name in COPIED] == [str(source[name].value) for name in COPIED]
    other = pydicom.dcmread(write_dicom_segmentation(tmp_path / "s2.dcm", clip, draw_masks()))
    for name in ("SOPInstanceUID", "SeriesInstanceUID"):
        assert len({source[name].value, read[name].value, other[name].value}) == 3


def test_codes_are_those_of_the_standard():
    from pydicom.sr.codedict import codes

    keywords = {"LV": "LeftVentricle", "MYO": "LeftVentricleMyocardium", "LA": "LeftAtrium"}
    for name, (value, _, meaning) in STRUCTURE_CODES.items():
        code = getattr(codes.SCT, keywords[name])
        assert (code.value, code.meaning.lower()) == (value, meaning.lower())


def test_segments_have_the_colors_of_overlays(tmp_path, clip):
    from skimage.color import rgb2lab

    read = pydicom.dcmread(write_dicom_segmentation(tmp_path / "seg.dcm", clip, draw_masks()))
    for segment, color in zip(read.SegmentSequence, COLORS.values()):
        lightness, a, b = np.array(segment.RecommendedDisplayCIELabValue) / 257
        expected = rgb2lab(np.array([[color]]) / 255)[0, 0]  # for a white of D65 instead of D50
        assert np.abs(expected - (lightness / 2.55, a - 128, b - 128)).max() < 12
        assert segment.SegmentAlgorithmType == "AUTOMATIC"


def test_lossy_compression_of_the_clip_is_recorded(tmp_path):
    lossy = {"LossyImageCompression": "01", "LossyImageCompressionRatio": "5.7"}
    clip = write_clip(tmp_path / "clip.dcm", LossyImageCompressionMethod="ISO_10918_1", **lossy)
    path = write_dicom_segmentation(tmp_path / "seg.dcm", clip, draw_masks())
    assert pydicom.dcmread(path).LossyImageCompression == "01"
    check_dicom(path)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (draw_masks(FRAMES - 1), "4 masks are given, but the clip has 5 frames"),
        (draw_masks(FRAMES + 1), "more masks than the 5 frames"),
        (draw_masks(shape=(ROWS, COLUMNS)), "expected integers of the clip's size"),
        (draw_masks().astype(np.float32), "expected integers of the clip's size"),
        (draw_masks() + 252, r"a mask holds \[252, 253, 254, 255\]"),
    ],
)
def test_masks_that_do_not_match_the_clip_are_refused_and_leave_no_file(tmp_path, clip, masks, message):
    with pytest.raises(ValueError, match=message):
        write_dicom_segmentation(tmp_path / "seg.dcm", clip, masks)
    assert [file.name for file in tmp_path.iterdir()] == ["clip.dcm"]


def test_structures_are_checked(tmp_path, clip):
    with pytest.raises(ValueError, match="labels of none of"):
        write_dicom_segmentation(tmp_path / "seg.dcm", clip, draw_masks(), structures=("LV", "MYO"))
    for structures in (("RV",), ("LV", "LV"), ()):
        with pytest.raises(ValueError, match="expected some of"):
            write_dicom_segmentation(tmp_path / "seg.dcm", clip, draw_masks(), structures=structures)


def test_the_clip_is_never_overwritten(tmp_path, clip):
    with pytest.raises(ValueError, match="is the clip itself"):
        write_dicom_segmentation(clip, clip, draw_masks())


def test_fewer_masks_are_accepted_on_request(tmp_path, clip):
    path = write_dicom_segmentation(tmp_path / "seg.dcm", clip, draw_masks(2), allow_partial=True)
    assert pydicom.dcmread(path).NumberOfFrames == 6
    check_dicom(path)
    with pytest.raises(ValueError, match="0 masks are given"):
        write_dicom_segmentation(tmp_path / "seg.dcm", clip, [], allow_partial=True)


def test_invalid_header_values_are_copied_and_not_logged(tmp_path, capfd, caplog, recwarn):
    nonsense = {"PatientID": "../../<script>" * 9, "StudyDate": "yesterday", "PatientSex": "planted", "StudyTime": "99"}
    clip = write_clip(tmp_path / "c.dcm", SpecificCharacterSet="ISO_IR 192", PatientName="山田^太郎\u202e", **nonsense)
    recwarn.clear()
    caplog.clear()
    path = write_dicom_segmentation(tmp_path / "seg.dcm", clip, draw_masks())
    told = "".join(capfd.readouterr()) + caplog.text + "".join(str(warning.message) for warning in recwarn)
    assert not any(text in told for text in ("script", "yesterday", "planted", "山田"))
    read = pydicom.dcmread(path)
    assert str(read.PatientName) == "山田^太郎\u202e" and {name: read[name].value for name in nonsense} == nonsense


def test_masks_of_real_clips_survive_the_round_trip(tmp_path, real_data):
    clips = sorted((real_data / "dicom_us").glob("*.dcm"))
    if not clips:
        pytest.skip("no DICOM clips in the real data")
    for clip in clips:
        source = pydicom.dcmread(clip, stop_before_pixels=True)
        masks = draw_masks(int(source.NumberOfFrames), (source.Columns, source.Rows))
        path = write_dicom_segmentation(tmp_path / "seg.dcm", clip, masks)
        upright = masks.transpose(0, 2, 1)
        expected = np.concatenate([upright == label for label in (1, 2, 3)])
        np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, expected)
        check_dicom(path)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_masks(tmp_path):
    program = """
import resource, sys
import numpy as np
from gdkvm_monai.study.dicom_segmentation import write_dicom_segmentation
clip, output, count = *sys.argv[1:3], int(sys.argv[3])
write_dicom_segmentation(output, clip, (np.full((64, 64), t % 4, np.uint8) for t in range(count)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = []
    for count in (200, 2000):
        clip = write_clip(tmp_path / "clip.dcm", count, 64, 64)
        command = [sys.executable, "-c", program, clip, tmp_path / "seg.dcm", str(count)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        peaks.append(1024 * int(output))
    masks = 1800 * 64 * 64 * 3
    assert peaks[1] - peaks[0] < masks / 2
