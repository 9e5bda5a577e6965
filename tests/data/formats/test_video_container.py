"""The end of a file is compared with the sizes in its container."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError
from gdkvm_monai.data.formats.video_container import ends_early

av = pytest.importorskip("av", reason="PyAV is absent; install it by pip install av")

SUFFIXES = ("avi", "mp4", "mov", "mkv")


@pytest.fixture(scope="module", params=SUFFIXES)
def video(request, tmp_path_factory):
    """A clip of 12 frames without a frame that depends on others."""
    path = tmp_path_factory.mktemp("video") / f"clip.{request.param}"
    pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 48), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuvj420p"
        for frame in pixels:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode())
    return path


def test_a_complete_file_does_not_end_early(video):
    assert not ends_early(video) and ClipReader().read(video).pixels.shape == (48, 32, 12)


def test_bytes_after_the_container_are_no_missing_end(video, tmp_path):
    path = tmp_path / video.name
    path.write_bytes(video.read_bytes() + bytes(5))
    assert not ends_early(path)


def test_every_cut_is_an_error_or_flagged(video, tmp_path):
    content, path = video.read_bytes(), tmp_path / video.name
    for length in np.linspace(100, len(content) - 1, 40).astype(int):
        path.write_bytes(content[:length])
        with pytest.raises(ClipReadError):
            ClipReader().read(path)
        try:
            read = ClipReader(allow_partial=True).read(path)
        except ClipReadError:
            continue
        assert read.meta["partial"] is True, length


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\xff", b"\0\0\0\1mdat", b"x" * 99]
)
def test_a_file_that_states_no_size_cannot_tell(content, tmp_path):
    (tmp_path / "clip").write_bytes(content)
    assert ends_early(tmp_path / "clip") is False


def test_a_matroska_file_of_unknown_size_is_not_called_cut(tmp_path):
    header = b"\x1a\x45\xdf\xa3\x81\x00\x18\x53\x80\x67"
    (tmp_path / "known").write_bytes(header + b"\x01\0\0\0\0\0\0\x09" + bytes(8))
    (tmp_path / "unknown").write_bytes(header + b"\x01" + b"\xff" * 7 + bytes(8))
    assert ends_early(tmp_path / "known") and not ends_early(tmp_path / "unknown")


class Stream(io.RawIOBase):
    """A file that cannot be rewound, so that nothing is known about its length when it begins."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.content += bytes(data)
        return len(data)


def test_a_live_matroska_file_is_cut_unless_it_ends_with_a_frame(tmp_path):
    stream = Stream()
    with av.open(stream, "w", format="matroska", options={"live": "1"}) as container:
        video = container.add_stream("mjpeg", rate=25)
        video.width = video.height = 64
        video.pix_fmt = "yuvj420p"
        for frame in np.random.default_rng(0).integers(0, 256, (8, 64, 64), dtype=np.uint8):
            picture = av.VideoFrame.from_ndarray(np.stack([frame] * 3, -1), format="rgb24")
            container.mux(video.encode(picture))
        container.mux(video.encode())
    content, path, early = bytes(stream.content), tmp_path / "live.mkv", []
    for length in range(len(content) // 2, len(content) + 1, 7):
        path.write_bytes(content[:length])
        early.append(ends_early(path))
    assert sum(early) > 0.98 * len(early)
    path.write_bytes(content)
    assert not ends_early(path)


@pytest.mark.parametrize("frame", [3, 9])
def test_damage_within_a_file_that_states_no_count_is_not_silent(frame, video, tmp_path):
    if video.suffix != ".mkv":
        pytest.skip("the others state their number of frames")
    content = video.read_bytes()
    starts = [place for place in range(len(content)) if content.startswith(b"\xff\xd8\xff", place)]
    empty = bytes(starts[frame + 1] - starts[frame] - 20)  # the next 20 bytes may be of the container
    (tmp_path / "clip.mkv").write_bytes(content[: starts[frame]] + empty + content[starts[frame] + len(empty) :])
    with pytest.raises(ClipReadError, match="is damaged after"):
        ClipReader().read(tmp_path / "clip.mkv")


@pytest.mark.parametrize("count", [1, 5])
def test_pictures_without_a_container_are_refused_because_nothing_states_their_times(count, tmp_path):
    picture = io.BytesIO()
    Image.fromarray(np.zeros((32, 48), np.uint8)).save(picture, "JPEG")
    for name in ("clip.mp4", "clip.avi"):
        (tmp_path / name).write_bytes(count * picture.getvalue())
        with pytest.raises(ClipReadError, match=f"{name} holds bare pictures without their times"):
            ClipReader().read(tmp_path / name)


def test_a_raw_stream_is_refused_because_nothing_states_its_times(tmp_path):
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w", "m4v") as container:
        stream = container.add_stream("mpeg4", rate=50)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for shift in range(6):
            pixels = np.random.default_rng(shift).integers(0, 256, (32, 48, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    with pytest.raises(ClipReadError, match="holds bare pictures without their times"):
        ClipReader().read(path)
