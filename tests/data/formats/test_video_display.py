"""A video is read as it is shown: upright, with square pixels, and at the times of its frames."""

from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError
from gdkvm_monai.data.formats.video_display import DisplayError, apply_matrix, frame_times, square_size

av = pytest.importorskip("av", reason="PyAV is absent; install it by pip install av")

TURNS = {  # a, b, c, d of the display matrix, and what it does to rows and columns
    "none": ((1, 0, 0, 1), lambda picture: picture),
    "clockwise": ((0, 1, -1, 0), lambda picture: np.rot90(picture, -1)),
    "half": ((-1, 0, 0, -1), lambda picture: np.rot90(picture, 2)),
    "counterclockwise": ((0, -1, 1, 0), lambda picture: np.rot90(picture)),
    "mirror": ((-1, 0, 0, 1), np.fliplr),
    "upside down": ((1, 0, 0, -1), np.flipud),
    "transpose": ((0, 1, 1, 0), np.transpose),
}


def picture(number: int) -> np.ndarray:
    """64 x 48 pixels whose corners differ."""
    rows, columns = np.mgrid[:48, :64]
    return (
        np.where(rows < 24, np.where(columns < 32, 40, 90), np.where(columns < 32, 150, 210)).astype(np.uint8) + number
    )


def write_video(path, onsets, matrix=(1, 0, 0, 1), aspect=1):
    """Write frames at the given ticks of 1 ms, with a display matrix if the container is MP4."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        stream.codec_context.sample_aspect_ratio = aspect
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number, onset in enumerate(onsets):
            frame = av.VideoFrame.from_ndarray(picture(number), format="gray")
            frame.pts = onset
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    content = path.read_bytes()
    place = content.find(b"tkhd") + 4 + 40
    if content.find(b"tkhd") > 0:
        a, b, c, d = (int(value * 65536) for value in matrix)
        stored = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        path.write_bytes(content[:place] + stored + content[place + 36 :])
    return path


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_or_mirrored_video_is_read_as_it_is_shown(turn, tmp_path):
    matrix, shown = TURNS[turn]
    np.testing.assert_array_equal(apply_matrix(picture(0), *matrix), shown(picture(0)))
    read = ClipReader().read(write_video(tmp_path / "clip.mp4", [0, 40, 80], matrix)).pixels
    assert read.shape == (*shown(picture(0)).T.shape, 3)
    assert np.abs(read[..., 0].T.astype(int) - shown(picture(0))).max() < 12


@pytest.mark.parametrize(
    ("matrix", "stated"),
    [((0.8, 0.6, -0.6, 0.8), "0.8 0.6 -0.6 0.8"), ((1, 0.5, 0, 1), "1 0.5 0 1"), ((0, 0, 0, 0), "0 0 0 0")],
    ids=["oblique", "sheared", "all zero"],
)
def test_a_matrix_that_does_not_leave_the_picture_upright_is_refused_with_its_numbers(matrix, stated, tmp_path):
    path = write_video(tmp_path / "clip.mp4", [0, 40], matrix)
    with pytest.raises(ClipReadError, match=f"clip.mp4 has the display matrix {stated}, expected"):
        ClipReader().read(path)


@pytest.mark.parametrize(
    ("matrix", "size"),
    [((2, 0, 0, 1), (128, 48)), ((1, 0, 0, -2), (64, 96)), ((0, 2, -1, 0), (48, 128)), ((3, 0, 0, 3), (64, 48))],
    ids=["wide", "high and upside down", "turned", "larger"],
)
def test_a_matrix_that_stretches_makes_pixels_square_as_a_player_does(matrix, size, tmp_path):
    read = ClipReader().read(write_video(tmp_path / "clip.mp4", [0, 40, 80], matrix))
    assert read.pixels.shape == (*size, 3)
    shown = apply_matrix(picture(0), *matrix).T
    corners = np.ix_([2, -3], [2, -3])
    assert np.abs(read.pixels[..., 0][corners].astype(int) - shown[corners]).max() < 12


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(3, 2), (96, 48)), (Fraction(1, 2), (64, 96)), (1, (64, 48))])
def test_pixels_that_the_container_states_as_not_square_become_square(aspect, size, tmp_path):
    path = write_video(tmp_path / "clip.mkv", [0, 40], aspect=aspect)
    assert ClipReader().read(path).pixels.shape == (*size, 2)


def test_pixels_that_are_almost_square_are_not_resampled_and_extreme_ones_are_refused():
    assert square_size(1920, 1080, 4320 / 4319) == (1920, 1080)
    for aspect in (4.1, 1 / 4.1):
        with pytest.raises(DisplayError, match=f"{aspect:.3g} times as wide as high"):
            square_size(64, 48, aspect)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_uneven_frames_keep_their_times(suffix, tmp_path):
    onsets = [0, 20, 40, 80, 200, 220]
    meta = ClipReader().read(write_video(tmp_path / f"clip.{suffix}", onsets)).meta
    np.testing.assert_allclose([float(time) for time in meta["frame_times_ms"].split()], onsets, atol=0.5)
    assert meta["frame_time_ms"] == pytest.approx(44) and meta["frame_time_source"] == "container"


@pytest.mark.parametrize(
    ("onsets", "rate", "step", "uneven"),
    [
        ([0, 33, 67, 100], 30, 100 / 3, False),  # rounded to milliseconds
        ([5, 25, 45], 50, 20, False),
        ([0, 20, 40], 25, 20, False),  # the stated rate is wrong
        ([0, 20, 60], 50, 30, True),
        ([], 50, 20, False),
        ([0, 20, 20], 50, 20, False),
        ([0, 20, 40], None, 20, False),
        ([0], 50, 20, False),
    ],
)
def test_the_step_is_that_of_the_presentation_times(onsets, rate, step, uneven):
    times = frame_times(onsets, rate)
    assert times["frame_time_ms"] == pytest.approx(step) and times["fps"] == pytest.approx(1000 / step)
    assert ("frame_times_ms" in times) is uneven
    assert frame_times([0], None) == {}
