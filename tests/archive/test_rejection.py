"""The cause of a refused association, read from the answer; test_listener.py has real refusals."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gdkvm_monai.archive.rejection import rejection_cause


@pytest.mark.parametrize(
    ("source", "reason", "cause"),
    [(1, 3, "calling AE title"), (1, 7, "called title"), (3, 2, "too many"), (2, 2, "source 2 and reason 2")],
)
def test_the_cause_is_the_one_that_was_answered(source, reason, cause):
    answer = SimpleNamespace(result_source=source, diagnostic=reason)
    assert cause in rejection_cause(SimpleNamespace(acceptor=SimpleNamespace(primitive=answer)))
