"""One batch in several processes of ``torchrun``: each takes the next clip of a common list until none is left."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import distributed as dist

from gdkvm_monai.study.batch import Outcome
from gdkvm_monai.study.results_folder import read_results
from gdkvm_monai.study.segmentation import SegmentationResult
from gdkvm_monai.study.tasks import Task

__all__ = ["SharedBatch", "several_processes"]

POLL_S = 0.1
"""Pause between two looks for outcomes; a wait in the store itself would delay SIGTERM."""


def several_processes() -> bool:
    """Return whether a launcher such as ``torchrun`` started this process and others."""
    return "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


class SharedBatch:
    """The clips of a batch that the processes of one launcher share, on one machine or several.

    A counter in the launcher's key-value store says which clip is next, so that no clip is segmented twice and all
    processes are busy until the last clip. Each process publishes the outcomes of its clips; their results are in the
    same folder. On CUDA, each process uses the GPU of its local rank.

    Args:
        tasks: all clips of the batch, the same in every process.
        out: results folder on a file system that all processes share.

    Raises:
        ValueError: if the processes found different clips.
    """

    def __init__(self, tasks: Sequence[Task], out: Path) -> None:
        self._store, self.rank, _ = next(dist.rendezvous("env://"))
        self._tasks, self._out, self._open, self._state = tasks, out, 0, "finished"
        found = hashlib.sha256(repr([task.paths for task in tasks]).encode()).hexdigest()
        if self._store.compare_set("clips", "", found).decode() != found:
            raise ValueError(
                f"process {self.rank} found other clips than the first one did; give all processes the same clips."
            )
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", self.rank)) % torch.cuda.device_count())

    def take(self) -> Iterator[Task]:
        """Yield clips that no other process has taken, until none is left or :meth:`end` is called."""
        while not self._store.check(["end"]) and (position := self._store.add("taken", 1)) <= len(self._tasks):
            self._open = position
            yield self._tasks[position - 1]

    def report(self, outcome: Outcome) -> None:
        """Publish the outcome of a clip that this process took."""
        clip_id = outcome.result.clip_id if outcome.result else ""
        self._publish([clip_id, outcome.error, outcome.message, outcome.traceback])

    def end(self) -> None:
        """Let no process take another clip."""
        self._store.set("end", "1")

    def leave(self) -> None:
        """Give up the clip at hand after a signal."""
        self._state = "stopped"
        if self._open:
            self._publish([])

    def outcomes(self, timeout_s: float) -> list[Outcome] | None:
        """Wait for the outcomes of all clips that were taken.

        Any process may be dead or hang, so all of them wait, and the first one that is done gets the outcomes.

        Args:
            timeout_s: how long to wait for the next outcome. A clip without one counts as failed.

        Returns:
            The outcomes in order, or ``None`` if another process got them.
        """
        taken = range(1, min(self._store.add("taken", 0), len(self._tasks)) + 1)
        waiting, deadline = set(taken), time.monotonic() + timeout_s
        while waiting and time.monotonic() < deadline:
            arrived = {position for position in waiting if self._store.check([f"outcome {position}"])}
            waiting -= arrived
            if arrived:
                deadline = time.monotonic() + timeout_s
            elif waiting:
                time.sleep(POLL_S)
        if self._store.add(self._state, 1) > 1:
            return None
        lost = (
            f"the process that took this clip died or gave no result for {timeout_s:g} s; run the same command again, "
            "with a longer --process-timeout if it was still at work."
        )
        found = [
            (
                Outcome(self._tasks[position - 1], None, "ProcessLost", lost)
                if position in waiting
                else self._read(position)
            )
            for position in taken
        ]
        return [outcome for outcome in found if outcome]

    def _publish(self, entry: list[str]) -> None:
        self._store.set(f"outcome {self._open}", json.dumps(entry))
        self._open = 0

    def _read(self, position: int) -> Outcome | None:
        """Return the outcome of a clip; ``None`` if its process gave it up."""
        task, entry = self._tasks[position - 1], json.loads(self._store.get(f"outcome {position}"))
        if not entry or not entry[0]:
            return Outcome(task, None, *entry[1:]) if entry else None
        try:
            results = read_results(self._out / entry[0])
        except OSError:
            message = f"results {entry[0]} cannot be read; use a results folder that all processes share."
            return Outcome(task, None, "FileNotFoundError", message)
        return Outcome(task, SegmentationResult(**vars(results), folder=self._out / entry[0]))
