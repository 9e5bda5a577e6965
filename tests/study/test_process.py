"""A process that segments clips quotes no header and cleans up when it is terminated."""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings

import pytest

from gdkvm_monai.study.process import prepare_process
from tests.study.tiny_command import process_kept


@pytest.fixture(autouse=True)
def process_as_before():
    with process_kept(), warnings.catch_warnings():
        yield


def test_libraries_do_not_log_what_a_header_contains(caplog):
    prepare_process()
    for name in ("pydicom", "monai"):
        logging.getLogger(name).warning("Invalid value for PN: Doe^Jane")
    logging.getLogger("pydicom").error("Doe^Jane")
    warnings.warn("Doe^Jane", stacklevel=1)
    assert "Doe" not in caplog.text
    logging.getLogger("monai").error("cannot go on")
    assert "cannot go on" in caplog.text


def test_a_termination_is_an_exit_so_that_unfinished_files_are_removed():
    prepare_process()
    cleaned = []
    with pytest.raises(SystemExit) as exit:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            cleaned.append(True)
    assert exit.value.code == 143 and cleaned


def test_in_a_thread_the_signal_handler_of_the_process_stays():
    before, errors = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        try:
            prepare_process()
        except ValueError as error:  # Python allows handlers in the main thread only
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not errors and signal.getsignal(signal.SIGTERM) is before
