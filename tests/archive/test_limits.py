"""Limits of what waits."""

from __future__ import annotations

from gdkvm_monai.archive.limits import Limits


def test_a_clip_of_the_largest_size_fits_the_queue_by_default():
    limits = Limits()
    assert 0 < limits.clip_bytes <= limits.bytes and limits.clips > 0 and limits.free_bytes > limits.clip_bytes
