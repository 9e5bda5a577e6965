"""Optional packages: one sentence if they are missing, and silence if they are there."""

from __future__ import annotations

import logging
import sys

import pytest

from gdkvm_monai.archive.packages import require


def test_a_missing_package_is_one_sentence_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "dicomweb_client", None)
    with pytest.raises(ImportError, match=r'dicomweb-client .*pip install "gdkvm-monai\[archive\]"') as caught:
        require("dicomweb_client")
    assert "\n" not in str(caught.value)


def test_the_log_of_a_package_is_silent_since_it_quotes_headers():
    pytest.importorskip("pynetdicom")
    assert require("pynetdicom").AE
    assert not logging.getLogger("pynetdicom.events").isEnabledFor(logging.CRITICAL)
