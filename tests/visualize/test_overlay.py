"""Overlays: upright, in the heart's proportions, with contours where the borders are."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM, UNLABELED
from gdkvm_monai.visualize.overlay import COLORS, overlay_clip, write_gif, write_overlay_avi, write_overlay_gif

WHITE = (255, 255, 255)


def colored(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Where a picture ``(rows, columns, 3)`` has exactly a color."""
    return (picture == np.array(color)).all(axis=-1)


def box(rows: slice, columns: slice, value: int = LV, frames: int = 1) -> np.ndarray:
    """A mask of 40 lateral and 60 depth pixels with a box in it, given in rows and columns of the upright picture."""
    mask = np.zeros((40, 60, frames), dtype=np.uint8)
    mask[columns, rows] = value
    return mask


@pytest.fixture
def gray() -> np.ndarray:
    return np.full((40, 60, 1), 100, dtype=np.uint8)


def test_axis_0_runs_to_the_right_and_axis_1_downwards(gray):
    image = np.zeros_like(gray)
    image[30:, :10] = 250  # right, and near the probe
    (picture,) = overlay_clip(image, np.zeros_like(image), height=60)
    assert picture.shape == (60, 40, 3) and picture.dtype == np.uint8
    bright = picture[..., 0] > 125
    assert bright[:10, 30:].all() and not bright[11:].any() and not bright[:, :29].any()


def test_masks_are_drawn_where_they_are_in_the_picture(gray):
    (picture,) = overlay_clip(gray, box(slice(5, 25), slice(10, 20)), height=60)
    touched = (picture != 100).any(axis=-1)
    expected = np.zeros((60, 40), bool)
    expected[5:25, 10:20] = True
    np.testing.assert_array_equal(touched, expected)


@pytest.mark.parametrize(
    ("spacing_mm", "width"), [((1, 1), 80), ((0.308, 0.154), 160), ((0.154, 0.308), 40), ((0.3, 0.3), 80)]
)  # fmt: skip
def test_the_picture_has_the_proportions_in_millimetres(gray, spacing_mm, width):
    assert overlay_clip(gray, np.zeros_like(gray), spacing_mm=spacing_mm, height=120).shape == (1, 120, width, 3)


def test_a_circle_in_millimetres_is_a_circle_on_the_screen():
    x, y = np.meshgrid(0.3 * np.arange(100), 0.15 * np.arange(200), indexing="ij")
    mask = ((np.hypot(x - 15, y - 15) < 10)[..., None] * LV).astype(np.uint8)
    (picture,) = overlay_clip(np.zeros_like(mask), mask, spacing_mm=(0.3, 0.15), height=300)
    rows, columns = np.nonzero(picture.any(axis=-1))
    assert np.ptp(rows) == pytest.approx(200, abs=4) and np.ptp(columns) == pytest.approx(200, abs=4)


@pytest.mark.parametrize("value", [LV, MYOCARDIUM, LEFT_ATRIUM])
def test_the_contour_lies_on_the_border_alone_and_the_inside_is_tinted(gray, value):
    (picture,) = overlay_clip(gray, box(slice(20, 40), slice(10, 30), value), height=60, opacity=0.3)
    contour, expected = colored(picture, COLORS[value]), np.zeros((60, 40), bool)
    expected[20:40, 10:30] = True
    expected[21:39, 11:29] = False
    np.testing.assert_array_equal(contour, expected)
    tint = 0.7 * 100 + 0.3 * np.array(COLORS[value])
    assert (np.abs(picture[21:39, 11:29] - tint) <= 1).all()


def test_without_opacity_only_the_contour_hides_the_picture(gray):
    (picture,) = overlay_clip(gray, box(slice(20, 40), slice(10, 30)), height=60, opacity=0.0)
    assert (picture[21:39, 11:29] == 100).all() and colored(picture, COLORS[LV]).sum() == 4 * 19


def test_the_reference_is_a_white_contour_and_nothing_else(gray):
    reference = box(slice(5, 15), slice(5, 15))
    (picture,) = overlay_clip(gray, np.zeros_like(gray), reference, height=60)
    expected = np.zeros((60, 40), bool)
    expected[5:15, 5:15] = True
    expected[6:14, 6:14] = False
    np.testing.assert_array_equal(colored(picture, WHITE), expected)
    assert (picture[~expected] == 100).all()


def test_reference_frames_that_nobody_annotated_are_not_drawn():
    image, mask = np.full((40, 60, 3), 100, np.uint8), box(slice(20, 40), slice(10, 30), frames=3)
    reference = mask.copy()
    reference[..., 1] = UNLABELED
    with_reference, without = overlay_clip(image, mask, reference, height=60), overlay_clip(image, mask, height=60)
    np.testing.assert_array_equal(with_reference[1], without[1])
    assert [bool(colored(picture, WHITE).any()) for picture in with_reference] == [True, False, True]


def test_background_alone_and_unlabeled_predictions_leave_the_picture_as_it_is(gray):
    for value in (BACKGROUND, UNLABELED):
        (picture,) = overlay_clip(gray, np.full_like(gray, value), height=60)
        assert (picture == 100).all()


def test_every_frame_gets_its_own_mask():
    mask = np.concatenate([box(slice(10 * t, 10 * t + 10), slice(5, 15)) for t in range(4)], axis=-1)
    pictures = overlay_clip(np.zeros_like(mask), mask, height=60)
    tops = [np.nonzero(picture.any(axis=(1, 2)))[0][0] for picture in pictures]
    assert tops == [0, 10, 20, 30]


def test_tensors_are_drawn_like_arrays_and_pixels_beyond_the_range_are_clipped(gray):
    mask = box(slice(20, 40), slice(10, 30))
    np.testing.assert_array_equal(
        overlay_clip(torch.as_tensor(gray), torch.as_tensor(mask)), overlay_clip(gray, mask)
    )  # fmt: skip
    bright = overlay_clip(np.full((40, 60, 1), 300.0), np.zeros((40, 60, 1)), height=60)
    assert (bright == 255).all()


@pytest.mark.parametrize(
    ("image", "mask", "reference"),
    [((40, 60), (40, 60), None), ((40, 60, 2), (40, 60, 3), None), ((40, 60, 2), (60, 40, 2), None),
     ((40, 60, 2), (40, 60, 2), (40, 60, 1))],
)  # fmt: skip
def test_shapes_that_differ_are_refused(image, mask, reference):
    with pytest.raises(ValueError, match=r"must have one shape \(H, W, T\)"):
        overlay_clip(np.zeros(image), np.zeros(mask), None if reference is None else np.zeros(reference))


def frame_durations_ms(path) -> list[int]:
    with Image.open(path) as gif:
        durations = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            durations.append(gif.info["duration"])
    return durations


@pytest.mark.parametrize(("frames_per_second", "duration_ms"), [(10.0, 100), (5.0, 200), (20.0, 50)])
def test_the_gif_has_every_frame_for_its_time_and_repeats_for_ever(tmp_path, frames_per_second, duration_ms):
    mask = np.concatenate([box(slice(8 * t, 8 * t + 8), slice(5, 15)) for t in range(6)], axis=-1)
    pictures = overlay_clip(np.full_like(mask, 80), mask, height=60)
    write_gif(pictures, tmp_path / "clip.gif", frames_per_second)
    assert frame_durations_ms(tmp_path / "clip.gif") == [duration_ms] * 6
    with Image.open(tmp_path / "clip.gif") as gif:
        assert gif.size == (40, 60) and gif.info["loop"] == 0
        gif.seek(3)
        shown = np.asarray(gif.convert("RGB")).astype(int)
    assert np.abs(shown - pictures[3]).max() < 16  # a GIF has 256 colors


def test_a_heart_that_pauses_takes_as_long_as_one_that_moves(tmp_path):
    pictures = np.full((5, 20, 20, 3), 90, np.uint8)
    pictures[-1] = 200
    write_gif(pictures, tmp_path / "pause.gif", 10.0)
    assert sum(frame_durations_ms(tmp_path / "pause.gif")) == 500  # equal frames may be stored as one long one


def moving_box(count: int):
    """Random access to frames of 40 x 60 pixels, and a box that moves down; it notes which frames are read."""
    read = []

    def picture(t: int) -> np.ndarray:
        read.append(t)
        return np.full((40, 60), 80, np.uint8)

    return picture, lambda t: box(slice(t % 50, t % 50 + 8), slice(5, 15))[..., 0], read


@pytest.mark.parametrize(("rate", "count"), [(30.0, 45), (50.0, 100), (12.5, 10), (200.0, 100)])
def test_the_overlay_of_a_clip_takes_as_long_as_the_clip(tmp_path, rate, count):
    picture, mask, read = moving_box(count)
    shown = write_overlay_gif(tmp_path / "o.gif", picture, mask, count, frames_per_second=rate, height=60)
    durations = frame_durations_ms(tmp_path / "o.gif")
    assert sum(durations) == pytest.approx(1000 * count / rate, abs=10) and min(durations) >= 20
    assert read == shown and len(durations) == len(shown)


def test_a_long_clip_is_sampled_evenly_at_its_own_speed(tmp_path):
    picture, mask, read = moving_box(1000)
    shown = write_overlay_gif(tmp_path / "o.gif", picture, mask, 1000, max_frames=20, frames_per_second=50, height=30)
    assert shown == list(range(0, 1000, 50)) == read
    assert sum(frame_durations_ms(tmp_path / "o.gif")) == 20_000


def test_an_unknown_rate_is_taken_as_25_frames_per_second_and_one_frame_is_a_clip(tmp_path):
    picture, mask, _ = moving_box(10)
    write_overlay_gif(tmp_path / "o.gif", picture, mask, 10, height=60)
    assert frame_durations_ms(tmp_path / "o.gif") == [40] * 10
    assert write_overlay_gif(tmp_path / "one.gif", picture, mask, 1, frames_per_second=1000, height=30) == [0]


def test_the_gif_of_random_access_shows_what_overlay_clip_draws(tmp_path):
    picture, mask, _ = moving_box(4)
    write_overlay_gif(tmp_path / "o.gif", picture, mask, 4, spacing_mm=(0.6, 0.3), height=60)
    clip = np.stack([mask(t) for t in range(4)], axis=-1)
    expected = overlay_clip(np.full_like(clip, 80), clip, spacing_mm=(0.6, 0.3), height=60)
    with Image.open(tmp_path / "o.gif") as gif:
        for t in range(4):
            gif.seek(t)
            assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - expected[t]).max() < 16


@pytest.mark.parametrize("rate", [None, 25.0, 1000 / 17, 30000 / 1001])
def test_the_avi_has_every_frame_at_the_clips_rate_and_even_sides(tmp_path, rate):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    picture, mask, read = moving_box(30)
    write_overlay_avi(tmp_path / "o.avi", picture, mask, 30, (0.3, 0.29), rate, height=61)
    assert read == list(range(30)) and list(tmp_path.iterdir()) == [tmp_path / "o.avi"]
    with av.open(str(tmp_path / "o.avi")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "mjpeg" and float(stream.average_rate) == pytest.approx(
            rate or 25, rel=1e-4
        )
        pixels = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(stream)]
    assert len(pixels) == 30 and pixels[0].shape == (62, 44, 3)
    reddish = [np.argwhere(frame[..., 0] > frame[..., 1] + 40)[:, 0].min() for frame in (pixels[0], pixels[20])]
    assert reddish[1] - reddish[0] == pytest.approx(20 * 62 / 60, abs=2)


@pytest.mark.parametrize("write", [write_overlay_gif, write_overlay_avi])
def test_what_no_overlay_can_be_made_of_is_refused_and_leaves_no_file(tmp_path, write):
    picture, mask, _ = moving_box(3)
    with pytest.raises(ValueError, match="frames_per_second is 0.0, a positive number is expected"):
        write(tmp_path / "o", picture, mask, 3, frames_per_second=0)
    with pytest.raises(ValueError, match="must be at least 1"):
        write(tmp_path / "o", picture, mask, 0)
    with pytest.raises(ValueError, match=r"frame 0 \(40, 60\) and its mask \(60, 40\) must have the shape"):
        write(tmp_path / "o", picture, lambda t: mask(t).T, 3)
    with pytest.raises(ValueError, match=r"frame 1 \(41, 60\) .* of the first frame"):
        write(tmp_path / "o", lambda t: np.zeros((40 + t, 60)), lambda t: np.zeros((40 + t, 60), int), 3)
    assert not list(tmp_path.iterdir())


def test_without_pyav_the_package_to_install_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r"install it: pip install .gdkvm-monai\[video\]"):
        write_overlay_avi(tmp_path / "o.avi", *moving_box(1)[:2], 1)
