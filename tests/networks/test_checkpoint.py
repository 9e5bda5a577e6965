"""Checkpoints contain only tensors; weights of another network change nothing, and code in a file never runs."""

from __future__ import annotations

import copy
import re
import resource
from pathlib import Path

import pytest
import torch
from torch import nn

from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.checkpoint import first_difference, load_weights, read_checkpoint, write_checkpoint
from gdkvm_monai.networks.nets import GDKVM


def network(width: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, width))


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values()))


class Payload:
    """An object whose unpickling would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("wrapped", [True, False], ids=["under a key", "plain state dict"])
def test_both_kinds_of_checkpoint_give_the_same_tensors(wrapped, tmp_path):
    state = network().state_dict()
    torch.save({"model": state, "epoch": 3} if wrapped else state, tmp_path / "model.pt")
    read = read_checkpoint(tmp_path / "model.pt")
    assert list(read) == list(state) and all(torch.equal(read[name], state[name]) for name in state)


def test_half_precision_weights_load_into_a_network_that_keeps_its_precision(tmp_path):
    trained, fresh = network(), network()
    halved = {
        name: value.half() if value.is_floating_point() else value for name, value in trained.state_dict().items()
    }
    torch.save(halved, tmp_path / "model.pt")
    load_weights(fresh, tmp_path / "model.pt")
    for name, value in fresh.state_dict().items():
        assert value.dtype == trained.state_dict()[name].dtype
        assert torch.equal(value, trained.state_dict()[name].to(halved[name].dtype).to(value.dtype))


def test_a_network_wrapped_for_several_gpus_gets_the_weights(tmp_path):
    trained, fresh = network(), network()
    torch.save(trained.state_dict(), tmp_path / "model.pt")
    load_weights(nn.DataParallel(fresh), tmp_path / "model.pt")
    assert same_weights(trained, fresh)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (network(7), "2.weight has the shape (7, 5) in the file and (4, 5) in the network"),
        (nn.Sequential(*list(network())[:2]), "the file has no 2.weight"),
        (nn.Sequential(*network(), nn.Linear(4, 4)), "the network has no 3.weight"),
    ],
)
def test_weights_of_another_network_are_refused_with_the_first_difference(other, difference, tmp_path):
    torch.save(other.state_dict(), tmp_path / "model.pt")
    target = network()
    before = copy.deepcopy(target)
    with pytest.raises(ValueError, match="another network; name the overlay") as info:
        load_weights(target, tmp_path / "model.pt", remedy="name the overlay")
    assert difference in str(info.value) and "\n" not in str(info.value)
    assert same_weights(target, before) and first_difference(target, before.state_dict()) == ""


@pytest.mark.parametrize(
    "content", [b"", b"text", [1.0], {}, {"weights": {"a": torch.zeros(1)}}, {"model": {"a": 1}}, torch.zeros(2)]
)
def test_a_file_without_weights_is_refused(content, tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(ValueError, match="model.pt is not a checkpoint"):
        read_checkpoint(path)


def test_integers_cannot_replace_floating_point_weights_but_count_batches(tmp_path):
    state = nn.BatchNorm2d(2).state_dict()
    torch.save({**state, "weight": torch.ones(2, dtype=torch.int64)}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="weight is of type int64 in the file and float32 in the network"):
        load_weights(nn.BatchNorm2d(2), tmp_path / "model.pt")
    torch.save(state, tmp_path / "model.pt")
    load_weights(nn.BatchNorm2d(2), tmp_path / "model.pt")


def test_a_file_with_an_unusable_tensor_is_refused_by_the_name_of_the_tensor(tmp_path):
    torch.save({"a": torch.ones(2), "b": torch.tensor([1.0, float("inf")])}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="model.pt holds no usable weights: b has values that are not finite"):
        read_checkpoint(tmp_path / "model.pt")


def test_the_error_says_that_the_path_is_a_folder_or_a_file_of_others(tmp_path, monkeypatch):
    with pytest.raises(IsADirectoryError, match=f"weights {tmp_path} are a folder"):
        read_checkpoint(tmp_path)
    (tmp_path / "model.pt").touch()

    def refuse(*arguments) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # the superuser may read everything
    with pytest.raises(PermissionError, match="model.pt must not be read by this user"):
        read_checkpoint(tmp_path / "model.pt")


def test_a_wrong_card_is_named_as_the_cause_and_only_if_its_network_was_built(tmp_path):
    options = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
    torch.save(GDKVM(**options).state_dict(), tmp_path / "model.pt")
    ModelCard("GDKVM", {**options, "width": 4}).write(tmp_path / "model.json")
    with pytest.raises(ValueError, match="the model card beside it describes that network; restore the card"):
        load_weights(GDKVM(**{**options, "width": 4}), tmp_path / "model.pt")
    with pytest.raises(ValueError, match="name the overlays used in training"):
        load_weights(GDKVM(**{**options, "width": 16}), tmp_path / "model.pt")


def test_the_error_names_a_missing_file():
    with pytest.raises(FileNotFoundError, match="absent.pt"):
        read_checkpoint("absent.pt")


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path):
    torch.save({"model": network().state_dict(), "extra": Payload(tmp_path / "owned")}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="model.pt"):
        read_checkpoint(tmp_path / "model.pt")
    assert not (tmp_path / "owned").exists()


def test_a_full_disk_is_reported_with_the_file_and_changes_nothing(tmp_path):
    write_checkpoint(tmp_path / "model.pt", {"weight": torch.ones(3)})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the same error as on a full disk, with another number
    try:
        with pytest.raises(OSError) as error:
            write_checkpoint(tmp_path / "model.pt", {"weight": torch.ones(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (error.value.filename, error.value.strerror) == (str(tmp_path / "model.pt"), "File too large")
    assert torch.load(tmp_path / "model.pt", weights_only=True)["weight"].tolist() == [1, 1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


def test_the_file_that_is_replaced_can_be_kept(tmp_path):
    for value in (1.0, 2.0, 3.0):
        write_checkpoint(tmp_path / "a.pt", {"weight": torch.tensor(value)}, tmp_path / "b.pt")
    values = [torch.load(tmp_path / name, weights_only=True)["weight"].item() for name in ("a.pt", "b.pt")]
    assert values == [3.0, 2.0]


@pytest.mark.parametrize(("count", "accepted"), [(3.0, True), (2.5, False), (2.0**70, False)])
def test_a_count_of_batches_that_is_no_whole_number_is_refused(count, accepted, tmp_path):
    trained, fresh = network().state_dict(), network()
    torch.save({**trained, "1.num_batches_tracked": torch.tensor(count)}, tmp_path / "model.pt")
    if accepted:
        load_weights(fresh, tmp_path / "model.pt")
        assert fresh[1].num_batches_tracked == 3
    else:
        with pytest.raises(ValueError, match=re.escape(f"1.num_batches_tracked has the value {count}")):
            load_weights(fresh, tmp_path / "model.pt")
        assert fresh[1].num_batches_tracked == 0
