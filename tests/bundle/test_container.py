"""The container's steps give a command that segments as another user, with a read-only root and without a network.

Docker itself is not needed: the steps run on this machine, and Linux namespaces take away network and write access.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import pytest

import gdkvm_monai
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from tests.bundle.container import Build, is_ignored, read_instructions

ROOT = Path(__file__).resolve().parents[2]
NAMESPACES = ("unshare", "--mount", "--net")
# Everything is read-only but /tmp and the results. The user may read everything, because the interpreter from which the
# virtual environment was made may be private; another test checks that the image itself does not need that.
CONFINE = """
set -e
mount --bind "$ROOT" "$ROOT"
mount --bind "$OUT" "$OUT"
mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs "$ROOT/tmp"
mount -o remount,bind,ro "$ROOT"
mount -o remount,bind,ro /
cd "$WORKDIR"
exec setpriv --reuid ${IMAGE_USER%:*} --regid ${IMAGE_USER#*:} --clear-groups --no-new-privs --bounding-set=-all,$READ \
    --inh-caps=-all,$READ --ambient-caps=-all,$READ -- env -i "$@"
"""


def test_only_what_is_named_enters_the_image():
    rules = (ROOT / ".dockerignore").read_text()
    kept = ["setup.cfg", "gdkvm_monai/labels.py", "bundle/models/model.pt", "bundle/configs/train.json"]
    left = [
        ".git/config",
        "tests/conftest.py",
        "bundle/models/mine.pt",
        "bundle/eval/a.csv",
        "gdkvm_monai/__pycache__/a",
    ]
    assert [is_ignored(PurePosixPath(path), rules) for path in kept] == [False] * len(kept)
    assert [is_ignored(PurePosixPath(path), rules) for path in left] == [True] * len(left)


def test_the_image_pins_the_tested_torch_and_names_no_root_user():
    instructions = list(read_instructions((ROOT / "Dockerfile").read_text()))
    (pin,) = (line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch=="))
    assert any(pin in rest.split() for keyword, rest in instructions if keyword == "RUN")
    (user,) = (rest for keyword, rest in instructions if keyword == "USER")
    assert all(int(number) > 0 for number in user.split(":"))


@pytest.fixture(scope="module")
def image() -> Iterator[Build]:
    """The image, with PyTorch from the index that pip uses here, in a folder that other users may enter."""
    if subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine or user cannot make namespaces (unshare --mount --net)")
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple")
    with TemporaryDirectory(prefix="gdkvm-container-") as folder:
        os.chmod(folder, 0o755)
        yield Build(ROOT / "Dockerfile", Path(folder) / "root", {"TORCH_INDEX": index})


@pytest.fixture()
def out(image) -> Path:
    """An empty folder that belongs to the user of the image."""
    out = image.root.with_name("out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    os.chown(out, *map(int, image.value("USER").split(":")))
    return out


@pytest.fixture()
def run(image, out):
    """Run a command in the image as its user, with a network of its own that leads nowhere."""
    user = image.value("USER")
    paths = {"ROOT": str(image.root), "OUT": str(out), "WORKDIR": image.below(image.value("WORKDIR"))}
    host = {**os.environ, **paths, "IMAGE_USER": user, "READ": "+dac_read_search"}

    def run(*words: object) -> subprocess.CompletedProcess:
        inside = [f"{name}={value}" for name, value in image.environment.items()]
        command = [*NAMESPACES, "sh", "-c", CONFINE, "sh", *inside, *map(str, words)]
        return subprocess.run(command, env=host, capture_output=True, text=True, timeout=600)

    return run


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--engine", "onnxruntime"]], ids=["default", "exports a step to its cache"])
def test_it_segments_a_clip_with_the_weights_inside(options, image, run, out):
    clip = render_phantom_clip(EchoPhantom(1000), beats=0.3, frame_rate_hz=10, size=(64, 64))
    file = image.root.with_name("clip.dcm")
    write_clip(file, clip, "dicom", overwrite=True)
    formats = ["--format", "nifti", "dicom-seg", "--device", "cpu"]
    done = run(*image.entrypoint, file, "-o", out, *formats, *options)
    assert done.returncode == 0, done.stderr
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    assert {"report.html", "overlay.gif", "mask.nii.gz", "seg.dcm"} <= {path.name for path in folder.iterdir()}
    mask = np.asarray(nibabel.load(folder / "mask.nii.gz").dataobj)
    own = gdkvm_monai.segment(file, device="cpu", fast=True).mask
    assert own.any() and np.mean(mask == own) >= (0.999 if options else 1)


@pytest.mark.slow
def test_nothing_but_tmp_can_be_written_and_no_address_reached(image, run):
    for place in (image.root / "opt" / "gdkvm" / "bin" / "new", image.root / "new"):
        assert "Read-only file system" in run("touch", place).stderr
    assert run("touch", image.root / "tmp" / "new").returncode == 0
    connect = "import os, socket; print(os.getuid()); socket.create_connection(('127.0.0.1', 9))"
    done = run("python", "-c", connect)
    assert done.stdout.split() == [image.value("USER").partition(":")[0]] and "unreachable" in done.stderr


@pytest.mark.slow
def test_its_own_user_may_read_all_that_is_installed_and_the_sources_are_gone(image):
    modes = [path.stat().st_mode for path in (image.root / "opt").rglob("*") if not path.is_symlink()]
    assert modes and all(mode & stat.S_IROTH and (mode & stat.S_IXOTH or not stat.S_ISDIR(mode)) for mode in modes)
    assert sorted(path.name for path in image.root.iterdir()) == ["opt", "tmp"]
