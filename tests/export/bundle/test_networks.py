"""A bundle also holds its network as TorchScript and ``torch.export``, checked against the weights beside them."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.configs import find_config
from gdkvm_monai.export.bundle import export_bundle, networks
from gdkvm_monai.export.formats import open_export
from gdkvm_monai.networks.checkpoint import load_weights
from gdkvm_monai.networks.nets import GDKVM
from tests.export.bundle.tiny_network import NAME, OPTIONS


@pytest.fixture(scope="module")
def exported(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("formats")
    overlays = [folder / "tiny.yaml"]
    return export_bundle(out, NAME, folder / "trained.pt", overlays=overlays, formats=tuple(networks.NETWORK_FILES))


@pytest.mark.parametrize("format, name", networks.NETWORK_FILES.items())
def test_each_file_gives_the_logits_of_the_weights(exported, format, name):
    network = GDKVM(**OPTIONS).eval()
    load_weights(network, exported / "models" / "model.pt")
    clip = torch.rand(1, 1, 32, 48, 4)
    with torch.no_grad():
        expected = network(clip)
    (logits,) = open_export(exported / "models" / name, format)(clip)
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-4)


def test_a_bundle_has_no_such_file_unless_it_is_wanted(bundle):
    assert sorted(path.name for path in (bundle / "models").iterdir()) == ["model.json", "model.pt"]


def test_a_file_that_differs_from_the_weights_is_refused_and_nothing_is_written(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "largest_difference", lambda *arguments: float("nan"))
    with pytest.raises(ValueError, match="model.ts differs .* nan"):
        weights, overlays = folder / "trained.pt", [folder / "tiny.yaml"]
        export_bundle(tmp_path, NAME, weights, overlays=overlays, formats=["torchscript"])
    assert not list(tmp_path.iterdir())


def test_a_format_that_is_unknown_or_has_no_weights_is_refused(tmp_path):
    with pytest.raises(ValueError, match="onnx"):
        export_bundle(tmp_path, NAME, formats=["onnx"])
    with pytest.raises(ValueError, match="torchscript"):
        export_bundle(tmp_path, NAME, overlays=[find_config("unet_memory_network.yaml")], formats=["torchscript"])
    with pytest.raises(ValueError, match="torchscript"):
        export_bundle(tmp_path, NAME, weights_url="https://example.org/model.pt", formats=["torchscript"])
