"""Two runs never write to one folder at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from gdkvm_monai.handlers.run_lock import run_lock


def hold(folder, held) -> None:
    with run_lock(folder):
        held.set()
        signal.pause()


def test_a_second_run_is_refused_until_the_first_has_ended_or_was_killed(tmp_path):
    context = multiprocessing.get_context("fork")
    held = context.Event()
    first = context.Process(target=hold, args=(tmp_path / "run" / "training", held))
    first.start()
    try:
        assert held.wait(30)
        with pytest.raises(RuntimeError, match="another process is training in .*run; .*--run_dir"):
            with run_lock(tmp_path / "run" / "training"):
                pytest.fail("two runs hold the lock")
        with run_lock(tmp_path / "other" / "training"):
            pass
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.join(30)
    with run_lock(tmp_path / "run" / "training"):
        pass
    with run_lock(tmp_path / "run" / "training"):
        pass
