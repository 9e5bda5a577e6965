"""The README's commands work as they stand there, on phantoms in place of CAMUS and with tiny settings."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gdkvm_monai.cli.main import main
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from tests.study.tiny_command import write_tiny_weights

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
TINY = ["--network_def#backbone=resnet18", "--network_def#width=8", "--network_def#decoder_width=32"]
TINY += ["--frame_size=[32,32]", "--device=cpu"]
TINY_TRAINING = ["--num_frames=2", "--batch_size=2", "--epochs=1", "--iterations_per_epoch=1"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("#  ")[0].strip() for block in blocks("bash") for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_every_command_is_one_that_is_run_somewhere():
    ci = (ROOT / ".ci" / "run").read_text()
    for command in commands():
        program = command.split("   ")[0].strip()
        assert (
            program in ci if program.startswith("make") else command.startswith(("python -m monai.bundle run", "gdkvm"))
        )


@pytest.fixture(scope="module")
def bundle_root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("bundle")


def test_the_bundle_commands_run_in_the_order_of_the_readme(phantom_root, bundle_root):
    bundle_commands = [command for command in commands() if "monai.bundle" in command]
    assert [command.split()[4] for command in bundle_commands] == ["training", "training", "evaluating", "inference"]
    for command in bundle_commands:
        line = command.replace("/path/to/CAMUS", str(phantom_root)).replace("/path/to/clips", str(phantom_root))
        line = line.replace("--bundle_root bundle", f"--bundle_root {bundle_root}").replace("runs/", f"{bundle_root}/")
        arguments = [sys.executable, *shlex.split(line)[1:], *TINY]
        arguments += ["--pattern=**/patient0001_4CH_ED.nii.gz"] if "inference" in command else TINY_TRAINING
        result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr[-2000:]
    assert (bundle_root / "stills" / "models" / "model.pt").is_file()
    mask = "inference/**/patient0001/patient0001_4CH_ED_seg.nii.gz"
    for name in (
        "eval/per_frame.csv",
        "eval/metrics.json",
        "training/learning_curve.png",
        "training/config.json",
        mask,
    ):
        assert list((bundle_root / "paper").glob(name)), name


def test_the_gdkvm_commands_run_on_phantoms(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bundle" / "models").mkdir(parents=True)
    (tmp_path / "bundle" / "configs").symlink_to(ROOT / "bundle" / "configs")
    write_tiny_weights(tmp_path / "bundle" / "models")
    monkeypatch.setattr("gdkvm_monai.configs.location.bundle_dir", lambda: tmp_path / "bundle")
    for name, view in (("a4c", "4CH"), ("a2c", "2CH")):
        clip = render_phantom_clip(EchoPhantom(len(name)), view, beats=1, frame_rate_hz=10, size=(32, 32))
        write_clip(f"{name}.dcm", clip, "dicom")
    gdkvm_commands = [command for command in commands() if command.startswith("gdkvm")]
    small = "--size 48 48 --beats 1.2 --frame-rate 25".split()
    for command in gdkvm_commands:
        words = shlex.split(command)[1:]
        assert main([*words, *(small if words[0] == "phantom" else [])]) == 0, command
    assert len(list(Path("out").glob("*/report.html"))) == 4 and len(list(Path("out").glob("*/biplane.json"))) == 1
    assert "clip 1 of 1" in capsys.readouterr().out


def test_the_picture_is_drawn_from_the_first_two_commands(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    picture = importlib.import_module("readme_picture")
    phantom, segment = picture.first_commands(README)
    assert phantom[0] == "phantom" and segment[0] == f"{phantom[1]}/dicom/phantom0001_4CH.dcm" and "-o" in segment
    clip = render_phantom_clip(EchoPhantom(1), beats=1.2, frame_rate_hz=25, size=(48, 40))
    (tmp_path / "nifti").mkdir()
    write_clip(tmp_path / "dicom" / "a.dcm", clip, "dicom")
    write_clip(tmp_path / "nifti" / "a.nii.gz", clip, "nifti")
    label = tmp_path / "nifti" / "a_label.nii.gz"
    (tmp_path / "out" / "1").mkdir(parents=True)
    shutil.copy(label, tmp_path / "out" / "1" / "mask.nii.gz")
    (tmp_path / "out" / "1" / "measurements.json").write_text('{"beats": [{"ed_frame": 2}, {"ed_frame": 9}]}')
    truth = {"frame_rate_hz": 25, "spacing_mm": [1.0, 1.0]}
    frames, rate_hz = picture.draw_beat(tmp_path / "dicom" / "a.dcm", tmp_path / "out", truth, 40)
    assert rate_hz == 12.5 and frames.shape == (4, 40, 33, 3), "frames 2, 4, 6, and 8 of the first beat"
    assert (frames == 255).all(-1).any(), "the true contours are white"


def test_the_python_lines_run():
    (block,) = blocks("python")
    variables: dict = {}
    exec(block, variables)
    assert variables["logits"].shape == (1, 4, 128, 128, 10)


def test_every_link_to_the_project_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert len(links) > 8
    assert not [link for link in links if not (ROOT / link.split("#")[0]).exists()]
