"""Frame times come from the first attribute that can be used."""

from __future__ import annotations

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


def test_a_pause_in_the_acquisition_keeps_its_length(frames, write_dicom):
    meta = ClipReader().read(write_dicom(frames, FrameTimeVector=[0, 20, 1500, 20, 20], FrameTime=20)).meta
    assert meta["frame_times_ms"] == "0 20 1520 1540 1560" and meta["frame_time_source"] == "FrameTimeVector"
