"""Work in the background: done at the end of the body, with its errors, and ended with the body."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gdkvm_monai.study import background
from gdkvm_monai.study.background import in_background, map_in_background

forks = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks are used on Linux only")


def test_the_work_is_done_when_the_body_has_ended(tmp_path: Path):
    with in_background((tmp_path / "done").touch):
        pass
    assert (tmp_path / "done").exists()


@forks
def test_the_body_runs_beside_the_work(tmp_path: Path):
    def wait_for_body():
        while not (tmp_path / "body").exists():
            time.sleep(0.01)

    with in_background(wait_for_body):
        (tmp_path / "body").touch()


def test_an_error_of_the_work_is_raised_after_the_body(tmp_path: Path):
    with pytest.raises(IsADirectoryError, match="Is a directory"), in_background(lambda: tmp_path.write_text("")):
        pass


@forks
def test_a_process_that_dies_is_an_error(tmp_path: Path):
    with pytest.raises(OSError, match="exit code -9"), in_background(lambda: os.kill(os.getpid(), signal.SIGKILL)):
        pass


@forks
def test_an_error_of_the_body_ends_the_work(tmp_path: Path):
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), in_background(lambda: time.sleep(60)):
        raise KeyboardInterrupt
    assert time.monotonic() - started < 30


def test_results_come_in_the_order_of_the_items_although_both_are_larger_than_a_pipe():
    items = (np.full(100_000, number) for number in range(5))
    found = list(map_in_background(np.negative, items))
    assert [(len(result), result[0], result[-1]) for result in found] == [(100_000, -n, -n) for n in range(5)]
    assert list(map_in_background(abs, [])) == [] and list(map_in_background(abs, [-2])) == [2]


@forks
def test_an_item_is_made_while_the_one_before_is_worked_on(tmp_path: Path):
    def items():
        yield 0
        (tmp_path / "second").touch()
        yield 1

    def wait_for_second(item):
        while not (tmp_path / "second").exists():
            time.sleep(0.01)
        return item, os.getpid()

    (_, worker), (last, _) = map_in_background(wait_for_second, items())
    assert last == 1 and worker != os.getpid()


def test_without_forks_results_are_the_same(monkeypatch):
    monkeypatch.setattr("gdkvm_monai.study.background.can_fork", lambda: False)
    assert list(map_in_background(lambda item: (item, os.getpid()), [1, 2])) == [(1, os.getpid()), (2, os.getpid())]


@pytest.mark.parametrize("count", [1, 2, 9])
def test_an_error_of_the_function_is_raised_with_its_own_type(count: int):
    items = (np.full(100_000, number) for number in range(count))
    with pytest.raises(ZeroDivisionError, match="by zero"):
        list(map_in_background(lambda item: 1 // int(item[0] * 0), items))


@forks
@pytest.mark.parametrize("count", [1, 3])
def test_a_process_that_dies_over_an_item_is_an_error(count: int):
    with pytest.raises(OSError, match="exit code -9"):
        list(map_in_background(lambda _: os.kill(os.getpid(), signal.SIGKILL), range(count)))


@forks
def test_an_error_while_an_item_is_made_ends_the_process():
    def items():
        yield 60
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(map_in_background(time.sleep, items()))
    assert time.monotonic() - started < 30


def test_a_process_that_dies_in_the_middle_of_a_message_is_named_as_dead():
    class HalfMessage:
        def recv(self):
            raise OSError("got end of file during message")

    class Dead:
        exitcode = -9

        def join(self):
            pass

    with pytest.raises(OSError, match="died with exit code -9"):
        background._result(HalfMessage(), Dead())
