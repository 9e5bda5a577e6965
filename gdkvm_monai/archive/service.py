"""A folder of an archive's clips and results, the listener that fills it, and the study that is fetched into it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from gdkvm_monai.archive.delivery import Delivery
from gdkvm_monai.archive.dicomweb import DicomWebArchive
from gdkvm_monai.archive.intake import Intake, Receipt
from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.archive.listener import Listener, ListenerSettings
from gdkvm_monai.archive.queue import ClipQueue
from gdkvm_monai.archive.queued_clip import State, clip_id
from gdkvm_monai.archive.worker import Worker
from gdkvm_monai.folders import remove_abandoned

__all__ = ["ArchiveFolder", "fetch_study", "open_folder", "serve"]

logger = logging.getLogger(__name__)

PAUSE_S = 0.5
"""How often an idle queue is looked at."""
QUEUE_PAUSE_S = 5
"""When a queue that failed is looked at again."""

Segmenter = Callable[[Path, Path], str]
Send = Callable[[Sequence[Path]], None]


@dataclass(frozen=True)
class ArchiveFolder:
    """The parts that work on one folder.

    Attributes:
        intake: clips that wait, in ``incoming``, and their queue, ``queue.sqlite``.
        make_worker: makes :attr:`worker`.
        delivery: sends the results; ``None`` if they stay here.
    """

    intake: Intake
    make_worker: Callable[[], Worker]
    delivery: Delivery | None

    @cached_property
    def worker(self) -> Worker:
        """Segments clips to ``results``; the first use loads the network, after the rest is known to work."""
        return self.make_worker()


@contextmanager
def open_folder(
    out: Path,
    load_segmenter: Callable[[], Segmenter],
    send: Send | None,
    limits: Limits = Limits(),
    show_traceback: bool = False,
) -> Iterator[ArchiveFolder]:
    """Open a folder, and take up what a killed process left in it.

    Args:
        out: folder, created if missing.
        load_segmenter: loads the segmenter of a :class:`~gdkvm_monai.archive.worker.Worker` when it is first needed.
        send: see :class:`~gdkvm_monai.archive.delivery.Delivery`; ``None`` to send nothing.
        limits: how much may wait.
        show_traceback: whether to log tracebacks.

    Raises:
        FileExistsError: if another process works on the folder.
    """
    results = out / "results"
    results.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)  # the system releases it if the process is killed
    except Timeout:
        raise FileExistsError(f"another process works on {out}; end it, or choose another folder.") from None
    with ExitStack() as end:
        end.callback(lock.release)
        remove_abandoned(results)
        queue = ClipQueue(out / "queue.sqlite")
        end.callback(queue.close)
        queue.recover()
        intake = Intake(out / "incoming", queue, limits, sends=send is not None)
        intake.remove_leftovers()
        delivery = Delivery(queue, results, send) if send else None
        yield ArchiveFolder(intake, lambda: Worker(intake, results, load_segmenter(), show_traceback), delivery)


def serve(folder: ArchiveFolder, settings: ListenerSettings, stop: threading.Event) -> None:
    """Take clips, segment them, and send results, until ``stop`` is set or the process is interrupted.

    Raises:
        ImportError: if pynetdicom is not installed.
        OSError: if the address cannot be used.
    """
    with ExitStack() as end:
        listener = end.enter_context(Listener(settings, folder.intake))
        logger.info("%s listens at %s:%d", settings.title, settings.host, listener.port)
        if folder.delivery:
            sender = threading.Thread(target=_deliver, args=(folder.delivery, stop))
            sender.start()
            end.callback(sender.join)
        end.callback(stop.set)  # runs first
        worker = folder.worker  # clips that arrive in the meantime wait
        while not stop.is_set():
            if not worker.work():
                stop.wait(PAUSE_S)


def _deliver(delivery: Delivery, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if not delivery.deliver():
                stop.wait(PAUSE_S)
        except Exception as error:  # the queue cannot be read or written, for example while the disk is full
            logger.error("results cannot be sent, tried again in %d s: %s", QUEUE_PAUSE_S, type(error).__name__)
            stop.wait(QUEUE_PAUSE_S)


def fetch_study(folder: ArchiveFolder, archive: DicomWebArchive, study: str) -> dict[State, int]:
    """Fetch the clips of a study one by one, segment those without results, and store the results if requested.

    Returns:
        How many clips of the study are in each state now.

    Raises:
        ConnectionError: if the archive cannot be reached.
        ValueError: if the study has no clip.
        OSError: if a clip is beyond the limits.
    """
    clips = archive.clips(study)
    if not clips:
        raise ValueError("the study has no multi-frame ultrasound image, expected one or more; check its UID.")
    queue, names = folder.intake.queue, [clip_id(clip.instance) for clip in clips]
    for name, clip in zip(names, clips):
        known = queue.find(name)
        if known is None or known.state is State.REFUSED:
            receipt = folder.intake.put(clip.instance, archive.retrieve(clip))
            logger.info("clip %s: arrived: %s", name, receipt.value)
            if receipt is Receipt.FULL:
                raise OSError("the limits leave no room for the next clip; free space, or raise them.")
        folder.worker.work([name])
        if folder.delivery:
            folder.delivery.deliver([name])
    states = [queue.find(name).state for name in names]
    return {state: states.count(state) for state in State if state in states}
