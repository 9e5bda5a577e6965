"""The file that holds the whole state of a training run, and the one before it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from monai.config import PathLike

from gdkvm_monai.networks.checkpoint import write_checkpoint

__all__ = ["CheckpointFile"]

FORMAT = "gdkvm_monai training checkpoint 1"


class CheckpointFile:
    """A checkpoint that is replaced atomically, and the previous one beside it.

    A process that is killed at any time leaves at least one of the two complete.

    Args:
        path: file such as ``checkpoint.pt``; the previous one is then ``checkpoint_previous.pt``.

    Example:
        >>> import tempfile
        >>> file = CheckpointFile(Path(tempfile.mkdtemp(), "checkpoint.pt"))
        >>> file.write({"iteration": 3}); file.write({"iteration": 4})
        >>> file.read()["iteration"], sorted(path.name for path in file.path.parent.iterdir())
        (4, ['checkpoint.pt', 'checkpoint_previous.pt'])
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        self.previous = self.path.with_name(f"{self.path.stem}_previous{self.path.suffix}")
        self.replaced = self.path.with_name(f"{self.path.stem}_replaced{self.path.suffix}")

    @property
    def newest(self) -> Path | None:
        """The file to resume from: the newest one that exists, or ``None``."""
        return next((path for path in (self.path, self.previous) if path.is_file()), None)

    def set_aside(self) -> None:
        """Keep the newest state of an earlier run as ``checkpoint_replaced.pt``, and copies of its weights beside them.

        There is one such file of each.
        """
        newest = self.newest
        if newest is not None:
            newest.replace(self.replaced)
            self.previous.unlink(missing_ok=True)
            for weights in self.path.parent.glob("models/model*.pt"):
                if not weights.stem.endswith("_replaced"):
                    shutil.copy2(weights, weights.with_name(f"{weights.stem}_replaced.pt"))

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
            ValueError: if the newest file is damaged, or is no checkpoint of a training run.
        """
        newest = self.newest
        if newest is None:
            raise FileNotFoundError(f"checkpoint {self.path} does not exist; train without resuming.")
        state = _load(newest)
        if state is None:
            raise ValueError(
                f"{newest} is truncated or not the checkpoint of a training run; delete it, and --resume True "
                f"{self._remaining(newest)}."
            )
        return state

    def _remaining(self, damaged: Path) -> str:
        if damaged == self.path and self.previous.is_file() and _load(self.previous) is not None:
            return f"continues from {self.previous.name}, which is complete"
        return "starts from the beginning, because no other checkpoint is complete"


def _load(path: Path) -> dict[str, Any] | None:
    """Return the state in a file, or ``None`` if it holds none."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch raises many types of errors for damaged files
        return None
    return state if isinstance(state, dict) and state.get("format") == FORMAT else None
