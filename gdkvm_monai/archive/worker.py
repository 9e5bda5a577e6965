"""Segmentation of the queue's clips, one at a time."""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gdkvm_monai.archive.intake import Intake
from gdkvm_monai.archive.queued_clip import QueuedClip
from gdkvm_monai.configs.errors import is_ours

if TYPE_CHECKING:
    from gdkvm_monai.study.options import SegmentOptions
    from gdkvm_monai.study.pipeline import Pipeline

__all__ = ["ClipSegmenter", "Worker"]

logger = logging.getLogger(__name__)

OUTSIDE_THE_CLIP = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)
"""Errors of the operating system that may be over in a minute."""
PAUSE_S = 60


@dataclass(frozen=True)
class ClipSegmenter:
    """Segments a clip by the pipeline of the command ``gdkvm``.

    Attributes:
        pipeline: network with its weights.
        options: options of all clips; their formats must include what is to be sent.
    """

    pipeline: Pipeline
    options: SegmentOptions

    def __call__(self, clip: Path, results: Path) -> str:
        """Write the results of a clip; returns the name of their folder, which appears as a whole.

        Results that a killed process left unrecorded are used if they are those of the same weights and options, and
        are otherwise replaced: nobody has seen them.
        """
        from gdkvm_monai.study.segmentation import segment

        try:
            return segment(clip, out=results, pipeline=self.pipeline, **vars(self.options)).clip_id
        except FileExistsError:
            return segment(clip, out=results, pipeline=self.pipeline, overwrite=True, **vars(self.options)).clip_id


class Worker:
    """Takes clips from the queue and records what became of them.

    Args:
        intake: clips and their queue.
        results: folder of all results.
        segmenter: called with a clip and ``results``; returns the name of the folder that it has written.
        show_traceback: whether to log the traceback of an error, which may quote the clip's header.
    """

    def __init__(
        self, intake: Intake, results: Path, segmenter: Callable[[Path, Path], str], show_traceback: bool = False
    ) -> None:
        self._intake, self._results = intake, results
        self._segmenter, self._show_traceback = segmenter, show_traceback

    def work(self, among: Collection[str] | None = None) -> bool:
        """Segment the next clip that waits, if any of ``among``; returns whether there was one."""
        queue = self._intake.queue
        clip = queue.take(among)
        if clip is None:
            return False
        try:
            result = self._segmenter(self._intake.path(clip.id), self._results)
        except Exception as error:
            self._fail(clip, error)
        except BaseException:  # Ctrl-C or SIGTERM: not the clip's fault
            queue.put_back(clip.id)
            raise
        else:
            queue.finish(clip.id, result)
            logger.info("clip %s: segmented -> %s", clip.id, self._results / result)
        self._intake.discard(clip.id)
        return True

    def _fail(self, clip: QueuedClip, error: Exception) -> None:
        if self._show_traceback:
            logger.error("%s", "".join(traceback.format_exception(error)))
        if isinstance(error, OSError) and error.errno in OUTSIDE_THE_CLIP:
            self._intake.queue.put_back(clip.id, PAUSE_S)
            logger.error("clip %s: %s; tried again in %d s", clip.id, error.strerror, PAUSE_S)
            return
        path = str(self._intake.path(clip.id))
        # the messages of other packages may quote the header
        reason = str(error).replace(path, "the clip") if is_ours(error) else f"unexpected {type(error).__name__}."
        self._intake.queue.refuse(clip.id, reason)
        logger.error("clip %s: refused: %s", clip.id, reason)
