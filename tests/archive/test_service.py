"""A folder that survives a kill between any two steps, the listener's loop, and the fetch of a study."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gdkvm_monai.archive import queue, service
from gdkvm_monai.archive.dicomweb import StudyClip
from gdkvm_monai.archive.intake import Receipt
from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.archive.listener import ListenerSettings
from gdkvm_monai.archive.queued_clip import State, clip_id
from gdkvm_monai.archive.service import fetch_study, open_folder, serve
from tests.archive.fakes import FakeArchive, clip_bytes, fake_segmenter
from tests.archive.test_listener import send

pytest.importorskip("pynetdicom")
UIDS = ("2.25.1", "2.25.2")
LIMITS = Limits(free_bytes=0)


def opened(path: Path, archive, segmenter=fake_segmenter, limits=LIMITS):
    return open_folder(path / "out", lambda: segmenter, archive, limits)


def run_scenario(path: Path) -> None:
    """A clip arrives, is segmented, and its results are sent: once, however often this is repeated."""
    with opened(path, FakeArchive(path / "archive")) as folder:
        assert folder.intake.put(UIDS[0], clip_bytes(UIDS[0])) in (Receipt.STORED, Receipt.KNOWN)
        while folder.worker.work() or folder.delivery.deliver():
            pass


def steps(run: Callable[[], None], kill_at: int) -> int:
    """Count the steps of a run that leave something on the disk, and kill this process before one of them."""
    count = [0]

    def counted(function):
        def step(*arguments, **options):
            if count[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            count[0] += 1
            return function(*arguments, **options)

        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue.ClipQueue, "_run", counted(queue.ClipQueue._run))
        patch.setattr(os, "replace", counted(os.replace))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        patch.setattr(Path, "touch", counted(Path.touch))
        patch.setattr(Path, "write_text", counted(Path.write_text))
        patch.setattr(Path, "write_bytes", counted(Path.write_bytes))
        run()
    return count[0]


def killed(run: Callable[[], None], step: int) -> bool:
    """Run in a process of its own that is killed before a step; returns whether it was."""
    process = os.fork()
    if process == 0:
        steps(run, step)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def test_a_kill_between_any_two_steps_neither_loses_nor_doubles_a_result(tmp_path):
    (tmp_path / "whole").mkdir()
    total = steps(lambda: run_scenario(tmp_path / "whole"), -1)
    assert total > 20
    for step in range(total):
        path = tmp_path / str(step)
        path.mkdir()
        assert killed(lambda: run_scenario(path), step)
        run_scenario(path)
        assert FakeArchive(path / "archive").held == FakeArchive(tmp_path / "whole" / "archive").held
        assert len(list((path / "out" / "results").iterdir())) == 1
        assert not list((path / "out" / "incoming").iterdir())
        with opened(path, None) as folder:
            assert folder.intake.queue.find(clip_id(UIDS[0])).state is State.SENT


def test_one_process_works_on_a_folder(tmp_path):
    with opened(tmp_path, None):
        with pytest.raises(FileExistsError, match="another process"), opened(tmp_path, None):
            pass
    with opened(tmp_path, None):
        pass


def test_the_listener_takes_segments_and_sends_back_until_it_is_stopped(tmp_path):
    archive, stop = FakeArchive(tmp_path / "archive", failures=1), threading.Event()
    settings = ListenerSettings("GDKVM", "127.0.0.1", free_port := _free_port(), ("SCANNER",), 10**6)

    class Server:
        port = free_port

    with opened(tmp_path, archive) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "FIRST_DELAY_S", 0.1)
        loop = threading.Thread(target=serve, args=(folder, settings, stop))
        loop.start()
        _wait_until(lambda: _listens(free_port))
        assert send(Server, *map(clip_bytes, UIDS)) == [0, 0]
        _wait_until(lambda: len(archive.held) == 4)
        _wait_until(lambda: folder.intake.queue.total(State.SENT)[0] == 2)
        stop.set()
        loop.join(10)
        assert not loop.is_alive() and not _listens(free_port)


def test_a_queue_that_cannot_be_read_for_a_moment_does_not_end_the_sending(tmp_path, caplog, monkeypatch):
    stop, failures = threading.Event(), [sqlite3.OperationalError("Doe^Jane")]

    class Flaky:
        def deliver(self) -> bool:
            if failures:
                raise failures.pop()
            stop.set()
            return True

    monkeypatch.setattr(service, "QUEUE_PAUSE_S", 0.01)
    service._deliver(Flaky(), stop)
    assert stop.is_set() and "OperationalError" in caplog.text and "Doe" not in caplog.text


class FakeStudy:
    """A DICOMweb archive with the clips of one study."""

    def __init__(self, uids=UIDS) -> None:
        self.uids, self.retrieved = uids, []

    def clips(self, study: str) -> list[StudyClip]:
        return [StudyClip(study, "2.25.11", uid) for uid in self.uids]

    def retrieve(self, clip: StudyClip) -> bytes:
        self.retrieved.append(clip.instance)
        return clip_bytes(clip.instance)


def test_a_study_is_fetched_once_and_stored_when_asked(tmp_path):
    study, archive = FakeStudy(), FakeArchive(tmp_path / "archive")
    with opened(tmp_path, None) as folder:
        assert fetch_study(folder, study, "2.25.10") == {State.DONE: 2}
    for _ in range(2):
        with opened(tmp_path, archive) as folder:
            assert fetch_study(folder, study, "2.25.10") == {State.SENT: 2}
    assert study.retrieved == list(UIDS) and len(archive.held) == 4


def test_a_fetch_sends_no_results_of_another_study(tmp_path):
    with opened(tmp_path, None) as folder:
        fetch_study(folder, FakeStudy(UIDS[:1]), "2.25.10")
    with opened(tmp_path, FakeArchive(tmp_path / "archive")) as folder:
        fetch_study(folder, FakeStudy(UIDS[1:]), "2.25.20")
        assert folder.intake.queue.find(clip_id(UIDS[0])).state is State.DONE


def test_a_fetch_goes_on_after_a_clip_that_is_refused_or_not_stored(tmp_path):
    def segmenter(clip, results):
        if clip.stem == clip_id(UIDS[0]):
            raise KeyError("x")
        return fake_segmenter(clip, results)

    with opened(tmp_path, FakeArchive(tmp_path / "archive", failures=1), segmenter) as folder:
        assert fetch_study(folder, FakeStudy(), "2.25.10") == {State.REFUSED: 1, State.DONE: 1}


@pytest.mark.parametrize(
    ("uids", "limits", "error", "cause"),
    [((), LIMITS, ValueError, "multi-frame"), (UIDS, Limits(bytes=1, free_bytes=0), OSError, "room")],
)
def test_a_study_without_a_clip_and_limits_without_room_are_errors(tmp_path, uids, limits, error, cause):
    with opened(tmp_path, None, limits=limits) as folder, pytest.raises(error, match=cause):
        fetch_study(folder, FakeStudy(uids), "2.25.10")


def _free_port() -> int:
    from tests.archive.orthanc import free_port

    return free_port()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
