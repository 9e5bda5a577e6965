"""Work in the background: done at the end of the body, with its errors, and ended with the body."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from gdkvm_monai.study.background import in_background

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
