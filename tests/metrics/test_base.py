"""The base of a ventricle: contact with the atrium and principal axes."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from gdkvm_monai.metrics.base import Outline, principal_axis, touch_atrium
from gdkvm_monai.metrics.flat_base import flat_base


def outline(corners, spacing=(1.0, 1.0)):
    return Outline(polygon2mask((100, 100), np.array(corners)), spacing)


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
