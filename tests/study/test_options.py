"""Options of a segmentation are checked, and a view has one name whatever the user calls it."""

from __future__ import annotations

import pytest

from gdkvm_monai.study.options import SegmentOptions


@pytest.mark.parametrize("text", ["4CH", "4ch", "A4C", "a4c"])
def test_a_view_has_one_name_whatever_the_user_calls_it(text):
    assert SegmentOptions(view=text) == SegmentOptions(view="4CH")
    assert SegmentOptions(view=text).view == "4CH"
