"""ImageNet weights are loaded when training starts, only from the configured source."""

from __future__ import annotations

import hashlib
import importlib.metadata
import socket

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from gdkvm_monai.handlers import ImageNetLoader
from gdkvm_monai.handlers.imagenet_loader import PACKAGE
from gdkvm_monai.handlers.weights_start import recorded_start
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


def start(loader: ImageNetLoader) -> Engine:
    engine = Engine(lambda engine, batch: None)
    loader.attach(engine)
    engine.run([0], max_epochs=1)
    return engine


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


def test_an_address_is_fetched_once_and_only_when_training_starts(weights, monkeypatch, tmp_path):
    calls = []

    def fetch(url: str, path: str, **options) -> None:
        calls.append(url)
        torch.save(weights, path)

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    networks = Network(), Network()
    loaders = [ImageNetLoader(network, "https://example.org/resnet18.pth?token=1") for network in networks]
    assert calls == []
    for loader in loaders:
        start(loader)
    assert calls == ["https://example.org/resnet18.pth?token=1"]
    assert all(loaded(network, weights) for network in networks)


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
        ImageNetLoader(Network(), "pytest")


def test_the_engine_knows_name_and_hash_of_the_file_and_not_its_folder(weights, tmp_path):
    torch.save(weights, tmp_path / "resnet18.pth")
    engine = start(ImageNetLoader(Network(), tmp_path / "resnet18.pth"))
    digest = hashlib.sha256((tmp_path / "resnet18.pth").read_bytes()).hexdigest()
    assert recorded_start(engine) == {"imagenet_weights": f"resnet18.pth, SHA-256 {digest}"}


@pytest.mark.parametrize(("source", "level", "cause"), [(None, "INFO", "is null"), (PACKAGE, "WARNING", "pip install")])
def test_training_without_them_says_so_at_once_and_records_it(source, level, cause, monkeypatch, caplog):
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", absent)
    network = Network()
    before = {name: value.clone() for name, value in network.key_encoder.state_dict().items()}
    with caplog.at_level("INFO"):
        loader = ImageNetLoader(network, source)
        engine = start(loader)
    (record,) = [record for record in caplog.records if record.name == "ImageNetLoader"]
    assert record.levelname == level and record.getMessage().startswith("no ImageNet weights for the key encoder")
    assert cause in record.getMessage() and loaded(network, before)
    assert recorded_start(engine) == {"imagenet_weights": "none"}


@pytest.mark.parametrize(
    "source", ["absent.pth", "models/absent", "http://example.org/a.pth", "efficientnet-lite0-pytorch-modle", ""]
)
def test_a_source_that_is_neither_a_file_nor_installed_is_refused_before_training_starts(source):
    with pytest.raises(FileNotFoundError, match=f"imagenet_weights is {source!r}, neither a file nor"):
        ImageNetLoader(Network(), source)


def test_a_network_without_a_key_encoder_gets_no_message_and_no_weights(tmp_path, caplog):
    with caplog.at_level("INFO"):
        start(ImageNetLoader(nn.Linear(1, 1)))
    assert not [record for record in caplog.records if record.name == "ImageNetLoader"]
    with pytest.raises(ValueError, match="imagenet_weights is some.pth, but Linear has no key encoder"):
        ImageNetLoader(nn.Linear(1, 1), "some.pth")


def test_weights_of_another_backbone_are_refused_and_not_partially_loaded(weights, tmp_path):
    torch.save(weights, tmp_path / "resnet18.pth")
    network = Network("resnet34")
    before = {name: value.clone() for name, value in network.key_encoder.state_dict().items()}
    with pytest.raises(ValueError, match="do not fit the key encoder, for example at 'layer"):
        start(ImageNetLoader(network, tmp_path / "resnet18.pth"))
    assert loaded(network, before)
