"""Options are checked when they are created, and editors know their names and types."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest

from gdkvm_monai import segment
from gdkvm_monai.data.clip import ReadOptions
from gdkvm_monai.study import options as module
from gdkvm_monai.study.options import SegmentKeywords, SegmentOptions


def test_the_default_size_limit_is_the_readers_and_options_reach_the_reader():
    assert SegmentOptions().max_voxels == ReadOptions().max_voxels
    chosen = SegmentOptions(force=True, allow_partial=True, max_voxels=10).read_options()
    assert chosen == ReadOptions(max_voxels=10, force=True, allow_partial=True)


def test_both_names_of_a_view_are_accepted():
    assert [SegmentOptions(view=view).view for view in ("4CH", "A4C", "a2c", None)] == ["4CH", "4CH", "2CH", None]


def test_the_keywords_of_segment_are_the_options():
    hints = {field.name: field.type for field in fields(SegmentOptions)}
    assert SegmentKeywords.__annotations__.keys() == hints.keys()
    assert get_type_hints(SegmentKeywords) == {
        name: get_type_hints(SegmentOptions, vars(module))[name] for name in hints
    }
    signature = inspect.signature(segment)
    assert signature.parameters["options"].annotation == "Unpack[SegmentKeywords]"
    assert len([kind for kind in signature.parameters.values() if kind.kind != kind.VAR_KEYWORD]) <= 8


@pytest.mark.parametrize(("name", "near"), [("veiw", "view"), ("spacing", "spacing_mm"), ("structure", "structures")])
def test_an_unknown_option_is_refused_with_the_nearest_name(name, near):
    with pytest.raises(TypeError, match=f"no option '{name}'; did you mean '{near}'"):
        SegmentOptions.from_keywords({name: 1})


def test_an_option_similar_to_none_is_refused_with_all_names():
    with pytest.raises(TypeError, match="no option 'qqq'; the options are view, structures, .*save_prob"):
        SegmentOptions.from_keywords({"qqq": 1})


def test_values_are_converted_to_their_recorded_form():
    options = SegmentOptions(view="a4c", structures=["LV"], formats=["png", "npz"], spacing_mm=np.array([0.3, 1]))
    assert options == SegmentOptions("4CH", ("LV",), formats=("png", "npz"), spacing_mm=(0.3, 1.0))
    assert all(type(length) is float for length in options.spacing_mm)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"view": "PLAX"}, "PLAX"),
        ({"structures": ()}, "structures got nothing, expected one or several of LV, MYO, LA"),
        ({"structures": "LV"}, "structures got 'LV', expected .* list"),
        ({"formats": ("dicom",)}, "formats got dicom, expected one or several of nifti"),
        ({"fps": 0}, "fps is 0"),
        ({"fps": 1001}, "fps is 1001"),
        ({"fps": float("nan")}, "fps is nan"),
        ({"structures": ("RV",)}, "structures got RV"),
        ({"spacing_mm": (0.3, -1)}, "spacing_mm is"),
        ({"spacing_mm": (0.3,)}, "spacing_mm is"),
        ({"structures": [1]}, "structures got 1, expected"),
        ({"structures": [["LV"]]}, r"structures got \['LV'\], expected"),
        ({"structures": None}, "structures got None, expected"),
        ({"spacing_mm": 0.3}, "spacing_mm is 0.3, expected two lengths"),
        ({"spacing_mm": ("a", "b")}, r"spacing_mm is \('a', 'b'\)"),
        ({"max_voxels": -1}, "max_voxels is -1"),
        ({"overlay": "mov"}, "mov"),
    ],
)
def test_a_wrong_value_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SegmentOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": "50"}, "fps is '50', expected a number or None"),
        ({"fps": True}, "fps is True, expected a number"),
        ({"fast": "no"}, "fast is 'no', expected True or False"),
        ({"report": 0}, "report is 0, expected True or False"),
        ({"save_prob": None}, "save_prob is None, expected True or False"),
        ({"view": 4}, "view is 4, expected a string or None"),
        ({"overlay": None}, "overlay is None, expected a string"),
        ({"max_voxels": 1.5}, "max_voxels is 1.5, expected a whole number"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(options, message):
    with pytest.raises(TypeError, match=message):
        SegmentOptions(**options)
