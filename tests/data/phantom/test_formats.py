"""Phantom clips come back from every format as they were rendered, with the spacing, the times and the truth."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from skimage.draw import polygon2mask

from gdkvm_monai.data import ClipReader
from gdkvm_monai.data.phantom import (
    FORMATS,
    EchoPhantom,
    PhantomClip,
    echonet,
    formats,
    render_phantom_clip,
    write_clip,
    write_echonet_phantom,
    write_phantom_clip,
)
from gdkvm_monai.labels import LV
from gdkvm_monai.metrics import disk_volume_ml, measure_ejection_fraction

SEED, RATE_HZ = (0, 3), 12.5
LOSSLESS = ("dicom", "nifti", "mhd", "npy", "png")
NEEDS_PACKAGE = {"dicom": "pydicom", "avi": "av", "mp4": "av"}


@pytest.fixture(scope="module")
def clip() -> PhantomClip:
    """A beat in 64 x 48 pixels, in which no two axes have one length."""
    return render_phantom_clip(EchoPhantom(SEED, "good"), "4CH", 1, RATE_HZ, (48, 64))


@pytest.fixture(scope="module")
def written(clip, tmp_path_factory):
    """Write the clip once in each format; give the path."""
    folder, paths = tmp_path_factory.mktemp("formats"), {}

    def write(name: str) -> Path:
        pytest.importorskip(NEEDS_PACKAGE.get(name, "numpy"))
        if name not in paths:
            paths[name] = folder / name / f"clip{FORMATS[name].suffix}"
            write_clip(paths[name], clip, name)
        return paths[name]

    return write


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", FORMATS)
def test_the_clip_reader_gives_the_pixels_back_from_every_format(clip, written, name):
    read = ClipReader().read(written(name))
    assert read.pixels.shape == clip.image.shape and read.pixels.dtype == np.uint8
    difference = np.abs(read.pixels.astype(int) - clip.image)
    assert difference.max() == 0 if name in LOSSLESS else difference.mean() < 4


@pytest.mark.parametrize("name", ["dicom", "nifti", "mhd"])
def test_the_spacing_comes_back_in_millimeters_and_is_trusted(clip, written, name):
    read = ClipReader().read(written(name))
    assert read.meta["spacing_trust"] == "ok"
    np.testing.assert_allclose(np.diag(read.affine), (*np.negative(clip.spacing_mm), 1 / RATE_HZ, 1), rtol=1e-6)
    assert not np.isclose(*clip.spacing_mm, rtol=0.01)


@pytest.mark.parametrize("name", ["avi", "mp4", "npy", "png"])
def test_a_format_without_millimeters_claims_none(written, name):
    assert ClipReader().read(written(name)).meta["spacing_trust"] == "absent"


@pytest.mark.parametrize("name", ["dicom", "avi", "mp4"])
@pytest.mark.parametrize("rate", [RATE_HZ, 30])
def test_the_frame_time_is_that_of_the_rate(clip, tmp_path, name, rate):
    pytest.importorskip(NEEDS_PACKAGE[name])
    path = tmp_path / f"clip{FORMATS[name].suffix}"
    write_clip(path, PhantomClip(clip.phantom, "4CH", rate, clip.image, clip.label, clip.spacing_mm), name)
    assert ClipReader().read(path).meta["frame_time_ms"] == pytest.approx(1000 / rate, rel=1e-6)


def test_the_label_beside_the_nifti_clip_is_the_phantoms_on_the_same_grid(clip, written):
    path = written("nifti")
    label = nibabel.load(path.with_name("clip_label.nii.gz"))
    np.testing.assert_array_equal(np.asarray(label.dataobj), clip.label)
    np.testing.assert_array_equal(label.affine, nibabel.load(path).affine)
    assert set(np.unique(clip.label)) == {0, 1, 2, 3}


@pytest.fixture(scope="module")
def again() -> PhantomClip:
    """The same clip, rendered a second time."""
    return render_phantom_clip(EchoPhantom(SEED, "good"), "4CH", 1, RATE_HZ, (48, 64))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_seed_gives_the_same_bytes_and_nothing_else_is_left_beside_them(again, written, tmp_path, name):
    expected = contents(written(name).parent)
    write_clip(tmp_path / f"clip{FORMATS[name].suffix}", again, name)
    assert contents(tmp_path) == expected


def test_rendering_and_writing_in_one_step_gives_the_same_file(clip, written, tmp_path):
    one = write_phantom_clip(tmp_path / "clip.npy", SEED, "4CH", "npy", 1, RATE_HZ, (48, 64), "good")
    assert contents(tmp_path) == contents(written("npy").parent) and one.truth() == clip.truth()
    with pytest.raises(FileExistsError, match="clip.npy exists"):
        write_phantom_clip(tmp_path / "clip.npy", SEED, "4CH", "npy", 1, RATE_HZ, (48, 64), "good")


def test_the_dicom_header_is_synthetic_and_other_clips_have_other_uids(clip, written, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    data = pydicom.dcmread(written("dicom"))
    assert (data.PatientName, data.PatientID, data.QualityControlSubject) == ("PHANTOM^0003", "PHANTOM-0-3", "YES")
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.3.1" and data.PhotometricInterpretation == "MONOCHROME2"
    assert (data.NumberOfFrames, data.Rows, data.Columns) == (clip.image.shape[2], 48, 64)
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    brighter = PhantomClip(clip.phantom, "4CH", RATE_HZ, clip.image // 2, clip.label, clip.spacing_mm)
    write_clip(tmp_path / "other.dcm", brighter, "dicom")
    other = pydicom.dcmread(tmp_path / "other.dcm")
    assert other.StudyInstanceUID == data.StudyInstanceUID and other.SOPInstanceUID != data.SOPInstanceUID
    uids = [data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID]
    assert len(set(uids)) == 3 and all(uid.is_valid and uid.startswith("2.25.") for uid in uids)


def test_an_rgb_dicom_shows_the_same_gray_and_another_patients_name_can_be_planted(clip, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    path = tmp_path / "clip.dcm"
    write_clip(path, clip, "dicom", photometric="RGB", patient_name="Plänted^Person", patient_id="planted-id")
    np.testing.assert_array_equal(ClipReader().read(path).pixels, clip.image)
    data = pydicom.dcmread(path)
    assert (data.PatientName, data.PatientID, data.SamplesPerPixel) == ("Plänted^Person", "planted-id", 3)
    with pytest.raises(ValueError, match="photometric = 'YBR' is unknown; choose one of MONOCHROME2, RGB"):
        write_clip(tmp_path / "other.dcm", clip, "dicom", photometric="YBR")
    assert [file.name for file in tmp_path.iterdir()] == ["clip.dcm"]


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "RGB"])
def test_dciodvfy_finds_no_fault(clip, tmp_path, photometric):
    pytest.importorskip("pydicom")
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is absent; install Debian's package dicom3tools")
    odd = PhantomClip(clip.phantom, "4CH", 30, clip.image[:63, :47, :3], clip.label[:63, :47, :3], clip.spacing_mm)
    write_clip(tmp_path / "clip.dcm", odd, "dicom", photometric=photometric)
    run = subprocess.run(["dciodvfy", str(tmp_path / "clip.dcm")], capture_output=True, text=True)
    told = run.stdout + run.stderr
    assert "USMultiFrameImage" in told and "Error" not in told and "Warning" not in told


def test_the_truth_is_that_of_the_phantom_and_its_frames_are_the_extremes_of_the_volume():
    phantom = EchoPhantom(5)
    clip = render_phantom_clip(phantom, "2CH", 2.5, 25, (24, 24))
    truth, volumes = clip.truth(), phantom.volume_ml(np.arange(clip.image.shape[2]) / 25)
    assert (truth["seed"], truth["view"], truth["quality"]) == (5, "2CH", "medium")
    assert (truth["ef_percent"], truth["edv_ml"], truth["esv_ml"]) == (
        phantom.ef_percent, phantom.edv_ml, phantom.esv_ml,
    )  # fmt: skip
    assert len(truth["ed_frames"]) == 3 and len(truth["es_frames"]) == 3 and truth["ed_frames"][0] == 0
    np.testing.assert_allclose(np.diff(truth["ed_frames"]), 25 * 60 / truth["heart_rate_bpm"], atol=1)
    span = phantom.edv_ml - phantom.esv_ml
    np.testing.assert_allclose(volumes[truth["ed_frames"]], phantom.edv_ml, atol=0.1 * span)
    np.testing.assert_allclose(volumes[truth["es_frames"]], phantom.esv_ml, atol=0.1 * span)
    assert truth["shape"] == list(clip.image.shape) and truth["frame_rate_hz"] == 25


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ejection_fraction_and_the_volumes_measured_in_the_labels_are_the_true_ones(seed):
    clips = [render_phantom_clip(EchoPhantom(seed), view, 0.5, 25, (160, 160)) for view in ("4CH", "2CH")]
    truth = clips[0].truth()
    frames = {"ed": truth["ed_frames"][0], "es": truth["es_frames"][0]}
    labels = {phase: {clip.view: clip.label[..., frame] for clip in clips} for phase, frame in frames.items()}
    spacings = {clip.view: clip.spacing_mm for clip in clips}
    biplane = measure_ejection_fraction(labels["ed"], labels["es"], spacings)
    assert biplane.ef_percent == pytest.approx(truth["ef_percent"], abs=3)
    assert biplane.edv_ml == pytest.approx(truth["edv_ml"], rel=0.07)
    assert biplane.esv_ml == pytest.approx(truth["esv_ml"], rel=0.10)
    for view in spacings:
        single = measure_ejection_fraction({view: labels["ed"][view]}, {view: labels["es"][view]}, spacings[view])
        assert single.ef_percent == pytest.approx(truth["ef_percent"], abs=7)


def test_nothing_is_replaced_unless_it_is_allowed_and_then_as_a_whole(clip, tmp_path):
    path = tmp_path / "clip"
    path.mkdir()
    (path / "frame_9999.png").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="clip exists; choose another path, or allow it to be overwritten"):
        write_clip(path, clip, "png")
    assert contents(tmp_path) == {"clip/frame_9999.png": b"old"}
    write_clip(path, clip, "png", overwrite=True)
    assert len(list(path.iterdir())) == clip.image.shape[2] and not (path / "frame_9999.png").exists()
    (tmp_path / "a_label.nii.gz").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="a_label.nii.gz exists"):
        write_clip(tmp_path / "a.nii.gz", clip, "nifti")
    assert not (tmp_path / "a.nii.gz").exists()


def test_an_interrupted_write_leaves_what_was_there(clip, tmp_path, monkeypatch):
    write_clip(tmp_path / "clip.npy", clip, "npy")
    before = contents(tmp_path)

    def fail(path: Path, clip: PhantomClip) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setitem(FORMATS, "npy", formats.ClipFormat(".npy", fail))
    with pytest.raises(OSError, match="disk full"):
        write_clip(tmp_path / "clip.npy", clip, "npy", overwrite=True)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"beats": 0}, "beats = 0 must be above 0"),
        ({"beats": np.nan}, "beats = nan must be above 0"),
        ({"frame_rate_hz": 0.5}, "frame_rate_hz = 0.5 within 1 to 1000"),
        ({"size": (8, 64)}, r"size = \(8, 64\) must be a height and a width of at least 16"),
        ({"beats": 0.1, "frame_rate_hz": 2}, "are one frame; give more beats or a higher frame rate"),
        ({"view": "3CH"}, "choose one of 2CH, 4CH"),
        ({"quality": "best"}, "quality = 'best' is unknown"),
        ({"format": "gif"}, "format = 'gif' is unknown; choose one of dicom, avi"),
        ({"format": "mhd"}, r"clip.npy must end in .mhd to be of format mhd; change its name"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(wrong, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_phantom_clip(tmp_path / "new" / "clip.npy", 0, **{"format": "npy", **wrong})
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("name", "package", "extra"), [("dicom", "pydicom", "dicom"), ("avi", "PyAV", "video")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    clip, tmp_path, monkeypatch, name, package, extra
):
    monkeypatch.setitem(sys.modules, NEEDS_PACKAGE[name], None)
    message = rf'format {name} needs {package} to be written; install it: pip install "gdkvm-monai\[{extra}\]"\.'
    with pytest.raises(ImportError, match=message):
        write_clip(tmp_path / f"clip{FORMATS[name].suffix}", clip, name)


@pytest.fixture(scope="module")
def echonet_root(tmp_path_factory):
    """Two videos in EchoNet-Dynamic's layout, and their truth."""
    pytest.importorskip("av")
    root = tmp_path_factory.mktemp("echonet") / "data"
    return root, write_echonet_phantom(root, (1, 0, 1), seed=0, beats=1, frame_rate_hz=12.5)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_list_tells_the_truth_of_every_video(echonet_root):
    root, truth = echonet_root
    listed = rows(root / "FileList.csv")
    assert list(listed[0]) == [
        "FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split",
    ]  # fmt: skip
    assert [row["Split"] for row in listed] == ["TRAIN", "TEST"]
    assert sorted(path.stem for path in (root / "Videos").iterdir()) == [row["FileName"] for row in listed]
    for number, row in enumerate(listed, start=1):
        phantom, told = EchoPhantom((0, number)), truth[f"Videos/{row['FileName']}.avi"]
        assert [float(row[name]) for name in ("EF", "ESV", "EDV")] == pytest.approx(
            [phantom.ef_percent, phantom.esv_ml, phantom.edv_ml], abs=1e-4
        )
        read = ClipReader().read(root / "Videos" / f"{row['FileName']}.avi")
        assert read.pixels.shape == (112, 112, int(row["NumberOfFrames"])) == tuple(told["shape"])
        assert (row["FrameHeight"], row["FrameWidth"], float(row["FPS"])) == ("112", "112", read.meta["fps"])
        assert np.isclose(*told["spacing_mm"], rtol=0.01)  # a volume of pixels needs square ones


def test_the_tracings_enclose_the_label_and_their_disks_give_the_volume(echonet_root):
    root, truth = echonet_root
    tracings = rows(root / "VolumeTracings.csv")
    assert list(tracings[0]) == ["FileName", "X1", "Y1", "X2", "Y2", "Frame"]
    for number in (1, 2):
        name = f"PHANTOM{number:04d}.avi"
        told = truth[f"Videos/{name}"]
        lines = np.array([[float(row[key]) for key in list(row)[1:]] for row in tracings if row["FileName"] == name])
        assert lines.shape == (42, 5)
        assert [*lines[::21, 4]] == [told["es_frames"][0], told["ed_frames"][0]]  # the smaller one first
        clip = echonet._square_clip(EchoPhantom((0, number)), 1, 12.5)
        for traced in lines.reshape(2, 21, 5):
            axis, chords, frame = traced[0, :4], traced[1:, :4], int(traced[0, 4])
            assert axis[1] < axis[3] and (chords[:, 0] < chords[:, 2]).all()  # apex above base, left before right
            outline = np.concatenate([chords[:, :2], chords[::-1, 2:]])
            label = clip.label[..., frame] == LV
            inside = polygon2mask((112, 112), outline)
            assert 2 * (inside & label).sum() / (inside.sum() + label.sum()) > 0.95
            diameters = np.hypot(*(chords[:, 2:] - chords[:, :2]).T) * told["spacing_mm"][0]
            length = np.hypot(*(axis[2:] - axis[:2])) * told["spacing_mm"][0]
            single = measure_ejection_fraction({"4CH": clip.label[..., frame]}, {"4CH": label}, told["spacing_mm"])
            assert disk_volume_ml(diameters, length) == pytest.approx(single.edv_ml, rel=0.1)


def test_an_echonet_folder_is_replaced_only_if_that_is_allowed(echonet_root, tmp_path):
    root, _ = echonet_root
    with pytest.raises(FileExistsError, match="data exists"):
        write_echonet_phantom(root)
    shutil.copytree(root, tmp_path / "data")
    write_echonet_phantom(tmp_path / "data", (1, 0, 0), beats=1, frame_rate_hz=12.5, overwrite=True)
    found, first = contents(tmp_path / "data"), "Videos/PHANTOM0001.avi"
    assert set(found) == {first, "FileList.csv", "VolumeTracings.csv"} and found[first] == contents(root)[first]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"num_patients": (1, 2)}, "three counts"), ({"beats": 0.5}, "beats = 0.5 must be at least 1")],
)
def test_an_echonet_phantom_that_cannot_be_is_refused(wrong, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_echonet_phantom(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()
