"""Captions stand below the picture and fit in its width."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.visualize.captions import add_caption

PICTURE = np.full((50, 200, 3), 90, np.uint8)


def test_the_picture_stays_and_each_line_adds_an_even_strip():
    one, two = add_caption(PICTURE, ["frame 3"]), add_caption(PICTURE, ["frame 3", "Research use only."])
    np.testing.assert_array_equal(two[:50], PICTURE)
    added = one.shape[0] - 50
    assert added % 2 == 0 < added and two.shape == (50 + 2 * added, 200, 3) and two.dtype == np.uint8
    np.testing.assert_array_equal(two[: 50 + added], one)
    assert add_caption(PICTURE, []) is PICTURE


@pytest.mark.parametrize("columns", [90, 200, 400])
def test_a_long_line_becomes_smaller_until_it_fits(columns):
    strip = add_caption(np.zeros((10, columns, 3), np.uint8), ["Research use only. Not a medical device."])[10:]
    ink = np.flatnonzero(strip.max(axis=(0, 2)))
    if columns > 90:
        assert ink.max() <= columns - 4
    assert ink.min() >= 3 and strip.max() > 150


def test_other_text_gives_another_strip():
    assert (add_caption(PICTURE, ["frame 1   ED"]) != add_caption(PICTURE, ["frame 1   ES"])).any()
