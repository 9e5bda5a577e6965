"""Overlay movies: frame durations, sampling of long clips, and atomic writes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.visualize.captions import add_caption
from gdkvm_monai.visualize.movies import OverlayClip, write_gif, write_overlay_avi, write_overlay_gif
from gdkvm_monai.visualize.overlay import overlay_clip
from tests.visualize.test_overlay import box


def frame_durations_ms(path) -> list[int]:
    with Image.open(path) as gif:
        durations = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            durations.append(gif.info["duration"])
    return durations


@pytest.mark.parametrize(("frames_per_second", "duration_ms"), [(10.0, 100), (5.0, 200), (20.0, 50)])
def test_the_gif_shows_all_frames_for_their_duration_and_loops_forever(tmp_path, frames_per_second, duration_ms):
    mask = np.concatenate([box(slice(8 * t, 8 * t + 8), slice(5, 15)) for t in range(6)], axis=-1)
    pictures = overlay_clip(np.full_like(mask, 80), mask, height=60)
    write_gif(pictures, tmp_path / "clip.gif", frames_per_second)
    assert frame_durations_ms(tmp_path / "clip.gif") == [duration_ms] * 6
    with Image.open(tmp_path / "clip.gif") as gif:
        assert gif.size == (40, 60) and gif.info["loop"] == 0
        gif.seek(3)
        shown = np.asarray(gif.convert("RGB")).astype(int)
    assert np.abs(shown - pictures[3]).max() < 16  # a GIF has 256 colors


def test_equal_frames_keep_their_total_duration(tmp_path):
    pictures = np.full((5, 20, 20, 3), 90, np.uint8)
    pictures[-1] = 200
    write_gif(pictures, tmp_path / "pause.gif", 10.0)
    assert sum(frame_durations_ms(tmp_path / "pause.gif")) == 500  # equal frames may be stored as one long one


def moving_box(count: int):
    """Random access to frames of 40 x 60 pixels with a box that moves down; records which frames are read."""
    read = []

    def picture(t: int) -> np.ndarray:
        read.append(t)
        return np.full((40, 60), 80, np.uint8)

    return picture, lambda t: box(slice(t % 50, t % 50 + 8), slice(5, 15))[..., 0], read


@pytest.mark.parametrize(("rate", "count"), [(30.0, 45), (50.0, 100), (12.5, 10), (200.0, 100)])
def test_the_overlay_lasts_as_long_as_the_clip(tmp_path, rate, count):
    picture, mask, read = moving_box(count)
    shown = write_overlay_gif(tmp_path / "o.gif", OverlayClip(picture, mask, count, frames_per_second=rate), height=60)
    durations = frame_durations_ms(tmp_path / "o.gif")
    assert sum(durations) == pytest.approx(1000 * count / rate, abs=10) and min(durations) >= 20
    assert read == shown and len(durations) == len(shown)


def test_a_long_clip_is_sampled_evenly_at_its_own_speed(tmp_path):
    picture, mask, read = moving_box(1000)
    shown = write_overlay_gif(
        tmp_path / "o.gif", OverlayClip(picture, mask, 1000, frames_per_second=50), max_frames=20, height=30
    )
    assert shown == list(range(0, 1000, 50)) == read
    assert sum(frame_durations_ms(tmp_path / "o.gif")) == 20_000


def test_an_unknown_rate_means_25_frames_per_second_and_one_frame_is_enough(tmp_path):
    picture, mask, _ = moving_box(10)
    write_overlay_gif(tmp_path / "o.gif", OverlayClip(picture, mask, 10), height=60)
    assert frame_durations_ms(tmp_path / "o.gif") == [40] * 10
    assert write_overlay_gif(
        tmp_path / "one.gif", OverlayClip(picture, mask, 1, frames_per_second=1000), height=30
    ) == [0]


def test_the_gif_shows_the_same_pictures_as_overlay_clip(tmp_path):
    picture, mask, _ = moving_box(4)
    write_overlay_gif(tmp_path / "o.gif", OverlayClip(picture, mask, 4, spacing_mm=(0.6, 0.3)), height=60)
    clip = np.stack([mask(t) for t in range(4)], axis=-1)
    expected = overlay_clip(np.full_like(clip, 80), clip, spacing_mm=(0.6, 0.3), height=60)
    with Image.open(tmp_path / "o.gif") as gif:
        for t in range(4):
            gif.seek(t)
            assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - expected[t]).max() < 16


def test_the_caption_of_each_shown_frame_stands_below_its_picture(tmp_path):
    picture, mask, _ = moving_box(6)
    captions = [[f"frame {t}", "notice"] for t in range(6)]
    plain, captioned = OverlayClip(picture, mask, 6), OverlayClip(picture, mask, 6, captions=captions)
    for frame, with_text in zip(plain.draw([0, 4], 60), captioned.draw([0, 4], 60)):
        np.testing.assert_array_equal(with_text[:60], frame)
        assert with_text.shape[0] > 60 and with_text[60:].max() > 200
    (shown,) = captioned.draw([4], 60)
    np.testing.assert_array_equal(shown, add_caption(next(iter(plain.draw([4], 60))), captions[4]))
    write_overlay_gif(tmp_path / "o.gif", captioned, height=60)
    with Image.open(tmp_path / "o.gif") as gif:
        assert gif.n_frames == 6 and gif.size == shown.shape[1::-1]


@pytest.mark.parametrize("rate", [None, 25.0, 1000 / 17, 30000 / 1001])
def test_the_avi_has_all_frames_at_the_clips_rate_and_even_sides(tmp_path, rate):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    picture, mask, read = moving_box(30)
    write_overlay_avi(tmp_path / "o.avi", OverlayClip(picture, mask, 30, (0.3, 0.29), rate), height=61)
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
def test_unusable_input_is_refused_and_leaves_no_file(tmp_path, write):
    picture, mask, _ = moving_box(3)
    with pytest.raises(ValueError, match="frames_per_second is 0.0, expected a positive number"):
        write(tmp_path / "o", OverlayClip(picture, mask, 3, frames_per_second=0))
    with pytest.raises(ValueError, match="must be at least 1"):
        write(tmp_path / "o", OverlayClip(picture, mask, 0))
    with pytest.raises(ValueError, match=r"frame 0 \(40, 60\) and its mask \(60, 40\) must have the shape"):
        write(tmp_path / "o", OverlayClip(picture, lambda t: mask(t).T, 3))
    with pytest.raises(ValueError, match=r"frame 1 \(41, 60\) .* of the first frame"):
        write(tmp_path / "o", OverlayClip(lambda t: np.zeros((40 + t, 60)), lambda t: np.zeros((40 + t, 60), int), 3))
    assert not list(tmp_path.iterdir())


def test_the_error_without_pyav_names_the_package_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r"install it: pip install .gdkvm-monai\[video\]"):
        write_overlay_avi(tmp_path / "o.avi", OverlayClip(*moving_box(1)[:2], 1))
