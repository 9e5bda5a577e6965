"""The server: echo, clips, stills, other objects, unknown callers, limits, and what it logs."""

from __future__ import annotations

import io
import logging

import pytest

from gdkvm_monai.archive.intake import Intake
from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.archive.listener import ASSOCIATIONS, ECHO, STILLS, Listener, ListenerSettings
from gdkvm_monai.archive.queue import ClipQueue
from gdkvm_monai.archive.queued_clip import State, clip_id
from tests.archive.fakes import MULTI_FRAME, clip_bytes

pynetdicom = pytest.importorskip("pynetdicom")
CT = "1.2.840.10008.5.1.4.1.1.2"
LARGEST = 100_000


@pytest.fixture()
def intake(tmp_path):
    queue = ClipQueue(tmp_path / "queue.sqlite")
    yield Intake(tmp_path / "incoming", queue, Limits(clips=2, free_bytes=0))
    queue.close()


@pytest.fixture()
def listener(intake):
    settings = ListenerSettings("GDKVM", "127.0.0.1", 0, ("SCANNER",), LARGEST)
    with Listener(settings, intake) as listener:
        yield listener


def call(listener, caller: str = "SCANNER", called: str = "GDKVM", classes=(ECHO, MULTI_FRAME, *STILLS, CT)):
    entity = pynetdicom.AE(caller)
    for uid in classes:
        entity.add_requested_context(uid, "1.2.840.10008.1.2.1")
    return entity.associate("127.0.0.1", listener.port, ae_title=called)


def send(listener, *contents: bytes) -> list[int | None]:
    """The status of each file, sent over one association."""
    from pydicom import dcmread

    association = call(listener)
    assert association.is_established
    statuses = [association.send_c_store(dcmread(io.BytesIO(content))).get("Status") for content in contents]
    association.release()
    return statuses


def test_an_echo_is_answered(listener):
    association = call(listener)
    assert association.send_c_echo().Status == 0
    association.release()


@pytest.mark.parametrize(
    ("caller", "called", "cause"), [("STRANGER", "GDKVM", "the calling AE title"), ("SCANNER", "OTHER", "called title")]
)
def test_unknown_titles_are_refused_and_the_log_says_why(listener, intake, caplog, caller, called, cause):
    with caplog.at_level(logging.INFO):
        association = call(listener, caller, called)
        assert association.is_rejected and not association.is_established
        assert intake.queue.find(clip_id("2.25.1")) is None
    assert "refused an association" in caplog.text and cause in caplog.text


def test_one_association_too_many_is_refused_and_the_log_says_why(listener, caplog):
    with caplog.at_level(logging.INFO):
        held = [call(listener) for _ in range(ASSOCIATIONS)]
        assert all(association.is_established for association in held)
        assert call(listener).is_rejected
        for association in held:
            association.release()
    assert "too many associations at a time" in caplog.text


def test_every_title_is_accepted_if_all_are_allowed(intake):
    with Listener(ListenerSettings("GDKVM", "127.0.0.1", 0, None, LARGEST), intake) as listener:
        association = call(listener, "STRANGER")
        assert association.is_established
        association.release()


def test_a_clip_is_confirmed_once_it_is_in_the_queue_and_again_when_it_comes_again(listener, intake, caplog):
    with caplog.at_level(logging.INFO):
        assert send(listener, clip_bytes(), clip_bytes()) == [0, 0]
    assert intake.queue.find(clip_id("2.25.1")).state is State.RECEIVED
    assert intake.path(clip_id("2.25.1")).stat().st_size >= 32
    assert "stored" in caplog.text and "known" in caplog.text
    assert "Doe" not in caplog.text and "2.25" not in caplog.text


def test_a_still_is_recorded_with_the_reason_and_the_rest_of_the_study_goes_on(listener, intake):
    still = clip_bytes("2.25.2", sop_class=STILLS[0], frames=1)
    assert send(listener, still, clip_bytes()) == [0xB006, 0]
    found = intake.queue.find(clip_id("2.25.2"))
    assert found.state is State.REFUSED and "single image" in found.reason


def test_other_modalities_are_refused_when_the_association_is_made(listener):
    association = call(listener)
    accepted = [context.abstract_syntax for context in association.accepted_contexts]
    assert sorted(accepted) == sorted([ECHO, MULTI_FRAME, *STILLS])
    association.release()


def test_beyond_the_limits_a_clip_is_answered_out_of_resources_and_later_taken(listener, intake):
    contents = [clip_bytes(f"2.25.{number}") for number in (1, 2, 3)]
    assert send(listener, *contents) == [0, 0, 0xA700]
    clip = intake.queue.take().id
    intake.queue.finish(clip, "folder")
    assert send(listener, contents[2]) == [0]


def test_a_disk_that_cannot_be_written_is_answered_out_of_resources(listener, intake, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(intake, "put", full)
    assert send(listener, clip_bytes()) == [0xA700]


def test_an_object_above_the_largest_size_ends_its_association(listener, intake):
    frames = 4 * LARGEST // 16
    assert send(listener, clip_bytes(frames=frames)) == [None]
    assert intake.queue.find(clip_id("2.25.1")) is None
    assert send(listener, clip_bytes()) == [0]


def test_a_port_in_use_is_an_error(listener, intake):
    settings = ListenerSettings("GDKVM", "127.0.0.1", listener.port, None, LARGEST)
    with pytest.raises(OSError, match=f"127.0.0.1:{listener.port} cannot be used"), Listener(settings, intake):
        pass
