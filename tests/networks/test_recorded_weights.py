"""A card lists exactly the weights that training wrote beside it, at any moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.recorded_weights import record_weights, write_run_card


def save(folder: Path, name: str, content: bytes, killed: bool = False) -> None:
    (folder / "partial").write_bytes(content)
    record_weights(folder / name, folder / "partial")
    if not killed:
        os.replace(folder / "partial", folder / name)


def test_one_card_belongs_to_the_best_and_to_the_last_weights_of_a_run(tmp_path):
    ModelCard(weights_sha256=()).write(tmp_path / "model.json")
    for content in (b"1", b"2", b"3"):
        save(tmp_path, "model_final.pt", content)
        if content == b"1":
            save(tmp_path, "model.pt", content + b" best")
    hashes = {file_sha256(tmp_path / name) for name in ("model.pt", "model_final.pt")}
    listed = read_card(tmp_path / "model.pt").weights_sha256
    assert hashes < set(listed) and len(listed) == 3  # the third is of the last weights that were replaced
    assert read_card(tmp_path / "model_final.pt") is not None


def test_a_process_killed_before_the_weights_are_in_place_leaves_the_old_ones_usable(tmp_path):
    ModelCard(weights_sha256=()).write(tmp_path / "model.json")
    save(tmp_path, "model.pt", b"old")
    save(tmp_path, "model.pt", b"new", killed=True)
    assert len(read_card(tmp_path / "model.pt").weights_sha256) == 2
    os.replace(tmp_path / "partial", tmp_path / "model.pt")
    assert read_card(tmp_path / "model.pt") is not None


def test_weights_that_no_run_has_recorded_are_refused(tmp_path):
    write_run_card(ModelCard(), tmp_path / "model.json")
    (tmp_path / "model.pt").write_bytes(b"from elsewhere")
    with pytest.raises(ValueError, match="a training run that has not saved weights yet, but model.pt has"):
        read_card(tmp_path / "model.pt")
    save(tmp_path, "model_final.pt", b"of this run")
    with pytest.raises(ValueError, match="model.pt has"):
        read_card(tmp_path / "model.pt")


def test_weights_of_an_earlier_run_keep_their_card_until_the_new_run_saves_its_own(tmp_path):
    write_run_card(ModelCard(frame_size=(32, 32)), tmp_path / "model.json")
    save(tmp_path, "model.pt", b"old")
    for iteration in range(2):
        write_run_card(ModelCard(frame_size=(64, 64), iterations=iteration), tmp_path / "model.json")
        assert read_card(tmp_path / "model.pt").frame_size == (32, 32)
    save(tmp_path, "model_final.pt", b"new")
    card = read_card(tmp_path / "model_final.pt")
    assert card.frame_size == (64, 64) and card.weights_sha256 == (file_sha256(tmp_path / "model_final.pt"),)
    with pytest.raises(ValueError, match="model.pt has"):  # the old weights, with another frame size
        read_card(tmp_path / "model.pt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.pt", "model_final.pt"]


def test_a_card_that_a_run_writes_again_keeps_its_weights(tmp_path):
    for iteration in range(3):
        write_run_card(ModelCard(iterations=iteration, intensity_sd=(0.1, 0.2)), tmp_path / "model.json")
        if iteration == 0:
            save(tmp_path, "model.pt", b"weights")
        assert read_card(tmp_path / "model.pt").iterations == iteration


def test_the_card_of_a_run_that_turns_out_to_continue_the_present_one_is_the_only_one(tmp_path):
    write_run_card(ModelCard(imagenet_weights="a.pth"), tmp_path / "model.json")
    save(tmp_path, "model.pt", b"weights")
    for card in (ModelCard(imagenet_weights="none"), ModelCard(imagenet_weights="a.pth")):
        write_run_card(card, tmp_path / "model.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.pt"]
    assert read_card(tmp_path / "model.pt").imagenet_weights == "a.pth"


def test_weights_without_a_card_get_none(tmp_path):
    save(tmp_path, "model.pt", b"weights")
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]
