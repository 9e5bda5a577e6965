"""Sending results until they have arrived."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from gdkvm_monai.archive.queue import ClipQueue

__all__ = ["SENT_FILES", "Delivery", "SendError"]

logger = logging.getLogger(__name__)

SENT_FILES = ("seg.dcm", "sr.dcm")
"""Files of a results folder that are sent, if they were written."""


class SendError(RuntimeError):
    """Results did not arrive; the message holds no patient data."""


class Delivery:
    """Sends the results of finished clips.

    A process killed between the arrival of results and its record sends them again, with the same SOP Instance UIDs,
    which tell the archive that it has them.

    Args:
        queue: queue of the clips.
        results: folder of all results.
        send: sends DICOM files, or raises :class:`SendError`.
    """

    def __init__(self, queue: ClipQueue, results: Path, send: Callable[[Sequence[Path]], None]) -> None:
        self._queue, self._results, self._send = queue, results, send

    def deliver(self, among: Collection[str] | None = None) -> bool:
        """Send the results of the next clip, if any of ``among`` is due; returns whether there was one."""
        clip = self._queue.next_unsent(among)
        if clip is None:
            return False
        folder = self._results / clip.result
        try:
            files = [folder / name for name in SENT_FILES if (folder / name).is_file()]
            if not files:
                raise SendError(f"{folder} holds neither {' nor '.join(SENT_FILES)}; put the folder back.")
            self._send(files)
        except Exception as error:
            # the messages of other packages may quote the header
            own = isinstance(error, SendError)
            reason = str(error) if own else f"unexpected {type(error).__name__}; check the files in {folder}."
            self._queue.record_send_failure(clip, reason)
            logger.error("clip %s: not sent, tried again later: %s", clip.id, reason)
        else:
            self._queue.record_sent(clip.id)
            logger.info("clip %s: sent %s", clip.id, " and ".join(file.name for file in files))
        return True
