"""The evidence gives areas of valid frames and the anatomy of all frames."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.study.frame_table import frame_table
from gdkvm_monai.study.quality import Evidence
from tests.study import records
from tests.study.quality.case import WEIGHTS


def test_the_area_of_an_invalid_frame_is_unknown():
    frames = [records.FRAME, records.frame(valid=False)]
    evidence = Evidence(frame_table("0" * 16, frames, None, True), frames, 0.0, WEIGHTS)
    np.testing.assert_array_equal(evidence.area("LV"), [1000, np.nan])
    np.testing.assert_array_equal(evidence.valid, [True, False])
    assert evidence.anatomy == [records.FRAME.measured.anatomy] * 2
