"""Clip pictures: sampled frames, picture size, orientation, and contours on the borders."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM
from gdkvm_monai.visualize.clip_frames import (
    TOLERANCE_PX,
    aspect_spacing,
    contours,
    picture_size,
    sample_frames,
    upright,
)


@pytest.mark.parametrize(("count", "most"), [(1, 1), (7, 7), (8, 7), (121, 120), (10_000, 120)])
def test_samples_are_even_start_at_the_first_frame_and_respect_the_limit(count, most):
    shown, step = sample_frames(count, most)
    assert shown == list(range(0, count, step)) and len(shown) <= most
    assert step == 1 or len(range(0, count, step - 1)) > most  # no smaller step would do


@pytest.mark.parametrize("keep", [[], [3], [5, 3, 3, 99], list(range(40, 50))])
def test_samples_include_the_frames_to_keep(keep):
    shown, step = sample_frames(100, 20, keep)
    assert set(keep) | set(range(0, 100, step)) == set(shown) and len(shown) <= 20 and shown == sorted(shown)


def test_too_many_frames_to_keep_are_refused_rather_than_dropped():
    assert sample_frames(1000, 10, range(9, 18)) == ([0, *range(9, 18)], 1000)
    with pytest.raises(
        ValueError, match="max_frames is 10, but the first frame and the frames to keep are 11; raise it"
    ):
        sample_frames(1000, 10, range(8, 18))


@pytest.mark.parametrize(("count", "most", "keep"), [(0, 1, []), (5, 0, []), (5, 5, [5]), (5, 5, [-1])])
def test_impossible_samples_are_refused(count, most, keep):
    with pytest.raises(ValueError, match="must be at least 1, and the frames must lie in the clip"):
        sample_frames(count, most, keep)


def test_a_spacing_is_used_only_if_it_is_trusted():
    assert aspect_spacing((0.3, 0.2)) == (0.3, 0.2)
    assert aspect_spacing((0.3, 0.2), "scaled") == aspect_spacing(None) == aspect_spacing(None, "absent") == (1.0, 1.0)


@pytest.mark.parametrize("spacing_mm", [(0.3, 0.3), (0.15, 0.3), (0.6, 0.3)])
@pytest.mark.parametrize("shape", [(40, 30), (640, 480), (3000, 100), (10, 4000)])
def test_pictures_keep_the_proportions_in_millimeters_within_bounds(shape, spacing_mm):
    width, height = picture_size(shape, spacing_mm)
    assert 1 <= width <= 640 and 1 <= height <= 400
    if min(width, height) > 20:
        assert width / height == pytest.approx(shape[0] * spacing_mm[0] / (shape[1] * spacing_mm[1]), rel=0.03)


def test_depth_runs_down_in_an_upright_picture():
    frame = np.zeros((40, 30), np.uint8)
    frame[30:, :10] = 255  # right, near the probe
    pixels = np.asarray(upright(frame, (40, 30)))
    assert pixels.shape == (30, 40) and (pixels == frame.T).all()


@pytest.mark.parametrize("value", [LV, MYOCARDIUM, LEFT_ATRIUM])
@pytest.mark.parametrize("scale", [1, 2, 5])
def test_the_contour_of_a_box_encloses_its_pixels(value, scale):
    mask = np.zeros((40, 30), np.uint8)
    mask[10:20, 5:25] = value
    paths = contours(mask, (40 * scale, 30 * scale))
    (polygon,) = paths[{LV: "LV", MYOCARDIUM: "MYO", LEFT_ATRIUM: "LA"}[value]]
    assert sum(len(polygons) for polygons in paths.values()) == 1 and len(polygon) <= 9
    np.testing.assert_allclose(polygon.min(axis=0), (10 * scale, 5 * scale), atol=TOLERANCE_PX)
    np.testing.assert_allclose(polygon.max(axis=0), (20 * scale, 25 * scale), atol=TOLERANCE_PX)
    np.testing.assert_array_equal(polygon[0], polygon[-1])


def test_each_part_and_hole_has_its_own_contour_and_a_full_frame_is_closed():
    mask = np.full((40, 30), MYOCARDIUM, np.uint8)
    mask[10:20, 10:20] = LV
    paths = contours(mask, (40, 30))
    assert [len(paths[name]) for name in ("LV", "MYO", "LA")] == [1, 2, 0]
    outline = max(paths["MYO"], key=np.ptp)
    assert outline.min() == 0 and tuple(outline.max(axis=0)) == (40, 30)


def test_a_simplified_contour_stays_within_a_pixel_of_the_circle():
    x, y = np.meshgrid(np.arange(200) + 0.5, np.arange(200) + 0.5, indexing="ij")
    (polygon,) = contours((np.hypot(x - 100, y - 80) < 60).astype(np.uint8), (200, 200))["LV"]
    assert np.abs(np.hypot(*(polygon - (100, 80)).T) - 60).max() < 1 and len(polygon) < 60
