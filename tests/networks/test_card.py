"""A model card rebuilds its network and is checked as data; nothing in it is executed or trusted."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
import torch
from monai.networks.nets import UNet

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
TINY_UNET = {
    "network": "UNet",
    "spatial_dims": 2,
    "in_channels": 1,
    "out_channels": 3,
    "channels": [4, 8],
    "strides": [2],
}
OLD = {  # as version 0.1.0 wrote it
    "network": "gdkvm_monai.networks.nets.gdkvm.GDKVM",
    "network_options": {**SMALL, "in_channels": 1, "out_channels": 4, "dropout": 0.0},
    "frame_size": [32, 48],
    "trained_on": "CAMUS",
    "clips": 400,
    "license": "CC BY-NC-SA 4.0",
    "gdkvm_version": "0.1.0",
    "iterations": 5,
    "intensity_mean": [0.06, 0.41],
    "intensity_sd": None,
}


def card_of(folder: Path, **changes: object) -> ModelCard | None:
    """Read the old card with changes."""
    (folder / "model.json").write_text(json.dumps({**OLD, **changes}))
    return read_card(folder / "model.pt")


def test_a_card_of_an_earlier_version_is_read(tmp_path):
    card = card_of(tmp_path)
    assert (card.network, card.frame_size, card.num_classes) == ("GDKVM", (32, 48), 4)
    assert card.intensity_ranges == {"intensity_mean": (0.06, 0.41), "intensity_sd": None}
    assert card.domain == "unknown" and card.views == () and card.weights_sha256 is None


@pytest.mark.parametrize("network", [GDKVM(**SMALL), FrameByFrame(**TINY_UNET)], ids=["GDKVM", "U-Net"])
def test_a_card_round_trips_and_rebuilds_its_network(network, tmp_path):
    name = type(network).__name__
    card = ModelCard(name, network.options, (32, 32), views=("4CH",), domain="phantom", scores={"lv_dice": 0.9})
    card.write(tmp_path / "model.json")
    read = read_card(tmp_path / "model.pt")
    assert read == card and read.num_classes == network.options.get("out_channels")
    read.build_network().load_state_dict(network.state_dict())


def test_the_card_named_after_the_weights_takes_precedence(tmp_path):
    assert read_card(tmp_path / "light.pt") is None
    card_of(tmp_path)
    assert read_card(tmp_path / "light.pt").trained_on == "CAMUS"
    shutil.copy(tmp_path / "model.json", tmp_path / "light.json")
    card_of(tmp_path, trained_on="others")
    assert read_card(tmp_path / "light.pt").trained_on == "CAMUS"


def test_a_network_not_built_by_name_has_no_description(tmp_path):
    network = FrameByFrame(UNet(2, 1, 4, channels=(4, 8), strides=(2,)))
    assert network.options is None
    with pytest.raises(ValueError, match="does not describe its network"):
        ModelCard("FrameByFrame").build_network()


def test_weights_that_do_not_match_the_card_are_refused(tmp_path):
    torch.save(GDKVM(**SMALL).state_dict(), tmp_path / "model.pt")
    digest = file_sha256(tmp_path / "model.pt")
    for stated in (digest, [digest], ["0" * 64, digest]):  # a single one as before version 0.3.0
        assert digest in card_of(tmp_path, weights_sha256=stated).weights_sha256
    for stated in ("0" * 64, ["0" * 64]):
        with pytest.raises(ValueError, match="0000.*model.pt has " + digest[:12]):
            card_of(tmp_path, weights_sha256=stated)


@pytest.mark.parametrize(
    ("changes", "offending"),
    [
        ({"frame_size": [32]}, "frame_size"),
        ({"frame_size": [32, 0]}, "frame_size"),
        ({"frame_size": [32, True]}, "frame_size"),
        ({"frame_size": [32, 10**6]}, "1000000"),
        ({"frame_size": [32, 33]}, "multiples of 16"),
        ({"frame_size": [1, 1]}, "frame_size is (1, 1)"),
        ({"num_classes": 5}, "num_classes is 5, but network_options.out_channels is 4"),
        ({"network_options": None, "num_classes": 1}, "num_classes is 1"),
        ({"views": ["3CH"]}, "3CH"),
        ({"clips": -1}, "clips is -1"),
        ({"license": 3}, "license is 3"),
        ({"intensity_mean": [0.5, 0.1]}, "intensity_mean"),
        ({"intensity_mean": [0.1, float("inf")]}, "inf"),
        ({"scores": {"lv_dice": "high"}}, "scores"),
        ({"weights_sha256": "abc"}, "weights_sha256 is ('abc',)"),
        ({"weights_sha256": [1]}, "weights_sha256 is (1,)"),
        ({"trained_on": "\ud800"}, "trained_on is '\\ud800'"),
        ({"license": "free\x1b[2J"}, "license is 'free\\x1b[2J'"),
        ({"citation": "first\nsecond"}, "citation is 'first\\nsecond'"),
        ({"trained_on": "x" * 2000}, "2000 characters"),
        ({"framesize": [32, 32]}, "'framesize'; did you mean frame_size"),
        ({"_target_": "os.system"}, "_target_"),
        ({"network": "os.system"}, "os.system"),
        ({"network": "nowhere.GDKVM"}, "nowhere.GDKVM"),
        ({"network": ""}, "network_options are given without"),
        ({"network_options": [1]}, "network_options"),
    ],
)
def test_the_error_names_a_wrong_field_and_its_value(changes, offending, tmp_path):
    with pytest.raises(ValueError, match="model.json") as info:
        card_of(tmp_path, **changes)
    assert offending in str(info.value) and "\n" not in str(info.value)


def test_a_mutated_card_is_read_or_refused_in_one_sentence(tmp_path):
    rng = random.Random(0)
    wrong = [None, True, -1, 10**18, float("nan"), 0.5, "", "$1", "UNet", [], [1, [2]], {}, {"a": 1}, {"_target_": "x"}]
    refused = 0
    for _ in range(300):
        options = {**OLD["network_options"], rng.choice([*SMALL, "foo"]): rng.choice(wrong)}
        field = rng.choice([*OLD, "views", "scores", "foo"])
        changes = {"network_options": options} if rng.random() < 0.3 else {field: rng.choice(wrong)}
        try:
            card_of(tmp_path, **changes)
        except ValueError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 1000, changes
    assert 150 < refused < 300


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "[" * 100_000, '"$print(1)"'])
def test_a_file_that_is_not_a_card_is_refused(content, tmp_path):
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(ValueError, match="model.json: it is not a JSON object"):
        read_card(tmp_path / "model.pt")


def test_a_card_of_absurd_size_is_not_read(tmp_path):
    (tmp_path / "model.json").write_bytes(b" " * (2 << 20))
    with pytest.raises(ValueError, match="2097152 bytes"):
        read_card(tmp_path / "model.pt")


@pytest.mark.parametrize("field", [*OLD, "views", "scores", "domain", "citation", "command", "release"])
@pytest.mark.parametrize("prefix", ["$", "@", "%", " $"])
def test_an_expression_in_any_field_is_refused_and_not_run(field, prefix, tmp_path):
    code = f"{prefix}__import__('pathlib').Path('{tmp_path / 'owned'}').touch()"
    changed = {
        "network_options": {**OLD["network_options"], "width": code},
        "scores": {"lv_dice": code},
        "views": [code],
    }
    with pytest.raises(ValueError, match=field):
        card_of(tmp_path, **{field: changed.get(field, code)})
    assert not (tmp_path / "owned").exists()
