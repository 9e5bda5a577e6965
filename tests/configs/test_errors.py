"""The cause of an error, below all that MONAI wraps around it."""

from __future__ import annotations

import logging

import pytest

from gdkvm_monai.configs.errors import explain, no_stacks_in_the_log


def test_the_cause_is_told_with_the_place_in_the_config():
    with pytest.raises(RuntimeError) as raised:
        try:
            raise TypeError("unexpected keyword argument 'widht'")
        except TypeError as error:
            raise RuntimeError("Failed to instantiate component 'network_def' with keywords: x") from error
    assert explain(raised.value) == "TypeError: unexpected keyword argument 'widht' (in network_def)"


def test_an_error_in_a_worker_process_is_named_by_its_root():
    text = (
        "Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        '  File "a.py", line 1\nValueError: patient1: the clip is damaged.\n\nThe direct cause of\n\n'
        "RuntimeError: applying transform LoadClipd"
    )
    assert explain(RuntimeError(text)) == "patient1: the clip is damaged."


def test_the_log_keeps_messages_without_stacks_only_for_the_time_being(caplog):
    def log() -> str:
        caplog.clear()
        try:
            raise ValueError("cause")
        except ValueError:
            logging.getLogger("test").exception("message")
        return caplog.text

    with no_stacks_in_the_log():
        assert "message" in (text := log()) and "Traceback" not in text
    assert "Traceback" in log()
