"""A video becomes gray frames with the container's rate; a truncated one is noticed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError, open_clip

av = pytest.importorskip("av", reason="PyAV is absent; install it by pip install av")


@pytest.fixture
def clip() -> np.ndarray:
    """A smooth clip ``(H, W, T)``, 64 x 48 pixels, 40 frames; a bright bar moves to the right."""
    lateral, depth, time = np.ogrid[:64, :48, :40]
    return (40 + 2 * depth + 100 * (abs(lateral - 10 - time) < 6)).astype(np.uint8)


@pytest.fixture
def write(tmp_path):
    """Write ``(H, W, T)`` as a video and give its path."""

    def write_video(clip, name="clip.avi", codec="mjpeg", pixel_format="yuvj420p", fps=25, format=None):
        with av.open(str(tmp_path / name), "w", format) as container:
            stream = container.add_stream(codec, rate=fps)
            stream.width, stream.height, stream.pix_fmt = clip.shape[0], clip.shape[1], pixel_format
            for frame in clip.transpose(2, 1, 0):  # (T, W, H): upright pictures
                picture = np.ascontiguousarray(np.repeat(frame[..., None], 3, axis=-1))
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        return tmp_path / name

    return write_video


def test_a_lossless_video_gives_the_exact_pixels(clip, write):
    for pixel_format in ("gray", "bgr0"):
        read = ClipReader().read(write(clip, codec="ffv1", pixel_format=pixel_format))
        assert read.pixels.dtype == np.uint8 and np.abs(read.pixels.astype(int) - clip).max() <= 1


@pytest.mark.parametrize("name", ["clip.avi", "clip.AVI", "clip.mp4", "clip.mov"])
def test_every_frame_is_upright_gray_and_the_rate_is_known(clip, write, name):
    codec, pixel_format = ("mjpeg", "yuvj420p") if "avi" in name.lower() else ("mpeg4", "yuv420p")
    read = ClipReader().read(write(clip, name, codec, pixel_format))
    assert read.pixels.shape == clip.shape
    assert np.abs(read.pixels.astype(int) - clip).mean() < 6
    assert read.meta == {
        "spacing_trust": "absent", "partial": False, "fps": 25.0, "frame_time_ms": 40.0,
        "frame_time_source": "container",
    }  # fmt: skip
    np.testing.assert_allclose(np.abs(read.affine), np.diag([1, 1, 0.04, 1]))


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "format"),
    [("clip.mkv", "mjpeg", "yuvj420p", None), ("clip.avi", "mpeg4", "yuv420p", "mpegts")],
    ids=["Matroska", "MPEG-TS"],
)
def test_a_container_that_states_no_number_of_frames_is_read_to_its_end(clip, write, name, codec, pixel_format, format):
    path = write(clip, name, codec, pixel_format, format=format)
    with open_clip(path) as stream:
        assert stream.count is None and stream.shape == (64, 48)
        frames = np.stack(list(stream), axis=-1)
    assert frames.shape == clip.shape and np.abs(frames.astype(int) - clip).mean() < 6
    assert stream.meta["partial"] is False
    with pytest.raises(ClipReadError, match=r"claims 64 x 48 x 11 pixels, max_voxels is 30720"):
        ClipReader(max_voxels=64 * 48 * 10).read(path)


@pytest.mark.parametrize("size", [(1, 1), (31, 17)], ids=str)
def test_a_video_of_any_size_is_read(write, size):
    clip = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    read = ClipReader().read(write(clip, codec="ffv1", pixel_format="gray"))
    assert read.pixels.shape == clip.shape and np.abs(read.pixels.astype(int) - clip).max() <= 1


def test_a_video_that_changes_its_size_is_refused(clip, write, tmp_path):
    write(clip[..., :3], "a.avi")
    write(clip[:32, :32, :3], "b.avi")
    path = tmp_path / "clip.mkv"
    with av.open(str(tmp_path / "a.avi")) as first, av.open(str(tmp_path / "b.avi")) as second:
        with av.open(str(path), "w") as container:
            stream = container.add_stream_from_template(first.streams.video[0])
            for shift, source in ((0, first), (3, second)):
                for packet in source.demux(video=0):
                    if packet.dts is not None:
                        packet.dts = packet.pts = packet.pts + shift
                        packet.stream = stream
                        container.mux(packet)
    with pytest.raises(ClipReadError, match=r"clip\.mkv changes its size at frame 4; export it with one size"):
        ClipReader().read(path)


@pytest.mark.parametrize("frames", [1, 2])
def test_a_video_of_one_or_two_frames_is_a_clip(clip, write, frames):
    assert ClipReader().read(write(clip[..., :frames])).pixels.shape == (64, 48, frames)


def test_a_truncated_video_is_refused_with_both_counts_or_read_in_part(clip, write):
    path = write(clip)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ClipReadError, match=r"clip\.avi states 40 frames but \d+ can be decoded; copy it again"):
        ClipReader().read(path)
    read = ClipReader(allow_partial=True).read(path)
    assert 10 < read.pixels.shape[-1] < 40 and read.meta["partial"] is True
    assert np.abs(read.pixels.astype(int) - clip[..., : read.pixels.shape[-1]]).mean() < 6


@pytest.mark.parametrize("content", [b"", b"not a video" * 100], ids=["empty", "garbage"])
def test_a_file_that_is_a_video_by_name_only_is_refused(tmp_path, content):
    for name in ("clip.avi", "clip.mp4"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ClipReadError, match=rf"{name} (cannot be read as|holds no|states|is empty)"):
            ClipReader().read(tmp_path / name)


def test_a_truncated_mp4_is_refused(clip, write):
    path = write(clip, "clip.mp4", "mpeg4", "yuv420p")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ClipReadError, match=r"clip\.mp4 (cannot be read as a video|states)"):
        ClipReader(allow_partial=True).read(path)


def test_a_sound_file_holds_no_video(tmp_path):
    with av.open(str(tmp_path / "sound.avi"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(ClipReadError, match=r"sound\.avi holds no video"):
        ClipReader().read(tmp_path / "sound.avi")


def test_a_video_larger_than_the_limit_is_refused(clip, write):
    with pytest.raises(ClipReadError, match=r"claims 64 x 48 x 40 pixels, max_voxels is 1000"):
        ClipReader(max_voxels=1000).read(write(clip))


def test_without_pyav_the_error_names_the_command_that_installs_it(clip, write, monkeypatch):
    path = write(clip[..., :1])
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ClipReadError, match=r'needs PyAV to be read; install it: pip install "gdkvm-monai\[video\]"'):
        ClipReader().read(path)
