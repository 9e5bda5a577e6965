"""A wheel brings the configs, the released weights, their card and the licenses, and segments a clip by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest

import gdkvm_monai
from gdkvm_monai.configs import bundle_dir
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from gdkvm_monai.export.bundle.writer import WRITTEN
from gdkvm_monai.networks.card import read_card

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
WEIGHTS = bundle_dir() / "models" / "model.pt"


def succeeds(arguments: list, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = [str(argument) for argument in arguments]
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, f"{command}\n{result.stdout[-1000:]}{result.stderr[-2000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The package as a wheel, built from a copy of the sources."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", *WRITTEN)
    for name in ("gdkvm_monai", "bundle"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, source]
    succeeds(build, folder)
    return next(folder.glob("*.whl"))


def test_it_holds_what_the_bundle_needs_and_nothing_that_was_trained(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition("/data/share/gdkvm_monai/")[2] for name in archive.namelist()}
    configs = {f"bundle/configs/{path.name}" for path in (ROOT / "bundle" / "configs").iterdir()}
    others = {"bundle/LICENSE", "bundle/docs/data_license.txt", "bundle/models/model.pt", "bundle/models/model.json"}
    assert names - {""} == configs | others


def test_installed_alone_it_segments_a_clip_with_the_weights_that_it_brings(wheel, bare_python, tmp_path):
    succeeds([sys.executable, "-m", "pip", "--python", bare_python, "install", "--quiet", "--no-deps", wheel], tmp_path)
    clip = render_phantom_clip(EchoPhantom(1000), beats=0.3, frame_rate_hz=10, size=(64, 64))
    write_clip(tmp_path / "clip.nii.gz", clip, "nifti")
    command = bare_python.with_name("gdkvm")
    printed = succeeds(
        [command, "clip.nii.gz", "-o", "out", "--fast", "--overlay", "none", "--device", "cpu"], tmp_path
    )
    assert "clip 1 of 1" in printed
    (mask,) = tmp_path.glob("out/*/mask.nii.gz")
    own = gdkvm_monai.segment(tmp_path / "clip.nii.gz", device="cpu", fast=True)
    np.testing.assert_array_equal(np.asarray(nibabel.load(mask).dataobj), own.mask)
    told = succeeds([command, "info"], tmp_path)
    assert str(bare_python.parents[1]) in told and read_card(WEIGHTS).weights_sha256[0] in told
