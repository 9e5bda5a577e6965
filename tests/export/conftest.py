"""Networks, and their ONNX files."""

from __future__ import annotations

import pytest

from gdkvm_monai import export as exports
from gdkvm_monai.networks.nets import GDKVM
from tests.export.tiny_network import LIGHT, TINY, tiny_network


@pytest.fixture(scope="session", params=[TINY, LIGHT], ids=["paper", "light"])
def network(request) -> GDKVM:
    return tiny_network(request.param)


@pytest.fixture(scope="session")
def onnx_files(network, tmp_path_factory) -> dict:
    """Both forms in ONNX; the clip is composed of the step, so that PyTorch exports once."""
    onnx = pytest.importorskip("onnx")
    root = tmp_path_factory.mktemp("onnx")
    exports.write_triton_repository(network, root, (32, 48))
    files = {"step": root / "gdkvm_step" / "1" / "model.onnx", "clip": root / "clip.onnx"}
    onnx.save(exports.clip_from_step(onnx.load(files["step"])), files["clip"])
    return files
