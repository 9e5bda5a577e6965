"""A checkpoint is complete at any time, and a damaged one is refused with what to do."""

from __future__ import annotations

import pickle
import zipfile

import pytest
import torch

from gdkvm_monai.handlers.checkpoint_file import CheckpointFile
from gdkvm_monai.handlers.checkpoint_state import FORMAT
from gdkvm_monai.networks import checkpoint


def state_at(iteration: int) -> dict:
    """A complete state of a run of two epochs of five iterations."""
    trainer = {"iteration": iteration, "max_epochs": 2, "epoch_length": 5}
    parts = {"trainer": trainer, "network": {"weight": torch.arange(5.0)}}
    return {"config": "{}", "config_sha256": "", "processes": 1, "validated": False, "finished": False, "parts": parts}


def read_iteration(file: CheckpointFile) -> int:
    return file.read()["parts"]["trainer"]["iteration"]


@pytest.fixture
def file(tmp_path) -> CheckpointFile:
    """A checkpoint of iteration 4 and the previous one of iteration 3."""
    file = CheckpointFile(tmp_path / "checkpoint.pt")
    for iteration in (2, 3, 4):
        file.write(state_at(iteration))
    return file


def test_the_newest_state_is_read_and_the_previous_one_is_kept(file, tmp_path):
    assert read_iteration(file) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.pt", "checkpoint_previous.pt"}
    assert torch.load(file.previous, weights_only=True)["parts"]["trainer"]["iteration"] == 3


def test_a_process_that_is_killed_between_two_renames_leaves_the_previous_state(file):
    file.path.unlink()
    assert read_iteration(file) == 3


def test_a_failed_write_changes_neither_file(file, tmp_path, monkeypatch):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fill_disk(state, file) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", fill_disk)
    with pytest.raises(OSError, match="No space left"):
        file.write(state_at(5))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_checkpoint_is_named_and_the_previous_one_offered(file, share):
    content = file.path.read_bytes()
    file.path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError) as error:
        file.read()
    assert str(file.path) in str(error.value) and "delete it" in str(error.value)
    assert file.previous.name in str(error.value)
    file.path.unlink()  # the remedy
    assert read_iteration(file) == 3


def test_a_state_that_cannot_be_resumed_is_named_and_the_previous_one_offered(file):
    file.write(state_at(-4))
    with pytest.raises(ValueError, match="iteration -4.*continues from checkpoint_previous.pt") as error:
        file.read()
    assert str(file.path) in str(error.value)
    file.write(state_at(11))
    with pytest.raises(ValueError, match="iteration 11 of 10.*starts from the beginning"):
        file.read()


def test_a_compressed_checkpoint_is_refused_and_the_previous_one_offered(file):
    plain = zipfile.ZipFile(file.path)
    with plain, zipfile.ZipFile(file.path.with_name("bomb.pt"), "w", zipfile.ZIP_DEFLATED) as bomb:
        for entry in plain.namelist():
            bomb.writestr(entry, plain.read(entry))
        bomb.writestr("more", bytes(1 << 20))
    file.path.with_name("bomb.pt").replace(file.path)
    with pytest.raises(ValueError, match="does not compress.*continues from checkpoint_previous.pt"):
        file.read()


@pytest.mark.parametrize("content", [{"weight": torch.zeros(2)}, [1, 2], {"format": "another program 1"}])
def test_a_foreign_file_is_refused_by_name(tmp_path, content):
    torch.save(content, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="not the checkpoint of a training run") as error:
        CheckpointFile(tmp_path / "checkpoint.pt").read()
    assert str(tmp_path / "checkpoint.pt") in str(error.value) and "beginning" in str(error.value)


def test_a_checkpoint_is_never_executed(tmp_path):
    mark = tmp_path / "mark"

    class Hostile:
        def __reduce__(self):
            return open, (str(mark), "w")

    torch.save({"format": FORMAT, "parts": Hostile()}, tmp_path / "checkpoint.pt")
    pickle.loads(pickle.dumps(Hostile()))
    assert mark.is_file()  # it would leave a mark
    mark.unlink()
    with pytest.raises(ValueError):
        CheckpointFile(tmp_path / "checkpoint.pt").read()
    assert not mark.exists()


def test_what_a_killed_process_left_incomplete_is_removed(file, tmp_path):
    leftover, other = tmp_path / ".checkpoint.123.partial.pt", tmp_path / ".model.123.partial.pt"
    leftover.write_bytes(b"half")
    other.write_bytes(b"half")
    file.remove_leftovers()
    assert not leftover.exists() and other.exists()


def test_without_a_checkpoint_nothing_is_read(tmp_path):
    assert CheckpointFile(tmp_path / "checkpoint.pt").newest is None
    with pytest.raises(FileNotFoundError, match="checkpoint.pt"):
        CheckpointFile(tmp_path / "checkpoint.pt").read()
