"""The script published with CAMUS, reproduced."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import find_contours

from gdkvm_monai.labels import LV
from gdkvm_monai.metrics.creatis import measure_creatis_axis
from tests.metrics.ventricles import ventricle


def literal_base(contour):
    """The base of the CAMUS script, pair by pair."""
    best, ends = 0.0, None
    for later in range(1, len(contour)):
        for earlier in range(later):
            y, x = contour[earlier] - contour[later]
            if abs(np.degrees(np.arctan2(y, x))) > 45 or np.hypot(y, x) <= best:
                continue
            offset = contour[earlier + 1 : later] - contour[later]
            if (np.abs(y * offset[:, 1] - x * offset[:, 0]) <= 8 * np.hypot(y, x)).all():
                best, ends = np.hypot(y, x), (earlier, later)
    return ends


@pytest.mark.parametrize("tilt", [-15, 0, 8])
def test_the_base_matches_the_double_loop_of_the_camus_script(tilt):
    frame = ventricle(50, 25, (0.8, 0.8), tilt, cut=25)
    contour = find_contours((frame == LV).astype(float), 0.5)[0]
    earlier, later = literal_base(contour)
    middle = contour[int(earlier + round((later - earlier) / 2))]
    length = np.linalg.norm(contour - middle, axis=1).max()
    assert measure_creatis_axis(frame == LV, (0.8, 0.8))[1] == pytest.approx(0.8 * length, abs=1e-12)


def test_an_empty_mask_is_refused():
    with pytest.raises(ValueError, match="empty"):
        measure_creatis_axis(np.zeros((5, 5)), (1, 1))
