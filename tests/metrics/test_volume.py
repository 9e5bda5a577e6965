"""Formulas for volume and ejection fraction, checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.volume import area_length_volume_ml, disk_volume_ml, ejection_fraction


def test_twenty_disks_of_an_ellipsoid_overestimate_it_by_one_part_in_eight_hundred():
    share = np.sqrt(1 - ((np.arange(20) + 0.5) / 10 - 1) ** 2)
    assert disk_volume_ml(50 * share, 90, 44 * share) == pytest.approx(103.802148, abs=1e-6)
    assert disk_volume_ml(50 * share, 90, 44 * share) == pytest.approx(
        4 / 3 * np.pi * 45 * 25 * 22 / 1000 * (1 + 1 / 800)
    )
    assert disk_volume_ml(50 * share, 90) == pytest.approx(117.956987, abs=1e-6)
    assert disk_volume_ml(50 * share, 85, 44 * share) == pytest.approx(98.035362, abs=1e-6)
    assert disk_volume_ml(40 * share, 80) * 1000 == pytest.approx(67104.4, abs=0.1)  # EchoNet's chords, in pixels


def test_a_cylinder_is_exact_for_either_order_of_the_views():
    assert disk_volume_ml([10] * 20, 100) == pytest.approx(7.853982, abs=1e-6)
    assert disk_volume_ml([1, 2], 3, [5, 7]) == disk_volume_ml([5, 7], 3, [1, 2])
    with pytest.raises(ValueError, match="same number of disks"):
        disk_volume_ml([1, 2], 3, [1, 2, 3])


def test_the_area_length_formula_is_exact_for_a_spheroid():
    assert area_length_volume_ml(np.pi * 45 * 25, 90) == pytest.approx(117.809725, abs=1e-6)


def test_an_implausible_ejection_fraction_is_reported_unchanged():
    assert ejection_fraction(120, 48) == 60
    assert ejection_fraction(50, 100) == -100
    assert np.isnan(ejection_fraction(0, 0)) and np.isnan(ejection_fraction(np.nan, 5))
    for edv, esv in ((-1, 1), (1, -1), (np.inf, 1)):
        with pytest.raises(ValueError, match="not negative"):
            ejection_fraction(edv, esv)
