"""The root cause of an error, without MONAI's wrappers."""

from __future__ import annotations

import logging

import pytest

from gdkvm_monai.configs.errors import explain, no_stacks_in_the_log


def test_the_cause_is_reported_with_its_place_in_the_config():
    with pytest.raises(RuntimeError) as raised:
        try:
            raise TypeError("unexpected keyword argument 'widht'")
        except TypeError as error:
            raise RuntimeError("Failed to instantiate component 'network_def' with keywords: x") from error
    assert explain(raised.value) == "TypeError: unexpected keyword argument 'widht' (in network_def)"


def test_an_error_in_a_worker_process_is_reported_by_its_root_cause():
    text = (
        "Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        '  File "a.py", line 1\nValueError: patient1: the clip is damaged.\n\nThe direct cause of\n\n'
        "RuntimeError: applying transform LoadImageClipd"
    )
    assert explain(RuntimeError(text)) == "patient1: the clip is damaged."


def test_tracebacks_are_removed_from_the_log_only_inside_the_context(caplog):
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
