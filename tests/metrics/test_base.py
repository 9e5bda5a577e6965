"""The base of a ventricle: contact with the atrium, flat end, and principal axes."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from gdkvm_monai.metrics.base import Outline, flat_base, principal_axis, touch_atrium
from tests.metrics.ventricles import ventricle

STEP = (0.5, 0.5)


def outline(corners, spacing=(1.0, 1.0)):
    return Outline(polygon2mask((100, 100), np.array(corners)), spacing)


def test_the_flat_end_of_a_cut_ellipse_has_the_ends_of_the_cut():
    ends = flat_base(Outline(ventricle(50, 25, STEP, cut=25) == 1, STEP))
    np.testing.assert_allclose(ends.mean(axis=0), (85, 50), atol=1)
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(2 * 25 * np.sqrt(0.75), abs=1)


def test_the_straight_side_wall_of_a_long_ventricle_is_not_its_base():
    ends = flat_base(outline([(10, 50), (30, 40), (80, 38), (80, 62), (30, 60)]))
    np.testing.assert_allclose(ends.mean(axis=0), (80, 50), atol=1.5)


def test_an_outline_without_a_straight_end_has_no_flat_base():
    for width in (20, 30, 40):
        assert flat_base(Outline(ventricle(30, width, STEP, cut=None) == 1, STEP)) is None


@pytest.mark.parametrize(
    ("atrium", "fault"),
    [
        ([(60, 32), (60, 68), (80, 50)], ""),
        ([(60, 62), (60, 67), (80, 66)], "too short"),
        ([(70, 32), (70, 68), (80, 50)], "do not touch"),
        ([(35, 67), (61, 74), (61, 30), (75, 30), (75, 85), (35, 85)], "bends"),
        ([(60, 32), (60, 48), (80, 40)], "not at its flat end"),
    ],
)
def test_the_contact_is_the_base_only_if_it_is_long_straight_and_at_the_flat_end(atrium, fault):
    cavity = outline([(10, 40), (10, 60), (60, 72), (60, 28)])
    contact = touch_atrium(cavity, outline(atrium), flat_base(cavity))
    assert fault in contact.fault and bool(contact.fault) == bool(fault)
    assert (contact.ends is None) == (fault == "do not touch")


def test_the_principal_axis_runs_from_the_wide_end_or_from_the_atrium():
    cavity = outline([(10, 48), (10, 52), (60, 65), (60, 35)])
    base, apex = principal_axis(cavity)
    assert base[0] > 50 > 20 > apex[0]
    base, apex = principal_axis(cavity, outline([(1, 40), (1, 60), (9, 50)]))
    assert base[0] < 20 < 50 < apex[0]
    base, apex = principal_axis(cavity, outline([(30, 80), (40, 80), (35, 95)]))  # beside it: along the minor axis
    assert base[1] > 60 > 40 > apex[1]
