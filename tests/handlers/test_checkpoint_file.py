"""A checkpoint is complete at any time, and a damaged one is refused with what to do."""

from __future__ import annotations

import pickle

import pytest
import torch

from gdkvm_monai.handlers import checkpoint_file
from gdkvm_monai.handlers.checkpoint_file import CheckpointFile
from gdkvm_monai.networks import checkpoint


@pytest.fixture
def file(tmp_path) -> CheckpointFile:
    """A checkpoint of iteration 4 and the previous one of iteration 3."""
    file = CheckpointFile(tmp_path / "checkpoint.pt")
    for iteration in (2, 3, 4):
        file.write({"iteration": iteration, "weights": torch.arange(5.0)})
    return file


def test_the_newest_state_is_read_and_the_previous_one_is_kept(file, tmp_path):
    assert file.read()["iteration"] == 4
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.pt", "checkpoint_previous.pt"}
    assert torch.load(file.previous, weights_only=True)["iteration"] == 3


def test_a_process_that_is_killed_between_two_renames_leaves_the_previous_state(file):
    file.path.unlink()
    assert file.read()["iteration"] == 3


def test_a_failed_write_changes_neither_file(file, tmp_path, monkeypatch):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fill_disk(state, file) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", fill_disk)
    with pytest.raises(OSError, match="No space left"):
        file.write({"iteration": 5})
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
    assert file.read()["iteration"] == 3


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

    torch.save({"format": checkpoint_file.FORMAT, "parts": Hostile()}, tmp_path / "checkpoint.pt")
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
