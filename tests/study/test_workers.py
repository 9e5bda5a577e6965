"""Worker processes: results in order, and a dead one fails its own item only."""

from __future__ import annotations

import os
import time
from concurrent.futures import BrokenExecutor
from functools import partial
from multiprocessing import active_children

import pytest

from gdkvm_monai.study.workers import run_in_workers

KILLED = 3


def nothing() -> None:
    pass


def work(item: int) -> int:
    if item == KILLED:
        os.abort()
    return item * item


def run(items, jobs: int = 2, work=work, start=nothing):
    return run_in_workers(jobs, start, work, items, lambda item, error: (item, isinstance(error, BrokenExecutor)))


def test_a_dead_process_fails_its_item_only_and_is_replaced():
    assert list(run(range(6), jobs=1)) == [0, 1, 4, (KILLED, True), 16, 25]


def test_results_come_in_the_order_of_the_items():
    delays = [0.3, 0, 0, 0.1]
    assert list(run(delays, work=sleep)) == delays


def test_a_caller_that_wants_no_more_ends_the_processes():
    before = set(active_children())
    results = run([0, 60, 60, 60], work=sleep)
    assert next(results) == 0
    results.close()
    deadline = time.monotonic() + 30
    while set(active_children()) - before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_error_of_the_work_itself_is_raised():
    with pytest.raises(TypeError):
        list(run([1], work=partial(work, "one too many")))


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds
