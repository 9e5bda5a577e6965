"""A real MONAI Label server with the exported bundle, through its REST interface, from first mask to training."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.label.conftest import MODEL, Server, run_bundle

pytestmark = pytest.mark.label
ED = 0
ROUNDING = 1e-4
"""Share of pixels in which the server and the bundle may differ: where two logits are equal but for rounding."""


def infer(server: Server, image: str = "", file: Path | None = None, **parameters) -> nibabel.Nifti1Image:
    """The mask that the server returns for a clip of its studies, or for an uploaded one."""
    response = post(server, image, file, **parameters)
    response.raise_for_status()
    path = server.studies.parent / "received.nii.gz"
    path.write_bytes(response.content)
    mask = nibabel.load(path)
    return nibabel.Nifti1Image(np.asarray(mask.dataobj).copy(), mask.affine, mask.header)


def post(server: Server, image: str = "", file: Path | None = None, **parameters):
    requests = pytest.importorskip("requests")
    files = {"params": (None, json.dumps({"device": "cpu", **parameters}))}
    if file is not None:
        files["file"] = (file.name, file.read_bytes())
    url = f"{server.url}/infer/{MODEL}"
    return requests.post(url, params={"image": image, "output": "image"}, files=files, timeout=300)


def save_label(server: Server, image: str, label: np.ndarray, tmp_path: Path) -> None:
    """Store a label of a clip as an annotation tool does."""
    requests = pytest.importorskip("requests")
    path = tmp_path / "label.nii.gz"
    nibabel.save(nibabel.Nifti1Image(label, nibabel.load(server.studies / f"{image}.nii.gz").affine), path)
    response = requests.put(
        f"{server.url}/datastore/label",
        params={"image": image, "tag": "final"},
        files={"label": (path.name, path.read_bytes())},
        timeout=60,
    )
    response.raise_for_status()


def outside(server: Server, clip: Path, out: Path) -> np.ndarray:
    """The mask of the same bundle without a server."""
    options = ["--dataset_dir", str(clip), "--output_dir", str(out), "--device", "$torch.device('cpu')"]
    run_bundle("inference", ["configs/inference.json"], *options, cwd=server.bundle)
    return np.asarray(nibabel.load(next(out.glob("*_seg.nii.gz"))).dataobj)


def share_that_differs(mask: np.ndarray, other: np.ndarray) -> float:
    """Share of the pixels in which two masks of one size differ."""
    assert mask.shape == other.shape
    share = float((mask != other).mean())
    print(f"{share:.2e} of the pixels differ")
    return share


def logged(server: Server, text: str) -> bool:
    """Whether the server's log says something, which may come a moment after the response."""
    for _ in range(50):
        if text in server.log.read_text():
            return True
        time.sleep(0.2)
    return False


def dice(mask: np.ndarray, truth: np.ndarray, value: int = 1) -> float:
    mask, truth = mask == value, truth == value
    return float(2 * (mask & truth).sum() / max(1, mask.sum() + truth.sum()))


def test_the_server_names_structures_dimension_and_version(server):
    requests = pytest.importorskip("requests")
    info = requests.get(f"{server.url}/info/", timeout=60).json()
    model, metadata = info["models"][MODEL], json.loads((server.bundle / "configs" / "metadata.json").read_text())
    assert model["labels"] == {"left ventricle": 1, "myocardium": 2, "left atrium": 3}
    assert (model["type"], model["dimension"], model["version"]) == ("segmentation", 3, metadata["version"])
    assert MODEL in info["trainers"] and {"correction", "correction_frame"} <= set(model["config"])


def test_a_clip_comes_back_on_its_own_grid_and_as_it_does_without_a_server(server, truth, tmp_path):
    path = server.studies / "patient0015.nii.gz"
    mask, clip = infer(server, "patient0015"), nibabel.load(path)
    pixels = np.asarray(mask.dataobj)
    assert mask.shape == clip.shape and set(np.unique(pixels)) == {0, 1, 2, 3}
    np.testing.assert_allclose(mask.affine, clip.affine, atol=1e-5)
    assert share_that_differs(pixels, outside(server, path, tmp_path)) <= ROUNDING
    assert dice(pixels, truth["patient0015"]) > 0.5


def test_a_real_cine_comes_back_on_its_own_grid_and_as_it_does_without_a_server(server, real_data, tmp_path):
    path = next((real_data / "camus").glob("**/*_half_sequence.nii.gz"), None)
    if path is None:
        pytest.skip(f"no half sequence in {real_data}")
    shutil.copy(path, tmp_path / "cine.nii.gz")
    mask, clip = infer(server, file=tmp_path / "cine.nii.gz"), nibabel.load(path)
    assert mask.shape == clip.shape and set(np.unique(np.asarray(mask.dataobj))) <= {0, 1, 2, 3}
    np.testing.assert_allclose(mask.affine, clip.affine, atol=1e-5)
    assert share_that_differs(np.asarray(mask.dataobj), outside(server, path, tmp_path)) <= ROUNDING


def test_an_uploaded_clip_gives_the_mask_of_the_stored_one_and_is_not_kept(server):
    before = sorted(server.studies.glob("*.nii.gz"))
    uploaded = infer(server, file=server.studies / "patient0015.nii.gz")
    assert np.array_equal(uploaded.dataobj, infer(server, "patient0015").dataobj)
    assert sorted(server.studies.glob("*.nii.gz")) == before


def test_a_batch_labels_every_clip(server):
    requests = pytest.importorskip("requests")
    options = {"device": "cpu", "label_tag": "original", "max_workers": 1, "multi_gpu": False}
    response = requests.post(
        f"{server.url}/batch/infer/{MODEL}", params={"images": "all", "run_sync": True}, json=options, timeout=600
    )
    response.raise_for_status()
    for patient in ("patient0015", "patient0016"):
        label = nibabel.load(server.studies / "labels" / "original" / f"{patient}.nii.gz")
        assert np.array_equal(label.dataobj, infer(server, patient).dataobj)


def test_frames_after_a_corrected_one_follow_it_and_those_before_stay(server, truth, tmp_path):
    before, frame = np.asarray(infer(server, "patient0016").dataobj), 2
    save_label(server, "patient0016", truth["patient0016"], tmp_path)
    parameters = {"correction": "final", "correction_frame": frame}
    after = np.asarray(infer(server, "patient0016", **parameters).dataobj)
    assert np.array_equal(after[..., :frame], before[..., :frame])
    assert np.array_equal(after[..., frame], truth["patient0016"][..., frame])
    later = truth["patient0016"][..., frame + 1 :]
    scores = [np.mean([dice(mask[..., frame + 1 :], later, value) for value in (1, 2, 3)]) for mask in (before, after)]
    assert scores[1] > scores[0] + 0.01
    assert np.array_equal(infer(server, "patient0016").dataobj, before)  # nothing of it stays in the server


def test_a_correction_that_does_not_fit_is_refused_with_a_reason(server):
    assert post(server, "patient0016", correction="final", correction_frame="99").status_code == 500
    assert logged(server, "correction_frame is [99], but the clip has")
    assert post(server, "patient0016", correction="../../secret", correction_frame=0).status_code == 500
    assert logged(server, "use a label tag, or a path inside the folder of the clips")


def test_training_with_two_drawn_frames_of_each_clip_does_not_empty_the_others(server, truth, tmp_path):
    requests = pytest.importorskip("requests")
    drawn = {"patient0015": (ED, 5), "patient0016": (ED, 4)}
    before = {patient: np.asarray(infer(server, patient).dataobj) for patient in drawn}
    for patient, frames in drawn.items():
        label = np.zeros_like(truth[patient])
        label[..., list(frames)] = truth[patient][..., list(frames)]
        save_label(server, patient, label, tmp_path)
    options = {"device": "cpu", "max_epochs": 1, "val_split": 0.5, "multi_gpu": False}
    url = f"{server.url}/train/{MODEL}"
    requests.post(url, params={"run_sync": True}, json=options, timeout=600).raise_for_status()
    after = {patient: np.asarray(infer(server, patient).dataobj) for patient in drawn}
    assert not np.array_equal(after["patient0015"], before["patient0015"])
    for patient, frames in drawn.items():
        others = [frame for frame in range(truth[patient].shape[-1]) if frame not in frames]
        scores = [dice(mask[patient][..., others], truth[patient][..., others]) for mask in (before, after)]
        assert scores[1] > scores[0] - 0.05, patient
