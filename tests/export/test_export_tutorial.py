"""The commands and the live loop of the export tutorial work as written, with tiny settings."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gdkvm_monai.networks.nets import GDKVM

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tutorials" / "export.md").read_text()
TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def test_the_slow_test_runs_every_command():
    programs = [" ".join(words[:3]) for words in commands()]
    assert programs.count("gdkvm export network") == 5
    assert programs.count("python -m monai.bundle") == 2
    assert len(programs) == 7


@pytest.mark.slow
def test_the_commands_and_the_live_loop_run(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    weights = tmp_path / "model.pt"
    torch.save(GDKVM(**TINY).state_dict(), weights)
    described = GDKVM(**TINY).options
    tiny = {
        "export network": [f"--override=network_def#{k}={v}" for k, v in described.items()]
        + ["--frames=3", f"--weights={weights}"],
        "monai.bundle": [f"--network_def#{k}={v}" for k, v in described.items()] + ["--input_shape", "[1,1,32,32,2]"],
    }
    for words in commands():
        line = shlex.join(words).replace("bundle/models/model.pt", str(weights)).replace("exports/", f"{tmp_path}/")
        (options,) = [options for name, options in tiny.items() if name in line]
        program = [sys.executable, *(["-m", "gdkvm_monai"] if words[0] == "gdkvm" else [])]
        result = subprocess.run(
            [*program, *shlex.split(line)[1:], *options], cwd=ROOT, capture_output=True, text=True, timeout=600
        )
        assert result.returncode == 0, line + result.stderr[-2000:]
    for name in ("clip.onnx", "step.onnx.json", "step.ts", "step.pt2", "triton/gdkvm_step/config.pbtxt", "monai.ts"):
        assert (tmp_path / name).is_file(), name
    (block,) = blocks("python")
    variables: dict = {}
    exec(block.replace("exports/", f"{tmp_path}/"), variables)
    assert variables["mask"].shape == (1, 256, 256)
