"""The card beside the weights states everything needed to use them."""

from __future__ import annotations

import json
from functools import partial

import nibabel
import numpy as np
import pytest
import torch
from ignite.engine import Engine

from gdkvm_monai.data import camus_datalist
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from gdkvm_monai.handlers import WeightsCard
from gdkvm_monai.handlers.weights_start import record_start
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}

ONE = [torch.zeros(1, 1, 4, 4, 1)]


def run(card: WeightsCard, images: list[torch.Tensor]) -> dict:
    trainer = Engine(lambda engine, batch: None)
    card.attach(trainer)
    trainer.run([[{"image": clip} for clip in image] for image in images], max_epochs=1)
    return json.loads(card.path.read_text())


def test_the_card_rebuilds_its_network(tmp_path):
    network = GDKVM(**SMALL, update_rule="decay")
    card = run(
        WeightsCard(tmp_path / "new" / "model.json", network, (32, 48), trained_on="phantoms", license="Apache-2.0"),
        ONE,
    )
    assert (card["trained_on"], card["license"], card["frame_size"]) == ("phantoms", "Apache-2.0", [32, 48])
    assert card["network_options"]["update_rule"] == "decay"
    read_card(tmp_path / "new" / "model.pt").build_network().load_state_dict(network.state_dict())


def test_the_card_states_the_range_of_intensities_in_training(tmp_path):
    dark, bright = torch.full((2, 1, 4, 4, 3), 0.1), torch.full((2, 1, 4, 4, 3), 0.7)
    bright[1, :, :2] = 0.9
    card = run(WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16)), [dark, bright])
    assert card["iterations"] == 2
    assert card["intensity_mean"] == [0.1, 0.8]
    assert card["intensity_sd"][0] == 0 and abs(card["intensity_sd"][1] - 0.1) < 0.01


@pytest.mark.parametrize("network", [FrameByFrame(torch.nn.Conv2d(1, 4, 1)), torch.nn.Conv2d(1, 4, 1)])
def test_the_card_of_an_unknown_network_does_not_describe_it(network, tmp_path):
    card = run(WeightsCard(tmp_path / "model.json", network, (16, 16)), ONE)
    assert card["network_options"] is None and not read_card(tmp_path / "model.pt").describes_network
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize(
    ("datalist", "items", "trained_on", "domain", "license"),
    [
        ("gdkvm_monai.data.camus_datalist", [{"patient": "1"}, {"patient": "2"}], "CAMUS", "CAMUS", "CC BY-NC-SA"),
        ("gdkvm_monai.data.phantom_datalist", [{"patient": "1"}, {"patient": "2"}], "phantoms", "phantom", "Apache"),
        ("gdkvm_monai.data.clip_datalist", [{"patient": "1"}, {"patient": "2"}], "unknown", "unknown", "not stated"),
        ("gdkvm_monai.data.camus_datalist", [{"image": "a"}, {"image": "b"}], "unknown", "unknown", "not stated"),
    ],
)
def test_the_card_names_training_data_only_if_they_are_known(tmp_path, datalist, items, trained_on, domain, license):
    card = run(WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16), items, datalist), ONE)
    assert trained_on in card["trained_on"] and license in card["license"] and card["clips"] == 2
    assert card["domain"] == domain and card["views"] == []


def test_the_card_states_what_training_started_from_also_when_it_is_resumed(tmp_path):
    trainer = Engine(lambda engine, batch: None)
    record_start(trainer, imagenet_weights="a.pth", initial_weights="b.pt")
    first = WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16))
    first.start(trainer)
    again = WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16))
    again.start(Engine(lambda engine, batch: None))
    again.load_state_dict(first.state_dict())
    card = read_card(tmp_path / "model.pt")
    assert (card.imagenet_weights, card.initial_weights) == ("a.pth", "b.pt")


def test_the_card_states_the_views_of_the_clips(tmp_path):
    items = [{"patient": "1", "view": "4CH"}, {"patient": "2", "view": "4CH"}, {"patient": "3"}]
    assert run(WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16), items), ONE)["views"] == ["4CH"]


def test_the_card_cites_camus_only_for_training_on_camus(tmp_path):
    items = [{"patient": "1"}]
    for datalist, cited in (("gdkvm_monai.data.camus_datalist", True), ("gdkvm_monai.data.phantom_datalist", False)):
        card = run(WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16), items, datalist), ONE)
        assert ("10.1109/TMI.2019.2900516" in card["citation"]) is cited


def test_the_card_of_released_weights_is_not_replaced(tmp_path):
    path = tmp_path / "model.json"
    ModelCard(release="0.2.0", weights_sha256=("0" * 64,)).write(path)
    (tmp_path / "model.pt").write_bytes(b"weights")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="release 0.2.0.*--run_dir"):
        run(WeightsCard(path, GDKVM(**SMALL), (16, 16)), ONE)
    assert path.read_bytes() == before


def test_the_card_of_other_weights_is_replaced(tmp_path):
    ModelCard(license="secret").write(tmp_path / "model.json")
    assert "not stated" in run(WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16)), ONE)["license"]


def test_phantoms_in_the_layout_of_camus_are_not_taken_for_patients(tmp_path):
    settings = PhantomSettings((2, 0, 0), size=(32, 32), frames=2, views=("4CH",))
    items = camus_datalist(write_camus_phantom(tmp_path / "data", settings, progress=False), "training", report=None)
    write = partial(WeightsCard, tmp_path / "model.json", GDKVM(**SMALL), (16, 16))
    card = run(write(items, "gdkvm_monai.data.camus_datalist"), ONE)
    assert (card["domain"], card["license"], card["citation"]) == ("phantom", "Apache-2.0", "")
    patient = {**items[0], "image": str(tmp_path / "patient.nii.gz")}
    nibabel.save(nibabel.Nifti1Image(np.zeros((16, 16, 2), np.uint8), np.eye(4)), patient["image"])
    assert run(write([*items, patient], "gdkvm_monai.data.camus_datalist"), ONE)["domain"] == "CAMUS"


def test_the_user_can_name_the_domain(tmp_path):
    card = run(WeightsCard(tmp_path / "model.json", GDKVM(**SMALL), (16, 16), domain="our patients"), ONE)
    assert card["domain"] == "our patients" and card["trained_on"].startswith("unknown")
