"""Area and volume of each frame of a clip."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.metrics.curves import area_curve, volume_curve
from gdkvm_monai.metrics.ejection_fraction import measure_ejection_fraction
from tests.metrics.ventricles import ventricle


def test_areas_are_in_square_centimeters_and_nan_if_unknown():
    clip = np.zeros((20, 30, 3))
    clip[5:15, 5:25, 0] = LV
    clip[..., 2] = UNLABELED
    np.testing.assert_array_equal(area_curve(clip, (0.5, 1.0)), [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(area_curve(clip), [200, np.nan, np.nan])


def test_a_volume_curve_has_one_value_per_frame_and_nan_for_a_missing_ventricle():
    frames = [ventricle(a, 25, (1, 1), cut=20) for a in (50, 45, 40)]
    clip = np.stack([*frames, np.zeros_like(frames[0])], -1)
    curve = volume_curve(clip, (1, 1))
    assert curve[0] > curve[1] > curve[2] and np.isnan(curve[3])
    single = measure_ejection_fraction({"4CH": frames[0]}, {"4CH": frames[2]}, (1, 1))
    assert (curve[0], curve[2]) == (single.edv_ml, single.esv_ml)


def test_a_gap_of_a_millimeter_changes_neither_curve():
    spacing, whole = (0.5, 0.5), ventricle(45, 25, (0.5, 0.5))
    cut = whole.copy()
    cut[120:122] = 0
    clip = np.stack([whole, cut], -1)
    areas, volumes = area_curve(clip, spacing), volume_curve(clip, spacing, axis="pca")
    assert areas[1] == pytest.approx(areas[0], rel=1e-3) and volumes[1] == pytest.approx(volumes[0], rel=1e-3)


def test_a_ventricle_in_pieces_has_neither_area_nor_volume():
    frame = ventricle(45, 25, (0.5, 0.5))
    frame[110:122] = 0
    assert np.isnan([area_curve(frame[..., None]), volume_curve(frame[..., None])]).all()
