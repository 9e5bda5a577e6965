"""Frame times come from the first attribute that can be used."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader
from tests.data.dicom_files import VECTOR


@pytest.mark.parametrize(
    ("attributes", "frame_time_ms", "source"),
    [
        ({**VECTOR, "FrameTime": 40}, 25, "FrameTimeVector"),
        ({**VECTOR, "FrameTime": 40, "FrameIncrementPointer": 0x00181065}, 25, "FrameTimeVector"),
        ({**VECTOR, "FrameTime": 40, "FrameIncrementPointer": 0x00181063}, 40, "FrameTime"),
        ({"FrameTimeVector": [0, 20, 30], "FrameTime": 40}, 40, "FrameTime"),
        ({"FrameTime": 0, "CineRate": 50}, 20, "CineRate"),
        ({"CineRate": 0, "RecommendedDisplayFrameRate": 40}, 25, "RecommendedDisplayFrameRate"),
        ({"FrameTimeVector": [0, 20, 30]}, None, None),
        ({"FrameTimeVector": [0, 20, 0, 20, 20]}, None, None),
        ({"FrameTimeVector": [0, 20, 40, 60, 80], "FrameTime": 20}, 20, "FrameTime"),
        ({"FrameTimeVector": [0, 20, 40, 60, 80]}, None, None),
        ({"FrameTime": -1}, None, None),
        ({"FrameTime": 0}, None, None),
        ({"FrameTime": 20000, "CineRate": 50}, 20, "CineRate"),
        ({"CineRate": 1, "RecommendedDisplayFrameRate": 2000}, None, "CineRate"),
        ({}, None, None),
    ],
    ids=["vector", "named vector", "vector of another clip",
         "short vector", "zero time", "zero rate", "only a short vector", "vector with zero", "onsets", "only onsets",
         "negative", "zero", "microseconds", "only implausible rates", "none"],
)  # fmt: skip
def test_frame_times_come_from_the_first_usable_attribute(frames, write_dicom, attributes, frame_time_ms, source):
    read = ClipReader().read(write_dicom(frames, **attributes))
    assert read.meta.get("frame_time_ms") == frame_time_ms and read.meta.get("frame_time_source") == source
    assert read.affine[2, 2] == pytest.approx(frame_time_ms / 1000 if frame_time_ms else 1)
    assert read.meta.get("frame_times_ms") == ("0 20 50 70 100" if source == "FrameTimeVector" else None)


@pytest.mark.parametrize(
    "vector",
    [
        [0, 20, 40, 60, 80],
        [0, 20, 20],
        [0, 20, 20, 20, 20, 20],
        [0, 0, 0, 0, 0],
        [0, 20, -20, 20, 20],
        [0] + 4 * [0.02],
        [20],
    ],
    ids=["onsets", "short", "long", "zeros", "negative", "seconds", "single"],
)
@pytest.mark.parametrize("pointer", [{}, {"FrameIncrementPointer": 0x00181065}], ids=["present", "named"])
@pytest.mark.parametrize("other", ["FrameTime", "RecommendedDisplayFrameRate", None])
def test_a_vector_that_cannot_be_used_is_named_whatever_gives_the_times(frames, write_dicom, vector, pointer, other):
    meta = (
        ClipReader().read(write_dicom(frames, FrameTimeVector=vector, **pointer, **({other: 25} if other else {}))).meta
    )
    assert meta["unusable_times"] == "FrameTimeVector" and meta.get("frame_time_source") == other


@pytest.mark.parametrize(
    ("attributes", "unusable"),
    [
        ({"FrameTime": 0, "CineRate": 50}, "FrameTime"),
        ({"FrameTime": 40_000, "CineRate": 50}, "FrameTime"),
        ({"FrameIncrementPointer": 0x00181065, "FrameTime": 40}, "FrameTimeVector"),
        ({"FrameIncrementPointer": 0x00181063, "CineRate": 50}, "FrameTime"),
        ({"FrameIncrementPointer": 0x00200013, "FrameTime": 40}, "FrameIncrementPointer"),
        ({"FrameIncrementPointer": 0x00181063, "FrameTime": 40, "FrameTimeVector": [0, 20]}, None),
        ({"FrameIncrementPointer": 0x00181065, "FrameTime": 40, **VECTOR}, None),
        ({"FrameIncrementPointer": [0x00200013, 0x00181063], "FrameTime": 40}, None),
        ({"FrameIncrementPointer": [0x00200013, 0x00181065], "FrameTime": 40}, "FrameTimeVector"),
        ({"CineRate": 50}, None),
        ({"FrameTime": 40_000}, None),
        ({}, None),
    ],
)
def test_times_of_another_attribute_than_the_header_names_are_marked(frames, write_dicom, attributes, unusable):
    assert ClipReader().read(write_dicom(frames, **attributes)).meta.get("unusable_times") == unusable
    assert "unusable_times" not in ClipReader().read(write_dicom(frames[:1], **attributes)).meta


@pytest.mark.parametrize(
    ("vector", "are_onsets"),
    [
        ([0, 20, 40, 60, 80, 80.1, 80.0, 140], True),
        ([0, 40, 20, 60, 80, 100, 120, 140], True),
        ([0, 20, 20.1, 20.2, 20.15, 20.3, 20.4, 20.5], False),
        ([0, 20, 30, 20, 30, 20, 30, 20], False),
        ([0, 20, 1500, 20, 20, 21, 20, 21], False),
    ],
    ids=["one out of order", "first two exchanged", "drifting increments", "alternating increments", "pause"],
)
def test_onsets_with_one_out_of_order_are_no_increments(vector, are_onsets, frames, write_dicom):
    meta = ClipReader().read(write_dicom(np.concatenate([frames, frames[:3]]), FrameTimeVector=vector)).meta
    assert meta.get("unusable_times") == ("FrameTimeVector" if are_onsets else None)
    assert meta.get("frame_time_source") == (None if are_onsets else "FrameTimeVector")


def test_a_pause_in_the_acquisition_keeps_its_length(frames, write_dicom):
    meta = ClipReader().read(write_dicom(frames, FrameTimeVector=[0, 20, 1500, 20, 20], FrameTime=20)).meta
    assert meta["frame_times_ms"] == "0 20 1520 1540 1560" and meta["frame_time_source"] == "FrameTimeVector"
