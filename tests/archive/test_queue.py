"""States of the queue: which may follow which, what a new process finds, and in what order clips are taken."""

from __future__ import annotations

import itertools
import sqlite3

import pytest

from gdkvm_monai.archive import queue as queue_module
from gdkvm_monai.archive.queue import MAX_ATTEMPTS, ClipQueue
from gdkvm_monai.archive.queued_clip import State


@pytest.fixture()
def path(tmp_path):
    return tmp_path / "queue.sqlite"


@pytest.fixture()
def queue(path):
    queue = ClipQueue(path)
    yield queue
    queue.close()


@pytest.fixture()
def clock(monkeypatch):
    """The time, which a test sets."""
    now = [1000.0]
    monkeypatch.setattr(queue_module.time, "time", lambda: now[0])
    return now


def bring(queue: ClipQueue, state: State) -> None:
    """Bring clip a to a state."""
    if state is State.REFUSED:
        return queue.refuse_arrival("a", 5, "damaged")
    queue.add("a", 5)
    if state is not State.RECEIVED:
        queue.take()
    if state in (State.DONE, State.SENT):
        queue.finish("a", "folder")
    if state is State.SENT:
        queue.record_sent("a")


STEPS = {
    "add": (lambda queue: queue.add("a", 7), State.REFUSED, State.RECEIVED),
    "finish": (lambda queue: queue.finish("a", "folder"), State.SEGMENTING, State.DONE),
    "refuse": (lambda queue: queue.refuse("a", "no heart"), State.SEGMENTING, State.REFUSED),
    "put_back": (lambda queue: queue.put_back("a"), State.SEGMENTING, State.RECEIVED),
    "record_sent": (lambda queue: queue.record_sent("a"), State.DONE, State.SENT),
    "send_failed": (lambda queue: queue.record_send_failure(queue.find("a"), "off"), State.DONE, State.DONE),
}


@pytest.mark.parametrize(("step", "before"), [*itertools.product(STEPS, State)])
def test_a_step_is_taken_from_one_state_only_and_otherwise_changes_nothing(queue, step, before):
    act, allowed, after = STEPS[step]
    bring(queue, before)
    if before is allowed:
        act(queue)
        assert queue.find("a").state is after
    else:
        untouched = queue.find("a")
        with pytest.raises(RuntimeError, match="clip a"):
            act(queue)
        assert queue.find("a") == untouched


@pytest.mark.parametrize("state", State)
def test_a_new_process_finds_each_state_and_begins_an_interrupted_clip_again(path, queue, state):
    bring(queue, state)
    found = queue.find("a")
    other = ClipQueue(path)
    assert other.find("a") == found
    other.recover()
    assert other.find("a").state is (State.RECEIVED if state is State.SEGMENTING else state)
    other.close()


def test_a_clip_that_ends_every_process_comes_last_and_is_refused_in_the_end(queue):
    queue.add("a", 5)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert queue.take().id == "a" and queue.find("a").attempts == attempt
        queue.recover()
        if attempt == 1:
            queue.add("b", 5)
            assert queue.take().id == "b"
            queue.put_back("b")
            assert queue.take().id == "b"  # an orderly end does not count
            queue.finish("b", "folder")
    assert queue.find("a").state is State.REFUSED and str(MAX_ATTEMPTS) in queue.find("a").reason
    assert queue.take() is None


def test_clips_are_taken_in_the_order_of_their_arrival_and_named_ones_at_once(queue):
    for clip in "cab":
        queue.add(clip, 5)
    assert queue.take(["b"]).id == "b" and queue.take(["x"]) is None
    assert [queue.take().id for _ in "ca"] == ["c", "a"] and queue.take() is None


def test_what_could_not_be_sent_waits_twice_as_long_each_time_and_lets_others_pass(queue, clock):
    for clip in "ab":
        queue.add(clip, 5)
        queue.take()
        queue.finish(clip, clip)
    for delay_s in (5, 10, 20):
        assert queue.next_unsent().id == "a"
        queue.record_send_failure(queue.find("a"), "off")
        assert queue.next_unsent().id == "b" and queue.next_unsent(["a"]).id == "a"
        queue.record_send_failure(queue.find("b"), "off")
        clock[0] += delay_s - 1
        assert queue.next_unsent() is None
        clock[0] += 1
    assert queue.find("a").reason == "off"
    queue.record_sent("a")
    assert queue.find("a").reason == ""


def test_a_clip_that_was_put_back_waits_for_its_time(queue, clock):
    queue.add("a", 5)
    queue.take()
    queue.put_back("a", 60)
    assert queue.take() is None
    clock[0] += 60
    assert queue.take().attempts == 0


def test_totals_count_clips_and_bytes_of_the_states_asked_for(queue):
    for number, clip in enumerate("abc", 1):
        queue.add(clip, number)
    queue.take()
    assert queue.total(State.RECEIVED) == (2, 5) and queue.total(State.RECEIVED, State.SEGMENTING) == (3, 6)
    assert queue.total(State.SENT) == (0, 0)


def test_the_database_is_flushed_to_the_disk_with_every_change(queue, path):
    assert queue._database.execute("PRAGMA synchronous").fetchone() == (2,)
    queue.add("a", 5)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT id, state FROM clips").fetchall() == [("a", "received")]
