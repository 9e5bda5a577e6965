"""Delivery: what is sent, and that a failure is recorded and tried again."""

from __future__ import annotations

import sqlite3

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


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Doe^Jane"), KeyError("Doe^Jane"), sqlite3.OperationalError("Doe^Jane")]
)
def test_any_error_is_recorded_by_its_type_tried_again_and_blocks_no_other_clip(queue, tmp_path, caplog, error):
    queue.add("b", 5)
    queue.take()
    queue.finish("b", "other")
    (tmp_path / "results" / "other").mkdir()
    (tmp_path / "results" / "other" / "seg.dcm").write_text("of b")
    archive = FakeArchive(tmp_path / "archive")

    def send(files):
        if files[0].parent.name == "folder":
            raise error
        archive(files)

    delivery = Delivery(queue, tmp_path / "results", send)
    assert delivery.deliver() and delivery.deliver() and not delivery.deliver()
    found = queue.find("a")
    assert (found.state, found.sendings) == (State.DONE, 1) and type(error).__name__ in found.reason
    assert "Doe" not in found.reason + caplog.text
    assert queue.find("b").state is State.SENT and archive.held == ["of b"]
    assert Delivery(queue, tmp_path / "results", archive).deliver(["a"]) and queue.find("a").state is State.SENT


def test_missing_results_are_a_failure_not_a_delivery(queue, tmp_path):
    (tmp_path / "results" / "folder" / "seg.dcm").unlink()
    assert Delivery(queue, tmp_path / "results", FakeArchive(tmp_path / "archive")).deliver()
    assert queue.find("a").state is State.DONE and "seg.dcm" in queue.find("a").reason
