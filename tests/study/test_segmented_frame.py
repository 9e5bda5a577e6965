"""Results of the frame loop are values: equal if their parts are, and not changed later."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from gdkvm_monai.metrics.sector import Sector
from gdkvm_monai.study.segmented_frame import SegmentedClip
from tests.study.records import FRAME


def test_a_frame_equals_another_with_the_same_values_only():
    frame = replace(FRAME, confidence=0.9)
    assert frame == replace(FRAME, confidence=0.9)
    for name, value in (("valid", False), ("confidence", 0.8), ("intensity_mean", 0.3), ("intensity_sd", 0.3)):
        assert replace(frame, **{name: value}) != frame


def test_results_cannot_be_changed():
    clip = SegmentedClip([FRAME], [[80.0]], Sector())
    for result, name in ((FRAME, "valid"), (clip, "frames"), (clip, "sector")):
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, None)
