"""An interpreter that does not know the package, and files of random weights."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest
import torch

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory) -> Path:
    """An interpreter with every installed package but this one.

    A path file adds the installed packages; path files among them, by which an editable install is found, are not read.
    """
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.check_output([python, "-c", code], text=True).strip())
    installed = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (packages / "installed.pth").write_text("\n".join(installed) + "\n")
    return python


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Files of random weights: a tiny GDKVM with every option, and a tiny U-Net."""
    torch.manual_seed(0)
    sizes = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}
    networks = {
        "GDKVM": GDKVM(**sizes, write_gate="frame"),
        "U-Net": FrameByFrame("UNet", in_channels=1, out_channels=4, channels=[4, 8], strides=[2]),
    }
    files = {}
    for name, network in networks.items():
        files[name] = tmp_path_factory.mktemp(name) / "model.pt"
        torch.save(network.state_dict(), files[name])
        described = {"network": type(network).__name__, "network_options": network.options, "frame_size": (32, 32)}
        ModelCard(**described, weights_sha256=(file_sha256(files[name]),)).write(files[name].with_suffix(".json"))
    return files
