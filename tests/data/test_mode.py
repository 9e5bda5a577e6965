"""Color flow is a part of the sector in another color; tints, letters, bars, and an ECG are not."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.clip import ClipReadError, ReadOptions
from gdkvm_monai.data.mode import ColorFlow, refuse_mode, watch_color


@pytest.fixture(scope="module")
def gray() -> np.ndarray:
    """Speckle that moves, ``(12, 120, 160)``."""
    random = np.random.default_rng(0)
    return random.gamma(2, 30, (12, 120, 160)).clip(0, 255)


def shows_flow(frames: np.ndarray, box=None) -> bool:
    flow = ColorFlow(box)
    return any([flow.add(frame.astype(np.uint8)) for frame in frames]) or flow.in_still


def tinted(gray: np.ndarray, red: float, green: float, blue: float) -> np.ndarray:
    return np.stack([red * gray, green * gray, blue * gray], axis=-1)


@pytest.mark.parametrize("tint", [(1, 1, 1), (1, 0.78, 0.45), (0.45, 0.7, 1), (0.2, 1, 0.3)])
def test_a_tint_is_no_flow_whatever_its_strength(gray, tint):
    assert not shows_flow(tinted(gray, *tint))


def test_a_color_map_in_which_the_tint_changes_with_brightness_is_no_flow(gray):
    level = gray / 255
    assert not shows_flow(255 * np.stack([level, level**1.6, level**2.5], axis=-1))


def test_colored_things_that_stay_are_no_flow(gray):
    frames = tinted(gray, 1, 1, 1)
    frames[:, :, 144:] = 0  # beside the sector
    frames[:, :12] = (30, 60, 120)  # a title bar
    frames[:, 100:107] = (0, 255, 60)  # a thick ECG line
    frames[:, 20:80, 150:] = np.linspace((255, 0, 0), (0, 0, 255), 10)  # the scale of the colors
    assert not shows_flow(frames)


def test_an_ecg_that_is_being_drawn_is_no_flow(gray):
    frames = tinted(gray, 1, 1, 1)
    for frame in range(12):
        frames[frame, 108:111, : 12 * (frame + 1)] = (0, 255, 60)
    assert not shows_flow(frames)


def test_a_thick_ecg_that_is_drawn_across_the_tissue_is_no_flow(gray):
    frames = tinted(gray, 1, 0.78, 0.45)
    for frame in range(12):
        frames[frame, 90:96, : 12 * (frame + 1)] = (0, 255, 60)
    assert not shows_flow(frames)


def test_a_wide_cursor_that_moves_below_the_sector_and_touches_it_is_no_flow(gray):
    frames = tinted(gray, 1, 1, 1)
    frames[:, 98:] = 0
    for frame in range(12):
        frames[frame, 96:118, 12 * frame : 12 * frame + 12] = (255, 255, 0)
    assert not shows_flow(frames)


def test_a_colored_clock_beside_the_sector_is_no_flow(gray):
    frames = tinted(gray, 1, 1, 1)
    frames[:, :20] = 0
    frames[::2, 2:14, 4:60] = (240, 220, 40)
    assert not shows_flow(frames)


def test_flow_that_grows_by_little_in_each_frame_is_found(gray):
    frames = tinted(gray, 1, 1, 1)
    for frame in range(12):
        frames[frame, 40 : 41 + frame, 60:80] = (230, 40, 10)
    assert shows_flow(frames)


@pytest.mark.parametrize(
    ("tint", "color"),
    [
        ((1, 1, 1), (230, 40, 10)),
        ((1, 1, 1), (20, 60, 240)),
        ((1, 1, 1), (120, 30, 20)),
        ((1, 0.78, 0.45), (230, 40, 10)),
        ((1, 0.78, 0.45), (20, 60, 240)),
    ],
    ids=["toward", "away", "slow", "toward on sepia", "away on sepia"],
)
def test_a_jet_that_comes_and_goes_is_flow_on_gray_and_on_a_tint(gray, tint, color):
    frames = tinted(gray, *tint)
    frames[3:8, 40:60, 60:80] = np.asarray(color) * (0.6 + 0.4 * gray[3:8, 40:60, 60:80, None] / 255)
    assert shows_flow(frames) and shows_flow(frames[3:])


@pytest.mark.parametrize("color", [(230, 40, 10), (20, 30, 130), (90, 10, 5)], ids=["fast", "slow and dark", "darker"])
@pytest.mark.parametrize("tint", [(1, 1, 1), (1, 0.78, 0.45)], ids=["gray", "sepia"])
def test_a_patch_of_one_color_in_the_sector_that_never_changes_is_flow_in_a_clip_and_in_a_still(gray, tint, color):
    frames = tinted(gray, *tint)
    frames[:, 50:70, 70:90] = color
    assert shows_flow(frames) and shows_flow(frames[:1])


def test_colored_buttons_on_a_gray_screen_are_no_flow_in_a_clip(gray):
    frames = np.full((12, 160, 240, 3), 50.0)
    frames[:, 20:140, :160] = tinted(gray, 1, 1, 1)
    frames[:, 30:50, 180:220], frames[:, 80:100, 180:220] = (40, 90, 200), (210, 120, 20)
    assert not shows_flow(frames)
    frames[:, 60:80, 70:90] = (230, 40, 10)
    assert shows_flow(frames)


def test_the_width_of_a_line_separates_an_ecg_from_flow(gray):
    for width, flow in ((7, False), (14, True)):
        frames = tinted(gray, 1, 1, 1)
        frames[:, 80 : 80 + width, 20:140] = (0, 255, 60)
        assert shows_flow(frames) is flow and shows_flow(frames[:1]) is flow


def test_flow_of_the_first_frame_only_is_found_by_its_change(gray):
    frames = tinted(gray, 1, 1, 1)
    frames[0, 40:60, 60:80] = (230, 40, 10)
    assert shows_flow(frames[:2])


def test_flow_outside_the_tissue_does_not_count(gray):
    frames = tinted(gray, 1, 1, 1)
    frames[3:8, :20] = (230, 40, 10)
    assert shows_flow(frames) and not shows_flow(frames, (0, 30, 160, 120))


def test_a_still_with_gray_and_colored_parts_is_taken_for_flow_and_a_tinted_one_is_not(gray):
    still = tinted(gray[:1], 1, 1, 1)
    still[:, 40:60, 60:80] = (230, 40, 10)
    assert shows_flow(still) and shows_flow(np.repeat(still, 3, axis=0))
    assert not shows_flow(tinted(gray[:1] + 60, 1, 0.6, 0.3))


def test_flow_is_refused_at_its_frame_or_stated(gray, tmp_path):
    frames = tinted(gray, 1, 1, 1)
    frames[3:, 40:60, 60:80] = (230, 40, 10)
    pairs, given = [(frame[..., 0], frame.astype(np.uint8)) for frame in frames], []
    with pytest.raises(ClipReadError, match="a.avi shows color Doppler"):
        given += watch_color(tmp_path / "a.avi", pairs, None, ReadOptions(), {})
    meta: dict = {}
    assert len(list(watch_color(tmp_path / "a.avi", pairs, None, ReadOptions(force=True), meta))) == 12
    assert meta == {"mode": "color Doppler"}


@pytest.mark.parametrize("mode", ["B-mode", "unknown"])
def test_b_mode_and_what_nobody_stated_are_read(mode, tmp_path):
    refuse_mode(tmp_path, mode, ReadOptions())
    with pytest.raises(ClipReadError, match="shows M-mode"):
        refuse_mode(tmp_path, "M-mode", ReadOptions())


def test_color_of_more_than_8_bits_is_refused_by_its_type():
    with pytest.raises(TypeError, match="type uint16, expected uint8"):
        ColorFlow().add(np.zeros((8, 8, 3), np.uint16))
