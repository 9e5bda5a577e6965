"""Names of clips in the queue."""

from __future__ import annotations

from gdkvm_monai.archive.queued_clip import clip_id


def test_the_name_of_a_clip_depends_on_its_uid_only_and_does_not_hold_it():
    assert clip_id("1.2.840.5") == clip_id("1.2.840.5") != clip_id("1.2.840.6")
    assert "840" not in clip_id("1.2.840.5") and len(clip_id("1.2.840.5")) == 16
