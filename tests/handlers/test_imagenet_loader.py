"""ImageNet weights are loaded when training starts, only from the configured source."""

from __future__ import annotations

import socket

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from gdkvm_monai.handlers import ImageNetLoader
from gdkvm_monai.networks.blocks import ResNetKeyEncoder


class Network(nn.Module):
    """The smallest network with a key encoder."""

    def __init__(self, backbone: str = "resnet18") -> None:
        super().__init__()
        self.key_encoder = ResNetKeyEncoder(in_channels=3, backbone=backbone)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Any attempt to reach another machine fails the test."""

    def refuse(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    """A state dict with the names and shapes of ImageNet's, classifier included."""
    state_dict = {name: value.clone() for name, value in ResNetKeyEncoder(3, "resnet18").state_dict().items()}
    return state_dict | {"layer4.0.conv1.weight": torch.rand(512, 256, 3, 3), "fc.weight": torch.rand(1000, 512)}


def start(loader: ImageNetLoader) -> None:
    engine = Engine(lambda engine, batch: None)
    loader.attach(engine)
    engine.run([0], max_epochs=1)


def loaded(network: Network, weights: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, weights[name]) for name, value in network.key_encoder.state_dict().items())


def test_a_local_file_is_loaded_when_training_starts_and_not_before(weights, tmp_path):
    torch.save(weights, tmp_path / "resnet18.pth")
    network = Network()
    loader = ImageNetLoader(network, tmp_path / "resnet18.pth")
    assert not loaded(network, weights)
    start(loader)
    assert loaded(network, weights)


def test_a_network_wrapped_for_several_gpus_is_unwrapped(weights, tmp_path):
    torch.save(weights, tmp_path / "resnet18.pth")
    network = Network()
    start(ImageNetLoader(nn.DataParallel(network), tmp_path / "resnet18.pth"))
    assert loaded(network, weights)


def test_an_address_is_fetched_only_when_training_starts_and_as_weights_only(weights, monkeypatch):
    calls = []

    def fetch(url, **options):
        calls.append((url, options))
        return weights

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fetch)
    network = Network()
    loader = ImageNetLoader(network, "https://example.org/resnet18.pth")
    assert calls == []
    start(loader)
    ((url, options),) = calls
    assert url == "https://example.org/resnet18.pth" and options["weights_only"] is True
    assert loaded(network, weights)


@pytest.fixture
def package(tmp_path, monkeypatch, weights) -> str:
    """An installed package that carries weights, and fails when it is imported."""
    info = tmp_path / "some_weights-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-weights\nVersion: 1.0\n")
    (info / "RECORD").write_text("some_weights/__init__.py,,\nsome_weights/models/resnet18.pth,,\n")
    (tmp_path / "some_weights" / "models").mkdir(parents=True)
    (tmp_path / "some_weights" / "__init__.py").write_text("raise AssertionError('the package was imported')")
    torch.save(weights, tmp_path / "some_weights" / "models" / "resnet18.pth")
    monkeypatch.syspath_prepend(tmp_path)
    return "some-weights"


def test_an_installed_package_is_found_by_name_and_its_weights_are_loaded_without_importing_it(weights, package):
    network = Network()
    start(ImageNetLoader(network, package))
    assert loaded(network, weights)


def test_a_package_without_a_single_file_of_weights_is_refused():
    with pytest.raises(ValueError, match="package pytest has 0 weights files"):
        start(ImageNetLoader(Network(), "pytest"))


def test_without_the_package_training_starts_from_random_weights_and_the_log_says_so(caplog):
    network = Network()
    before = {name: value.clone() for name, value in network.key_encoder.state_dict().items()}
    with caplog.at_level("WARNING"):
        start(ImageNetLoader(network, "a-package-that-nobody-wrote"))
    assert loaded(network, before)
    assert "a-package-that-nobody-wrote is not installed, so the key encoder starts from random weights" in caplog.text


@pytest.mark.parametrize("source", ["absent.pth", "models/absent", "http://example.org/resnet18.pth"])
def test_a_source_that_is_neither_a_file_nor_an_https_address_is_refused(source):
    with pytest.raises(FileNotFoundError, match="does not exist; set imagenet_weights to a file, an https address"):
        start(ImageNetLoader(Network(), source))


def test_weights_of_another_backbone_are_refused_and_not_partially_loaded(weights, tmp_path):
    torch.save(weights, tmp_path / "resnet18.pth")
    network = Network("resnet34")
    before = {name: value.clone() for name, value in network.key_encoder.state_dict().items()}
    with pytest.raises(ValueError, match="do not fit the key encoder, for example at 'layer"):
        start(ImageNetLoader(network, tmp_path / "resnet18.pth"))
    assert loaded(network, before)
