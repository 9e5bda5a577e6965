"""The pictures: physics that can be measured in them."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.phantom import QUALITIES, EchoPhantom
from gdkvm_monai.data.phantom.plane import ViewPlane
from gdkvm_monai.data.phantom.tissue import Tissue
from gdkvm_monai.data.phantom.ultrasound import Sector
from gdkvm_monai.labels import LV, MYOCARDIUM

SIZE = (160, 144)


@pytest.fixture(scope="module")
def sector() -> Sector:
    return Sector(150.0, 0.7, QUALITIES["good"])


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


def test_square_pixels_have_the_spacing_asked_for():
    image, _, spacing_mm = EchoPhantom(2).render("4CH", [0.0], spacing_mm=0.6)
    assert spacing_mm == pytest.approx((0.6, 0.6), rel=0.005)
    assert image.shape[0] > image.shape[1]


def test_the_blur_keeps_the_variance_of_white_noise_and_widens_with_depth_in_mm(sector):
    noise = np.random.default_rng(0).standard_normal(sector.shape)
    assert sector.blur(noise)[10:-10, 10:-10].std() == pytest.approx(1, abs=0.05)

    def width_mm(depth_mm: float) -> float:
        response = sector.blur(sector.splat(np.array([[0.0, depth_mm]]), np.ones((2, 1)))[0])
        profile = response[:, round(depth_mm / sector.step_mm)] ** 2
        offset = depth_mm * np.sin(sector.angle[:, 0])
        return float(np.sqrt(profile @ offset**2 / profile.sum()))

    assert width_mm(120) == pytest.approx(3 * width_mm(40), rel=0.1)


def test_a_scatterer_lands_where_it_is_and_outside_the_sector_nowhere(sector):
    angle, radius = sector.angle[20, 0], sector.radius_mm[50] + 1e-6
    grid = sector.splat(np.array([[radius * np.sin(angle), radius * np.cos(angle)], [200.0, 10.0]]), np.ones((2, 2)))
    assert np.unravel_index(grid[0].argmax(), grid[0].shape) == (20, 50)
    assert grid.sum() == pytest.approx(2)


def test_ten_decibels_are_one_and_the_same_step_of_gray(sector):
    gray = sector.compress(np.sqrt(np.array([[[0.01, 0.1, 1.0]], [[0.0, 0.0, 0.0]]])))
    np.testing.assert_allclose(np.diff(gray), 255 * 10 / sector.quality.range_db, rtol=1e-6)


def test_speckle_stays_with_the_moving_wall_and_not_with_the_pixel():
    phantom = EchoPhantom(4, "good")
    plane = ViewPlane(phantom.heart, "4CH", 4)
    times = np.array([0.25, 0.32]) * phantom.end_systole_s  # the fast part of systole
    image, labels, spacing_mm = phantom.render("4CH", times, spacing_mm=0.35)
    tissue = Tissue(plane, Sector(plane.depth_mm, plane.half_angle, QUALITIES["good"]), 4)
    wall = tissue._label == MYOCARDIUM
    positions = list(tissue.positions(phantom.heart.section("4CH", times), times))
    before, after = (points[: len(wall)][wall] for points in positions)
    moving = np.linalg.norm(after - before, axis=1) > 0.8

    def gray(points: np.ndarray, frame: int) -> np.ndarray:
        x = np.clip(points[:, 0] / spacing_mm[0] + image.shape[0] / 2, 0, image.shape[0] - 1).astype(int)
        return image[x, np.clip(points[:, 1] / spacing_mm[1], 0, image.shape[1] - 1).astype(int), frame]

    assert moving.sum() > 200
    with_tissue = np.corrcoef(gray(before[moving], 0), gray(after[moving], 1))[0, 1]
    at_pixel = np.corrcoef(gray(before[moving], 0), gray(before[moving], 1))[0, 1]
    assert with_tissue > at_pixel + 0.15


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


def test_what_cannot_be_rendered_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="choose one of good, medium, poor"):
        EchoPhantom(0, "excellent")
    with pytest.raises(ValueError, match="give exactly one of them"):
        EchoPhantom(0).render("4CH", [0.0])
    with pytest.raises(ValueError, match="choose one of 2CH, 4CH"):
        EchoPhantom(0).render("PLAX", [0.0], size=SIZE)
