"""Delivery: what is sent, and that a failure is recorded and tried again."""

from __future__ import annotations

import pytest

from gdkvm_monai.archive.delivery import Delivery
from gdkvm_monai.archive.queue import ClipQueue
from gdkvm_monai.archive.queued_clip import State
from tests.archive.fakes import FakeArchive


@pytest.fixture()
def queue(tmp_path):
    """A queue with the finished clip a, whose results are in results/folder."""
    queue = ClipQueue(tmp_path / "queue.sqlite")
    queue.add("a", 5)
    queue.take()
    queue.finish("a", "folder")
    folder = tmp_path / "results" / "folder"
    folder.mkdir(parents=True)
    for name in ("seg.dcm", "report.html"):
        (folder / name).write_text(name)
    yield queue
    queue.close()


def test_the_dicom_files_that_were_written_are_sent_once_and_nothing_else(queue, tmp_path):
    archive = FakeArchive(tmp_path / "archive")
    delivery = Delivery(queue, tmp_path / "results", archive)
    assert delivery.deliver() and not delivery.deliver()
    assert archive.held == ["seg.dcm"] and queue.find("a").state is State.SENT


def test_a_failure_is_recorded_and_tried_again(queue, tmp_path):
    archive = FakeArchive(tmp_path / "archive", failures=2)
    delivery = Delivery(queue, tmp_path / "results", archive)
    for failures in (1, 2):
        assert delivery.deliver(["a"]) and archive.held == []
        found = queue.find("a")
        assert (found.state, found.sendings, found.reason) == (State.DONE, failures, "the archive is full.")
    assert not delivery.deliver()  # not yet
    assert delivery.deliver(["a"]) and archive.held == ["seg.dcm"]


def test_missing_results_are_a_failure_not_a_delivery(queue, tmp_path):
    (tmp_path / "results" / "folder" / "seg.dcm").unlink()
    assert Delivery(queue, tmp_path / "results", FakeArchive(tmp_path / "archive")).deliver()
    assert queue.find("a").state is State.DONE and "seg.dcm" in queue.find("a").reason
