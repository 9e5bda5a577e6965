"""One exported bundle for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from gdkvm_monai.export.bundle import export_bundle
from gdkvm_monai.networks.nets import GDKVM
from tests.export.bundle.tiny_network import NAME, OPTIONS, TINY


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Weights of a tiny network, their card, and the overlay that defines it."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    torch.save({"model": GDKVM(**OPTIONS).state_dict()}, folder / "trained.pt")
    (folder / "model.json").write_text('{"license": "Apache-2.0"}')
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return folder


@pytest.fixture(scope="session")
def bundle(folder) -> Path:
    """A bundle with weights; do not write here."""
    return export_bundle(folder / "out", NAME, folder / "trained.pt", overlays=[folder / "tiny.yaml"])
