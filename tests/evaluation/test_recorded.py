"""What a data set states about a clip, and for which view."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.recorded import Recorded, combine_ef


def test_the_clips_own_view_comes_first():
    item = {"ef_percent": 38.0, "image_quality": "Poor", "ef_percent_2CH": 60.0}
    assert Recorded.from_item(item, "4CH") == Recorded("4CH", "Poor", 38.0)
    assert np.isnan(Recorded.from_item({"image_quality": "Good"}, "4CH").ef_percent)


def test_facts_of_another_view_keep_its_name():
    item = {"ef_percent_2CH": 60.0, "image_quality_2CH": "Good"}
    assert Recorded.from_item(item, "4CH") == Recorded("2CH", "Good", 60.0)


def test_an_item_that_states_nothing_is_unknown():
    stated = Recorded.from_item({}, "4CH")
    assert (stated.view, stated.image_quality, stated.ef_class) == ("4CH", "unknown", "unknown")


@pytest.mark.parametrize(("values", "expected"), [((54.0, 54.0), "4CH+2CH"), ((54.0, np.nan), "4CH")])
def test_equal_ejection_fractions_combine_and_missing_ones_do_not_count(values, expected):
    views = [Recorded(view, ef_percent=value) for view, value in zip(("4CH", "2CH"), values)]
    assert combine_ef(views) == (54.0, expected)


def test_different_ejection_fractions_give_none_and_are_named():
    value, views = combine_ef([Recorded("4CH", ef_percent=54.0), Recorded("2CH", ef_percent=60.0)])
    assert np.isnan(value) and views == "4CH 54 %, 2CH 60 % differ"
