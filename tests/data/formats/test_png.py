"""PNG frames in natural order are a clip; damaged frames and frames of several sizes are refused."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.clip_files import refused_with_little_memory, write_frames


def test_a_folder_of_frames_is_read_in_natural_order(clip, tmp_path):
    folder = write_frames(tmp_path / "frames", clip)
    (folder / "._frame1.png").write_bytes(b"left by a file manager")
    read = ClipReader().read(folder)
    np.testing.assert_array_equal(read.pixels, clip)
    assert read.meta["spacing_trust"] == "absent"
    names = [folder / f"frame{number}.png" for number in (12, 8)]
    np.testing.assert_array_equal(ClipReader().read(names).pixels, clip[..., [4, 0]])


def test_color_frames_become_luma_and_deep_frames_keep_their_values(clip, tmp_path):
    folder = tmp_path / "color"
    folder.mkdir()
    Image.new("RGB", (3, 2), (255, 0, 0)).save(folder / "1.png")
    Image.new("RGBA", (3, 2), (0, 255, 0, 128)).save(folder / "2.png")
    Image.new("RGB", (3, 2), (9, 9, 9)).convert("P").save(folder / "3.png")
    pixels = ClipReader().read(folder).pixels
    assert pixels.shape == (3, 2, 3) and pixels[0, 0].tolist()[:2] == [76, 150]
    deep = ClipReader().read(write_frames(tmp_path / "deep", clip.astype(np.uint16) * 16))
    assert deep.pixels.dtype == np.uint16
    np.testing.assert_array_equal(deep.pixels, clip.astype(np.uint16) * 16)


def test_frames_of_two_sizes_damaged_frames_and_an_empty_folder_are_refused(clip, tmp_path):
    folder = write_frames(tmp_path / "frames", clip)
    Image.new("L", (7, 7)).save(folder / "frame20.png")
    with pytest.raises(ClipReadError, match=r"frame20\.png has 7 x 7 pixels, .*has 24 x 18; keep the frames"):
        ClipReader().read(folder)
    content = (folder / "frame8.png").read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"not a picture"):
        (folder / "frame20.png").write_bytes(damaged)
        with pytest.raises(ClipReadError, match=r"frame20\.png cannot be read as PNG"):
            ClipReader().read(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ClipReadError, match=r"empty has no \.png files"):
        ClipReader().read(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match=r"b\.png does not exist"):
        ClipReader().read([folder / "frame8.png", tmp_path / "b.png"])


def png(chunks: dict[bytes, bytes]) -> bytes:
    """A PNG file of the given chunks."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in chunks.items():
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        parts += [len(content).to_bytes(4, "big"), kind, content, checksum]
    return b"".join(parts)


def test_a_png_bomb_is_refused_before_it_is_inflated(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    bomb = zlib.compress(bytes(30_000_000), 1)
    for columns, message in ((60_000, "cannot be read as PNG"), (4_000, "claims 4000 x 4000 x 1 pixels")):
        header = np.array([columns, columns], ">u4").tobytes() + bytes([8, 0, 0, 0, 0])
        (folder / "1.png").write_bytes(png({b"IHDR": header, b"IDAT": bomb, b"IEND": b""}))
        refused_with_little_memory(folder, rf"1\.png {message}", max_voxels=1_000_000)
    header = np.array([8, 8], ">u4").tobytes() + bytes([8, 0, 0, 0, 0])
    (folder / "1.png").write_bytes(png({b"IHDR": header, b"zTXt": b"text\0\0" + bomb, b"IEND": b""}))
    refused_with_little_memory(folder, r"1\.png cannot be read as PNG")


def test_masks_beside_the_frames_are_not_taken_for_frames(clip, tmp_path):
    for number in range(2):
        Image.fromarray(clip[..., number].T).save(tmp_path / f"frame{number}.png")
    ClipReader().read(tmp_path)
    Image.fromarray(clip[..., 0].T).save(tmp_path / "frame0_mask.png")
    with pytest.raises(ClipReadError, match="holds masks beside the frames"):
        ClipReader().read(tmp_path)


@pytest.mark.parametrize("name", ["mask_0", "frame_0_GT", "gt0", "0_mask", "label-0", "Masks_0", "patient1_seg_0"])
def test_masks_are_told_by_a_word_in_their_name(name, clip, tmp_path):
    for number in range(2):
        Image.fromarray(clip[..., number].T).save(tmp_path / f"segment_{number}.png")
    assert ClipReader().read(tmp_path).pixels.shape[-1] == 2
    Image.fromarray(clip[..., 0].T).save(tmp_path / f"{name}.png")
    with pytest.raises(ClipReadError, match="holds masks beside the frames"):
        ClipReader().read(tmp_path)


@pytest.mark.parametrize("deep_first", [False, True])
def test_frames_of_8_and_16_bits_are_no_clip(deep_first, clip, tmp_path):
    frames = [clip[..., 0].T, clip[..., 0].T.astype(np.uint16) * 257]
    for number, pixels in enumerate(reversed(frames) if deep_first else frames):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    bits = (8, 16) if deep_first else (16, 8)
    with pytest.raises(ClipReadError, match=rf"1\.png has {bits[0]} bits .*, but 0\.png, .* has {bits[1]}"):
        ClipReader().read(tmp_path)


def test_an_animation_is_not_read_as_its_first_frame(clip, tmp_path):
    first, *others = (Image.fromarray(pixels.T) for pixels in np.moveaxis(clip, -1, 0))
    first.save(tmp_path / "0.png", save_all=True, append_images=others)
    with pytest.raises(ClipReadError, match=r"0\.png is an animation of 5 frames"):
        ClipReader().read(tmp_path)


@pytest.mark.parametrize("at_end", [False, True])
def test_a_frame_that_its_metadata_turns_is_refused(at_end, clip, tmp_path):
    for orientation in (1, 6):
        metadata = Image.Exif()
        metadata[0x0112] = orientation
        Image.fromarray(clip[..., 0].T).save(tmp_path / "0.png", exif=metadata)
        if at_end:  # a chunk may follow the pixels
            content = (tmp_path / "0.png").read_bytes()
            start = content.index(b"eXIf") - 4
            end = start + 12 + int.from_bytes(content[start : start + 4], "big")
            moved = content[:start] + content[end:-12] + content[start:end] + content[-12:]
            (tmp_path / "0.png").write_bytes(moved)
        if orientation == 1:
            np.testing.assert_array_equal(ClipReader().read(tmp_path).pixels, clip[..., :1])
    with pytest.raises(ClipReadError, match=r"0\.png is turned or mirrored by the orientation 6"):
        ClipReader().read(tmp_path)


def test_an_orientation_that_is_no_number_is_refused_and_not_quoted(clip, tmp_path):
    text = struct.pack(">2sHIHHHIII9s", b"MM", 42, 8, 1, 0x0112, 2, 9, 26, 0, b"Doe^Jane")  # the tag with 9 letters
    Image.fromarray(clip[..., 0].T).save(tmp_path / "0.png", exif=text)
    with pytest.raises(ClipReadError, match="by the orientation.* in its metadata, expected 1") as info:
        ClipReader().read(tmp_path)
    assert "Doe" not in str(info.value)
