"""Arrival of clips: confirmed only when stored, each once, never beyond the limits, and tidied after a kill."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from gdkvm_monai.archive.intake import Intake, Receipt
from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.archive.queue import ClipQueue
from gdkvm_monai.archive.queued_clip import State, clip_id
from tests.archive.fakes import clip_bytes

pytest.importorskip("pydicom")

UID = "2.25.1"
CLIP = clip_id(UID)


@pytest.fixture()
def make(tmp_path):
    """Make an intake with limits; all of a test share the folder."""
    queue = ClipQueue(tmp_path / "queue.sqlite")
    yield lambda sends=False, **limits: Intake(
        tmp_path / "incoming", queue, Limits(**{"free_bytes": 0, **limits}), sends
    )
    queue.close()


def test_a_clip_is_stored_byte_by_byte_under_a_name_without_its_uid(make):
    intake = make()
    assert intake.put(UID, clip_bytes()) is Receipt.STORED
    (path,) = intake.path(CLIP).parent.iterdir()
    assert path == intake.path(CLIP) and path.read_bytes() == clip_bytes() and UID not in path.name
    assert intake.queue.find(CLIP).state is State.RECEIVED


def test_the_same_uid_again_is_confirmed_and_not_stored_even_after_it_was_segmented(make):
    intake = make()
    intake.put(UID, clip_bytes())
    assert intake.put(UID, clip_bytes(frames=3)) is Receipt.KNOWN
    assert intake.path(CLIP).read_bytes() == clip_bytes()
    intake.queue.take()
    intake.queue.finish(CLIP, "folder")
    intake.discard(CLIP)
    assert intake.put(UID, clip_bytes()) is Receipt.KNOWN and not intake.path(CLIP).exists()


@pytest.mark.parametrize(
    ("content", "receipt", "reason"),
    [
        (b"no DICOM", Receipt.DAMAGED, "cannot be read"),
        (clip_bytes("2.25.2"), Receipt.DAMAGED, "another SOP Instance UID"),
        (clip_bytes(frames=1), Receipt.NO_CLIP, "one frame"),
        (clip_bytes(sop_class="1.2.840.10008.5.1.4.1.1.2"), Receipt.DAMAGED, "not a multi-frame ultrasound"),
    ],
    ids=["noise", "other", "still", "ct"],
)
def test_what_is_no_clip_is_recorded_with_the_reason_and_not_kept(make, content, receipt, reason):
    intake = make()
    assert intake.put(UID, content) is receipt
    found = intake.queue.find(CLIP)
    assert found.state is State.REFUSED and reason in found.reason and str(intake.path(CLIP)) not in found.reason
    assert not list(intake.path(CLIP).parent.iterdir())
    assert intake.put(UID, clip_bytes()) is Receipt.STORED  # a sound copy, sent again


def test_a_still_is_recorded_but_takes_nothing_from_a_clip_of_its_uid(make):
    intake = make()
    assert intake.refuse("2.25.9", 5, "a still.") is Receipt.NO_CLIP
    assert intake.queue.find(clip_id("2.25.9")).reason == "a still."
    intake.put(UID, clip_bytes())
    intake.refuse(UID, 5, "a still.")
    assert intake.queue.find(CLIP).state is State.RECEIVED


def test_beyond_the_number_of_clips_nothing_is_stored_until_one_is_finished(make):
    intake = make(clips=1)
    intake.put(UID, clip_bytes())
    assert intake.put("2.25.2", clip_bytes("2.25.2")) is Receipt.FULL and intake.queue.find(clip_id("2.25.2")) is None
    intake.queue.take()
    intake.queue.finish(CLIP, "folder")
    assert make(clips=1, sends=True).put("2.25.2", clip_bytes("2.25.2")) is Receipt.FULL
    assert intake.put("2.25.2", clip_bytes("2.25.2")) is Receipt.STORED


def test_beyond_the_size_of_the_queue_nothing_is_stored(make):
    size = len(clip_bytes())
    intake = make(bytes=2 * size - 1)
    assert intake.put(UID, clip_bytes()) is Receipt.STORED
    assert intake.put("2.25.2", clip_bytes("2.25.2")) is Receipt.FULL
    assert make(bytes=2 * size).put("2.25.2", clip_bytes("2.25.2")) is Receipt.STORED


def test_the_disk_is_not_filled_below_its_reserve(make, monkeypatch):
    size = len(clip_bytes())
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000 + size - 1))
    assert make(free_bytes=1000).put(UID, clip_bytes()) is Receipt.FULL
    assert make(free_bytes=999).put(UID, clip_bytes()) is Receipt.STORED


def test_leftovers_of_a_killed_process_go_and_waiting_clips_stay(make):
    intake = make()
    intake.put(UID, clip_bytes())
    for name in (".0.123.partial.dcm", f"{clip_id('2.25.5')}.dcm"):  # partly written; stored but not confirmed
        intake.path(CLIP).with_name(name).touch()
    intake.remove_leftovers()
    assert list(intake.path(CLIP).parent.iterdir()) == [intake.path(CLIP)]
    intake.queue.take()
    intake.queue.finish(CLIP, "folder")
    intake.remove_leftovers()
    assert not intake.path(CLIP).exists()


def test_a_refused_clip_that_has_arrived_again_is_not_discarded(make):
    intake = make()
    intake.put(UID, clip_bytes())
    intake.queue.take()
    intake.queue.refuse(CLIP, "no heart.")
    intake.put(UID, clip_bytes())
    intake.discard(CLIP)
    assert intake.path(CLIP).exists()
