"""An array file is read unchanged; damaged files are refused."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError


def test_an_array_file_holds_lateral_depth_and_time(clip, tmp_path):
    np.save(tmp_path / "clip.npy", clip)
    read = ClipReader().read(tmp_path / "clip.npy")
    np.testing.assert_array_equal(read.pixels, clip)
    assert read.meta == {"spacing_trust": "absent", "partial": False}
    np.testing.assert_allclose(np.abs(read.affine), np.eye(4))
    np.save(tmp_path / "still.npy", clip[..., 0])
    np.testing.assert_array_equal(ClipReader().read(tmp_path / "still.npy").pixels, clip[..., :1])


def test_an_array_file_that_is_not_a_gray_clip_is_refused(clip, tmp_path):
    path = tmp_path / "clip.npy"
    for pixels in (clip[..., None], np.zeros((4, 4, 2), complex), np.zeros((0, 4, 2))):
        np.save(path, pixels)
        with pytest.raises(ClipReadError, match=r"clip\.npy (has shape|holds no pixels|cannot be read)"):
            ClipReader().read(path)
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ClipReadError, match=r"clip\.npy cannot be read as an array"):
        ClipReader().read(path)
    np.save(path, clip)
    for content in (path.read_bytes()[:-10], b"not an array"):
        path.write_bytes(content)
        with pytest.raises(ClipReadError, match=r"clip\.npy cannot be read as an array; copy it again"):
            ClipReader().read(path)


def test_an_array_file_with_a_garbled_header_is_refused(clip, tmp_path):
    path = tmp_path / "clip.npy"
    np.save(path, clip)
    path.write_bytes(path.read_bytes().replace(b"}", b"(", 1))
    with pytest.raises(ClipReadError, match=r"clip\.npy cannot be read as an array"):
        ClipReader().read(path)
    with path.open("wb") as file:
        np.savez(file, clip=clip)
    with pytest.raises(ClipReadError, match=r"clip\.npy cannot be read as an array"):
        ClipReader().read(path)


def test_names_of_columns_are_not_quoted(tmp_path):
    np.save(tmp_path / "clip.npy", np.zeros((3, 2, 2), [("Zwiebelfrosch", "u1")]))
    with pytest.raises(ClipReadError, match="type records") as info:
        ClipReader().read(tmp_path / "clip.npy")
    assert "Zwiebelfrosch" not in str(info.value)


def test_a_header_that_states_fewer_pixels_than_the_file_has_is_refused(tmp_path):
    path = tmp_path / "clip.npy"
    np.save(path, np.zeros((6, 5, 4), np.uint8))
    path.write_bytes(path.read_bytes().replace(b"(6, 5, 4)", b"(6, 4, 4)"))
    with pytest.raises(ClipReadError, match="has 248 bytes, but its header states 224"):
        ClipReader().read(path)
