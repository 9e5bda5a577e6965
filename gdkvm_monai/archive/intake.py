"""Arrival of clips: a clip is on disk and in the queue before its arrival is confirmed, and never beyond the limits."""

from __future__ import annotations

import shutil
import threading
from enum import Enum
from pathlib import Path

from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.archive.queue import ClipQueue
from gdkvm_monai.archive.queued_clip import State, clip_id
from gdkvm_monai.data.clip import ClipReadError
from gdkvm_monai.data.dicom.source import read_source
from gdkvm_monai.files import atomic_write

__all__ = ["Intake", "Receipt"]

WAITING = (State.RECEIVED, State.SEGMENTING, State.DONE)
ON_DISK = (State.RECEIVED, State.SEGMENTING)
"""States in which the clip itself is kept."""


class Receipt(Enum):
    """What became of a clip that arrived."""

    STORED = "stored"
    KNOWN = "known"
    FULL = "full"
    NO_CLIP = "no clip"
    DAMAGED = "damaged"


class Intake:
    """Folder of the clips that wait, with their queue.

    Args:
        folder: folder of the clips, created if missing.
        queue: their queue.
        limits: how much may wait.
        sends: whether results are sent, so that a finished clip still waits.
    """

    def __init__(self, folder: Path, queue: ClipQueue, limits: Limits = Limits(), sends: bool = False) -> None:
        self._folder, self.queue, self._limits = folder, queue, limits
        self._waiting = WAITING if sends else ON_DISK
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, clip: str) -> Path:
        """Return the path of a clip."""
        return self._folder / f"{clip}.dcm"

    def put(self, uid: str, content: bytes) -> Receipt:
        """Store a clip that arrived, unless it is known; one that was refused before is looked at again.

        Args:
            uid: SOP Instance UID that was announced.
            content: DICOM file.

        Raises:
            OSError: if it cannot be written.
        """
        clip = clip_id(uid)
        with self._lock:
            known = self.queue.find(clip)
            if known is not None and known.state is not State.REFUSED:
                return Receipt.KNOWN
            if not self._has_room(len(content)):
                return Receipt.FULL
            path = self.path(clip)
            with atomic_write(path) as partial:
                partial.write_bytes(content)
            receipt, reason = _look(path, uid)
            if receipt is Receipt.STORED:
                self.queue.add(clip, len(content))
            else:
                self.queue.refuse_arrival(clip, len(content), reason)
                path.unlink()
            return receipt

    def refuse(self, uid: str, size: int, reason: str) -> Receipt:
        """Record an object that is no clip; returns the receipt."""
        clip = clip_id(uid)
        with self._lock:
            known = self.queue.find(clip)
            if known is None or known.state is State.REFUSED:
                self.queue.refuse_arrival(clip, size, reason)
        return Receipt.NO_CLIP

    def discard(self, clip: str) -> None:
        """Delete the file of a clip that is segmented or refused; one that has arrived again in the meantime stays."""
        with self._lock:
            if self.queue.find(clip).state not in ON_DISK:
                self.path(clip).unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Delete files that a killed process left: unconfirmed, partly written, or of finished clips."""
        with self._lock:
            for path in self._folder.iterdir():
                clip = self.queue.find(path.stem)
                if path != self.path(path.stem) or clip is None or clip.state not in ON_DISK:
                    path.unlink()

    def _has_room(self, size: int) -> bool:
        count, _ = self.queue.total(*self._waiting)
        _, held = self.queue.total(*ON_DISK)
        free = shutil.disk_usage(self._folder).free
        limits = self._limits
        return count < limits.clips and held + size <= limits.bytes and free - size >= limits.free_bytes


def _look(path: Path, uid: str) -> tuple[Receipt, str]:
    """Return whether a file is a clip that results can refer to, and why not."""
    try:
        header = read_source(path)
    except ClipReadError as error:
        return Receipt.DAMAGED, str(error).replace(str(path), "the file")
    if header.SOPInstanceUID != uid:
        return Receipt.DAMAGED, "the file holds another SOP Instance UID than was announced; send it again."
    if int(header.NumberOfFrames) < 2:
        return Receipt.NO_CLIP, "the file has one frame, expected a clip."
    return Receipt.STORED, ""
