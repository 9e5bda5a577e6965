"""A real MONAI Label server on a real DICOMweb archive: clips are segmented there, and masks filed with them."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import nibabel
import numpy as np
import pytest

from tests.archive.orthanc import PLUGIN, PROGRAM, Orthanc, free_port, running_orthanc
from tests.label.conftest import MODEL, Server, running_server
from tests.label.test_monai_label import ROUNDING, infer, logged, outside, post, share_that_differs

pytestmark = [
    pytest.mark.label,
    pytest.mark.skipif(not (PROGRAM and PLUGIN), reason="Orthanc is absent; apt-get install orthanc orthanc-dicomweb"),
]
APP = Path(__file__).resolve().parents[2] / "docs" / "label" / "main.py"
STORE = {"save_label": True, "label_tag": "final"}


class Archived(NamedTuple):
    """A server on an archive, the archive, and the clips that were uploaded, by name."""

    server: Server
    archive: Orthanc
    clips: dict[str, Path]

    def uid(self, clip: str) -> str:
        return header(self.clips[clip]).SOPInstanceUID

    def segmentations(self, clip: str) -> list:
        """The segmentations in the study of a clip, oldest first."""
        study = header(self.clips[clip]).StudyInstanceUID
        found = []
        for name in self.archive.ask("instances"):
            tags = self.archive.ask(f"instances/{name}/simplified-tags")
            if (tags["StudyInstanceUID"], tags["Modality"]) == (study, "SEG"):
                with urlopen(f"http://127.0.0.1:{self.archive.http}/instances/{name}/file", timeout=60) as answer:
                    found.append(pydicom().dcmread(io.BytesIO(answer.read())))
        return sorted(found, key=lambda data: data.SegmentSequence[0].SegmentAlgorithmType)


def pydicom():
    return pytest.importorskip("pydicom")


def header(path: Path):
    return pydicom().dcmread(path, stop_before_pixels=True)


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> dict[str, Path]:
    """A phantom in gray and in color, a study each."""
    pytest.importorskip("monailabel", reason="monailabel is not installed; run make label-test")
    from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
    from gdkvm_monai.data.phantom.dicom_writer import write_dicom

    folder = tmp_path_factory.mktemp("dicom")
    clip = render_phantom_clip(EchoPhantom(15), "4CH", 0.4, 25, (96, 96))
    write_clip(folder / "gray.dcm", clip, "dicom", patient_name="Doe^Jane", patient_id="secret-1")
    write_dicom(folder / "color.dcm", clip, "RGB", patient_name="Doe^Jane", patient_id="secret-2")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def archived(app, clips, tmp_path_factory) -> Iterator[Archived]:
    folder = tmp_path_factory.mktemp("archived")
    (folder / "app").mkdir()
    shutil.copy(APP, folder / "app")
    shutil.copytree(app / "model", folder / "app" / "model")
    with running_orthanc(folder / "orthanc", free_port()) as archive:
        for path in clips.values():
            archive.ask("instances", path.read_bytes())
        url = f"http://127.0.0.1:{archive.http}/dicom-web"
        cache = {"MONAI_LABEL_DICOMWEB_CACHE_PATH": str(folder / "cache")}
        with running_server(folder / "app", url, folder, **cache) as server:
            yield Archived(server._replace(studies=folder / "cache"), archive, clips)


def stored_masks(segmentation) -> np.ndarray:
    """The class indices of a stored segmentation, ``(H, W, T)`` as in a clip."""
    planes = segmentation.pixel_array
    planes = planes.reshape(len(segmentation.SegmentSequence), -1, *planes.shape[1:])
    return sum(value * plane for value, plane in enumerate(planes, 1)).transpose(2, 1, 0)


@pytest.mark.parametrize("clip", ["gray", "color"])
def test_a_clip_of_the_archive_is_segmented_as_without_a_server_and_its_masks_are_filed_with_it(
    archived, clip, tmp_path
):
    path, before = archived.clips[clip], archived.segmentations(clip)
    mask = np.asarray(infer(archived.server, archived.uid(clip)).dataobj)
    assert set(np.unique(mask)) == {0, 1, 2, 3}
    assert share_that_differs(mask, outside(archived.server, path, tmp_path)) <= ROUNDING
    assert not before and not archived.segmentations(clip)
    infer(archived.server, archived.uid(clip), **STORE)
    (stored,) = archived.segmentations(clip)
    (reference,) = stored.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert reference.ReferencedSOPInstanceUID == archived.uid(clip)
    assert (stored.PatientName, stored.PatientID) == ("Doe^Jane", header(path).PatientID)
    assert stored.SegmentSequence[0].SegmentAlgorithmType == "AUTOMATIC"
    assert np.array_equal(stored_masks(stored), mask)


def test_color_changes_no_mask_of_a_gray_clip(archived):
    gray, color = (np.asarray(infer(archived.server, archived.uid(clip)).dataobj) for clip in ("gray", "color"))
    assert np.array_equal(gray, color)


def save(archived: Archived, clip: str, label: np.ndarray, folder: Path):
    """Submit a label as an annotation tool does."""
    requests = pytest.importorskip("requests")
    nibabel.save(nibabel.Nifti1Image(label, np.eye(4)), folder / "label.nii.gz")
    return requests.put(
        f"{archived.server.url}/datastore/label",
        params={"image": archived.uid(clip), "tag": "final"},
        files={"label": ("label.nii.gz", (folder / "label.nii.gz").read_bytes())},
        timeout=60,
    )


def test_a_corrected_mask_is_filed_as_edited_and_one_of_another_size_is_refused(archived, tmp_path):
    mask = np.asarray(infer(archived.server, archived.uid("gray")).dataobj).copy()
    mask[:4, :4] = 2
    before = len(archived.segmentations("gray"))
    assert save(archived, "gray", mask[..., 1:], tmp_path).status_code == 500
    assert len(archived.segmentations("gray")) == before
    save(archived, "gray", mask, tmp_path).raise_for_status()
    stored = archived.segmentations("gray")
    assert len(stored) == before + 1
    assert stored[-1].SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert np.array_equal(stored_masks(stored[-1]), mask)


def test_a_real_clip_with_color_is_segmented_inside_its_region_and_its_masks_are_filed(archived, real_data):
    path = real_data / "clips" / "a4c_120_frames.dcm"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    archived.archive.ask("instances", path.read_bytes())
    real = archived._replace(clips={"real": path})
    mask = np.asarray(infer(real.server, real.uid("real"), **STORE).dataobj)
    region = header(path).SequenceOfUltrasoundRegions[0]
    columns = slice(region.RegionLocationMinX0, region.RegionLocationMaxX1 + 1)
    rows = slice(region.RegionLocationMinY0, region.RegionLocationMaxY1 + 1)
    assert mask.shape == (640, 480, 120)
    assert mask.any() and mask[columns, rows].sum() == mask.sum()
    (stored,) = real.segmentations("real")
    assert np.array_equal(stored_masks(stored), mask)


def test_final_labels_of_archived_clips_train_the_network(archived):
    requests = pytest.importorskip("requests")
    before = np.asarray(infer(archived.server, archived.uid("gray"), **STORE).dataobj)
    infer(archived.server, archived.uid("color"), **STORE)
    options = {"device": "cpu", "max_epochs": 1, "val_split": 0.5, "multi_gpu": False}
    url = f"{archived.server.url}/train/{MODEL}"
    requests.post(url, params={"run_sync": True}, json=options, timeout=600).raise_for_status()
    assert not np.array_equal(infer(archived.server, archived.uid("gray")).dataobj, before)


def test_clips_are_offered_until_they_have_a_final_label(archived):
    requests = pytest.importorskip("requests")
    url = f"{archived.server.url}/activelearning/first"
    labeled = {archived.uid(clip) for clip in archived.clips if archived.segmentations(clip)}
    offered = requests.post(url, json={}, timeout=60).json().get("id")
    assert labeled and offered not in labeled


def test_an_unknown_clip_is_refused_and_no_log_names_the_patient(archived):
    assert post(archived.server, "1.2.3").status_code == 500
    assert logged(archived.server, "expected the SOP Instance UID of a clip in the archive")
    assert not any(text in archived.server.log.read_text() for text in ("Doe", "secret"))


def test_dcmqi_which_the_stock_app_would_call_refuses_an_ultrasound_clip(clips, tmp_path):
    label, meta = tmp_path / "label.nii.gz", tmp_path / "meta.json"
    nibabel.save(
        nibabel.Nifti1Image(np.ones((96, 96, header(clips["gray"]).NumberOfFrames), np.uint8), np.eye(4)), label
    )
    code = {"CodeValue": "80891009", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Heart"}
    segment = {"labelID": 1, "SegmentDescription": "Heart", "SegmentAlgorithmType": "MANUAL"}
    segment |= {f"SegmentedProperty{name}CodeSequence": code for name in ("Category", "Type")}
    meta.write_text(json.dumps({"segmentAttributes": [[segment]], "ContentCreatorName": "Reader"}))
    (tmp_path / "clip").mkdir()
    shutil.copy(clips["gray"], tmp_path / "clip")
    command = [Path(sys.executable).parent / "itkimage2segimage", "--inputImageList", label, "--inputMetadata", meta]
    command += ["--inputDICOMDirectory", tmp_path / "clip", "--outputDICOM", tmp_path / "out.dcm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "Tag not found" in done.stdout + done.stderr and not (tmp_path / "out.dcm").exists()
