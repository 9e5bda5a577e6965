"""The file that holds the whole state of a training run, and the one before it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import torch
from monai.config import PathLike

from gdkvm_monai.handlers.checkpoint_state import FORMAT, fault_of_state
from gdkvm_monai.networks.checkpoint import write_checkpoint
from gdkvm_monai.networks.stored_tensors import fault_of_file

__all__ = ["CheckpointFile"]


class CheckpointFile:
    """A checkpoint that is replaced atomically, and the previous one beside it.

    A process that is killed at any time leaves at least one of the two complete.

    Args:
        path: file such as ``checkpoint.pt``; the previous one is then ``checkpoint_previous.pt``.

    Example:
        >>> import tempfile
        >>> file = CheckpointFile(Path(tempfile.mkdtemp(), "checkpoint.pt"))
        >>> file.write({"iteration": 3}); file.write({"iteration": 4})
        >>> sorted(path.name for path in file.path.parent.iterdir())
        ['checkpoint.pt', 'checkpoint_previous.pt']
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        self.previous = self.path.with_name(f"{self.path.stem}_previous{self.path.suffix}")

    @property
    def newest(self) -> Path | None:
        """The file to resume from: the newest one that exists, or ``None``."""
        return next((path for path in (self.path, self.previous) if path.is_file()), None)

    def set_aside(self, weights_dir: Path) -> Path:
        """Move the files of an earlier run to ``replaced/1`` beside them, or to the next number that is free.

        Copies of its weights go to ``models`` there, so that the earlier run can be resumed in the new folder. The
        weights themselves stay where they are, because the new run may start from them.

        Args:
            weights_dir: folder with the weights of the earlier run.

        Returns:
            The new folder.

        Raises:
            OSError: if the disk is full; the files are then where they were.
        """
        numbered = (self.path.parent / "replaced" / str(number) for number in count(1))
        folder = next(path for path in numbered if not path.exists())
        (folder / "models").mkdir(parents=True)
        for file in (*weights_dir.glob("model*.pt"), *weights_dir.glob("model*.json")):
            shutil.copy2(file, folder / "models")
        for file in (self.previous, self.path):
            if file.is_file():
                file.replace(folder / file.name)
        return folder

    def remove_leftovers(self) -> None:
        """Remove files that a killed process left incomplete."""
        for path in self.path.parent.glob(f".{self.path.stem}.*.partial{self.path.suffix}"):
            path.unlink(missing_ok=True)

    def write(self, state: Mapping[str, Any]) -> None:
        """Write a state of tensors and plain data; the previous file is kept.

        Raises:
            OSError: if the file cannot be written; the present one is unchanged.
        """
        write_checkpoint(self.path, {"format": FORMAT, **state}, self.previous)

    def read(self) -> dict[str, Any]:
        """Read the newest state; nothing in the file is executed.

        Raises:
            FileNotFoundError: if there is no checkpoint.
            ValueError: if the newest file is damaged, compressed, incomplete, at an iteration that its run does not
                have, has weights that are not finite, or is no checkpoint of a training run.
        """
        newest = self.newest
        if newest is None:
            raise FileNotFoundError(f"checkpoint {self.path} does not exist; train without resuming.")
        state, fault = _load(newest)
        if fault:
            raise self.refusal(fault)
        return state

    def refusal(self, fault: str) -> ValueError:
        """Return the error that states a fault of the newest file, and what remains without it."""
        remains = "starts from the beginning, because no other checkpoint is complete"
        if self.newest == self.path and self.previous.is_file() and not _load(self.previous)[1]:
            remains = f"continues from {self.previous.name}, which is complete"
        return ValueError(f"{self.newest} {fault}; delete it, and --resume True {remains}.")


def _load(path: Path) -> tuple[dict[str, Any], str]:
    """Return the state in a file, and why it cannot be resumed."""
    if fault := fault_of_file(path):
        return {}, fault
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return state, fault_of_state(state)
    except Exception:  # torch raises many types of errors for damaged files
        return {}, "is truncated or not the checkpoint of a training run"
