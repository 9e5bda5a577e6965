"""A phantom in EchoNet-Dynamic's layout: videos, their list, and tracings that give the volume."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from skimage.draw import polygon2mask

from gdkvm_monai.data import ClipReader
from gdkvm_monai.data.phantom import EchoPhantom, echonet, write_echonet_phantom
from gdkvm_monai.labels import LV
from gdkvm_monai.metrics import disk_volume_ml, measure_ejection_fraction
from tests.data.phantom.written import contents


@pytest.fixture(scope="module")
def echonet_root(tmp_path_factory):
    """Two videos in EchoNet-Dynamic's layout, and their truth."""
    pytest.importorskip("av")
    root = tmp_path_factory.mktemp("echonet") / "data"
    return root, write_echonet_phantom(root, (1, 0, 1), seed=0, beats=1, frame_rate_hz=12.5)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_list_states_the_truth_of_every_video(echonet_root):
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
        assert read.pixels.shape == (112, 112, int(row["NumberOfFrames"])) == tuple(told.shape)
        assert (row["FrameHeight"], row["FrameWidth"], float(row["FPS"])) == ("112", "112", read.meta["fps"])
        assert np.isclose(*told.spacing_mm, rtol=0.01)  # a volume of pixels needs square ones


def test_the_tracings_enclose_the_label_and_their_disks_give_the_volume(echonet_root):
    root, truth = echonet_root
    tracings = rows(root / "VolumeTracings.csv")
    assert list(tracings[0]) == ["FileName", "X1", "Y1", "X2", "Y2", "Frame"]
    for number in (1, 2):
        name = f"PHANTOM{number:04d}.avi"
        told = truth[f"Videos/{name}"]
        lines = np.array([[float(row[key]) for key in list(row)[1:]] for row in tracings if row["FileName"] == name])
        assert lines.shape == (42, 5)
        assert [*lines[::21, 4]] == [told.es_frames[0], told.ed_frames[0]]  # the smaller one first
        clip = echonet._square_clip(EchoPhantom((0, number)), 1, 12.5)
        for traced in lines.reshape(2, 21, 5):
            axis, chords, frame = traced[0, :4], traced[1:, :4], int(traced[0, 4])
            assert axis[1] < axis[3] and (chords[:, 0] < chords[:, 2]).all()  # apex above base, left before right
            outline = np.concatenate([chords[:, :2], chords[::-1, 2:]])
            label = clip.label[..., frame] == LV
            inside = polygon2mask((112, 112), outline)
            assert 2 * (inside & label).sum() / (inside.sum() + label.sum()) > 0.95
            diameters = np.hypot(*(chords[:, 2:] - chords[:, :2]).T) * told.spacing_mm[0]
            length = np.hypot(*(axis[2:] - axis[:2])) * told.spacing_mm[0]
            single = measure_ejection_fraction({"4CH": clip.label[..., frame]}, {"4CH": label}, told.spacing_mm)
            assert disk_volume_ml(diameters, length) == pytest.approx(single.edv_ml, rel=0.1)


def test_an_echonet_folder_is_replaced_only_on_request(echonet_root, tmp_path):
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
def test_an_impossible_echonet_phantom_is_refused(wrong, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_echonet_phantom(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()
