"""Options of a segmentation are checked when they are set."""

from __future__ import annotations

import pytest

from gdkvm_monai.data.clip import ReadOptions
from gdkvm_monai.study.options import SegmentOptions


def test_the_limit_of_a_clip_is_the_readers_and_options_reach_it():
    assert SegmentOptions().max_voxels == ReadOptions().max_voxels
    chosen = SegmentOptions(force=True, allow_partial=True, max_voxels=10).read_options(crop=False)
    assert chosen == ReadOptions(max_voxels=10, crop=False, force=True, allow_partial=True)


def test_both_names_of_a_view_are_accepted():
    assert [SegmentOptions(view=view).view for view in ("4CH", "A4C", "a2c", None)] == ["4CH", "4CH", "2CH", None]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"view": "PLAX"}, "PLAX"),
        ({"overlay": "mov"}, "mov"),
        ({"formats": ("tiff",)}, "tiff"),
        ({"structures": ()}, "nothing"),
        ({"structures": ("RV",)}, "RV"),
        ({"fps": 0}, "0"),
        ({"fps": float("nan")}, "nan"),
        ({"spacing_mm": (0.3, -1)}, "-1"),
    ],
)
def test_a_value_that_is_unknown_or_out_of_range_is_named(options, named):
    with pytest.raises(ValueError, match=named):
        SegmentOptions(**options)
