"""Every way in which training fails has one sentence with its cause and what to do."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.handlers.training_failure import explain_failure


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), ["GPU", "batch_size"]),
        (caused(RuntimeError("Failed to evaluate x"), OSError(28, "No space left", "a.pt")), ["a.pt", "free space"]),
        (RuntimeError("[gloo/transport/tcp/pair.cc:81] Timed out waiting 5000ms for recv"), ["process_timeout"]),
        (RuntimeError("[gloo/transport/tcp/pair.cc:535] Connection closed by peer"), ["another process"]),
        (caused(RuntimeError("applying transform X"), ValueError("clip a.mhd is cut off.")), ["clip a.mhd is cut off"]),
    ],
)
def test_the_root_cause_is_named_with_a_remedy(error, words):
    sentence = explain_failure(error)
    assert all(word in sentence for word in words) and "\n" not in sentence and not sentence.endswith(".")
