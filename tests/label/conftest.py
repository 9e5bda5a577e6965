"""A MONAI Label server with the exported bundle, without a way to the network, and phantom clips to annotate."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.archive.orthanc import free_port

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parents[1] / "bundle" / "configs"
MODEL = "echo_video_gdkvm_segmentation"
NO_NETWORK = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1"}


class Server(NamedTuple):
    """Where a server listens, and what it works on."""

    url: str
    studies: Path
    bundle: Path
    log: Path


def run_bundle(run_id: str, files: list[str], *options: str, cwd: Path) -> None:
    """Run a bundle as a user does, outside the server."""
    line = [sys.executable, "-m", "monai.bundle", "run", run_id, "--config_file", str(files), *options]
    path = str(HERE.parents[1]) if cwd != HERE.parents[1] else ""
    done = subprocess.run(line, cwd=cwd, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory) -> Path:
    """Phantom patients 1 to 12 for training, 13 and 14 for validation, 15 and 16 to annotate."""
    pytest.importorskip("monailabel", reason="monailabel is not installed; run make label-test")
    from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom

    root = tmp_path_factory.mktemp("phantoms")
    return write_camus_phantom(root, PhantomSettings((12, 2, 2), (96, 96), frames=(8, 9)), progress=False)


@pytest.fixture(scope="session")
def app(tmp_path_factory, phantoms) -> Path:
    """MONAI Label's bundle app with the exported bundle, whose network was trained for a minute."""
    from gdkvm_monai.export.bundle import export_bundle

    folder = tmp_path_factory.mktemp("apps")
    files = [str(CONFIGS / "train.json"), str(HERE / "small_bundle.yaml")]
    options = ["--bundle_root", str(folder / "trained"), "--dataset_dir", str(phantoms)]
    run_bundle("training", files, *options, cwd=folder)
    command = [sys.executable, "-m", "monailabel.main", "apps", "--download", "--name", "monaibundle"]
    subprocess.run([*command, "--output", str(folder)], cwd=folder, check=True, capture_output=True)
    weights = folder / "trained" / "models" / "model_final.pt"
    export_bundle(folder / "monaibundle" / "model", MODEL, weights, overlays=[HERE / "small_bundle.yaml"])
    return folder / "monaibundle"


@pytest.fixture(scope="session")
def server(app, phantoms, tmp_path_factory) -> Iterator[Server]:
    """A running server on a folder of NIfTI clips."""
    studies = tmp_path_factory.mktemp("studies")
    for patient in ("patient0015", "patient0016"):
        name = f"{patient}_4CH_half_sequence.nii.gz"
        shutil.copy(phantoms / "database_nifti" / patient / name, studies / f"{patient}.nii.gz")
    with running_server(app, studies, studies.parent) as running:
        yield running


@contextmanager
def running_server(app: Path, studies: Path | str, folder: Path, **variables: str) -> Iterator[Server]:
    """Run a server, whose log is in ``folder``, with additional environment variables; stop it also after an error."""
    import requests

    port = free_port()
    command = [sys.executable, "-m", "monailabel.main", "start_server", "--app", str(app), "--studies", str(studies)]
    command += ["--conf", "models", MODEL, "--conf", "zoo_source", "ngc", "--host", "127.0.0.1", "--port", str(port)]
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    log = folder / "server.log"
    with open(log, "w") as file:
        environment = {**inherited, **NO_NETWORK, **variables}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
    try:
        running = Server(f"http://127.0.0.1:{port}", Path(studies), app / "model" / MODEL, log)
        for _ in range(180):
            assert process.poll() is None, log.read_text()[-3000:]
            try:
                requests.get(f"{running.url}/info/", timeout=60).raise_for_status()
                break
            except requests.ConnectionError:
                time.sleep(1)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def truth(phantoms) -> dict[str, np.ndarray]:
    """The true masks of the clips to annotate, ``(H, W, T)``."""
    import nibabel

    def load(patient: str) -> np.ndarray:
        path = phantoms / "database_nifti" / patient / f"{patient}_4CH_half_sequence_gt.nii.gz"
        return np.asarray(nibabel.load(path).dataobj)

    return {patient: load(patient) for patient in ("patient0015", "patient0016")}
