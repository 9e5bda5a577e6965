"""A picture of the phantom: its quality, its seed, its labels."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.phantom import EchoPhantom
from gdkvm_monai.data.phantom.plane import ViewPlane
from gdkvm_monai.labels import LV, MYOCARDIUM

SIZE = (160, 144)


@pytest.mark.parametrize("view", ["2CH", "4CH"])
def test_a_clip_has_the_axis_order_of_camus_and_black_corners(view):
    phantom = EchoPhantom(2)
    image, labels, spacing_mm = phantom.render(view, [0.0, 0.1, 0.2], size=SIZE)
    assert image.shape == labels.shape == (144, 160, 3)
    assert image.dtype == labels.dtype == np.uint8
    plane = ViewPlane(phantom.heart, view, 2)
    x = (np.arange(144) + 0.5 - 72) * spacing_mm[0]
    y = (np.arange(160) + 0.5) * spacing_mm[1]
    outside = np.abs(np.arctan2(x[:, None], y)) > plane.half_angle
    outside |= np.hypot(x[:, None], y) > plane.depth_mm
    assert outside.mean() > 0.3
    assert not image[outside].any() and not labels[outside].any()
    assert image[~outside].mean() > 30


def test_square_pixels_have_the_requested_spacing():
    image, _, spacing_mm = EchoPhantom(2).render("4CH", [0.0], spacing_mm=0.6)
    assert spacing_mm == pytest.approx((0.6, 0.6), rel=0.005)
    assert image.shape[0] > image.shape[1]


def test_the_blood_is_darker_than_the_wall_and_the_better_the_quality_the_more():
    def contrast(quality: str) -> float:
        values = []
        for seed in range(3):
            image, labels, _ = EchoPhantom(seed, quality).render("4CH", [0.0], size=SIZE)
            values.append(np.median(image[labels == MYOCARDIUM]) - np.median(image[labels == LV]))
        return float(np.mean(values))

    good, medium, poor = (contrast(quality) for quality in ("good", "medium", "poor"))
    assert good > medium + 5 > poor + 10
    assert poor > 5


def test_the_quality_changes_the_picture_and_neither_the_heart_nor_the_labels():
    good, poor = (EchoPhantom(6, quality).render("2CH", [0.1], size=SIZE) for quality in ("good", "poor"))
    np.testing.assert_array_equal(good[1], poor[1])
    assert (good[0] != poor[0]).mean() > 0.3


def test_a_seed_gives_the_same_bytes_and_a_frame_depends_on_its_time_alone():
    times = [0.0, 0.2, 0.35]
    first = EchoPhantom((1, 7)).render("4CH", times, size=SIZE)
    EchoPhantom((1, 8)).render("2CH", times, size=SIZE)
    again = EchoPhantom((1, 7)).render("4CH", times[:0:-1], size=SIZE)
    np.testing.assert_array_equal(first[0][..., 1:], again[0][..., ::-1])
    np.testing.assert_array_equal(first[1][..., 1:], again[1][..., ::-1])
    other = EchoPhantom((1, 8)).render("4CH", times, size=SIZE)
    assert (first[1] != other[1]).any()


def test_label_maps_do_not_depend_on_the_number_of_pixels():
    phantom = EchoPhantom(9)
    areas = []
    for size in ((128, 128), (256, 300)):
        _, labels, spacing_mm = phantom.render("4CH", [0.1], size=size)
        areas.append([np.sum(labels == value) * np.prod(spacing_mm) for value in (1, 2, 3)])
    np.testing.assert_allclose(*areas, rtol=0.02)


def test_invalid_arguments_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="choose one of good, medium, poor"):
        EchoPhantom(0, "excellent")
    with pytest.raises(ValueError, match="give exactly one of them"):
        EchoPhantom(0).render("4CH", [0.0])
    with pytest.raises(ValueError, match="PLAX"):
        EchoPhantom(0).render("PLAX", [0.0], size=SIZE)
