"""A MetaImage clip has the axes of NIfTI; without all of its pixels it is refused."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.clip_files import refused_with_little_memory, spacing_mm


def test_metaimage_has_the_axes_of_nifti_and_keeps_its_anisotropic_spacing(clip, write_metaimage):
    pixels, affine = ClipReader().read(write_metaimage(clip, (0.308, 0.154, 1.54)))
    np.testing.assert_array_equal(pixels, clip)
    np.testing.assert_allclose(spacing_mm(affine), (0.308, 0.154))


@pytest.mark.parametrize("name", ["still.mhd", "still.mha"])
def test_a_metaimage_still_is_a_clip_of_one_frame(clip, write_metaimage, name):
    for pixels, spacing in ((clip[..., 0], (0.308, 0.154)), (clip[..., :1], (0.308, 0.154, 1.54))):
        read = ClipReader().read(write_metaimage(pixels, spacing, name))
        np.testing.assert_array_equal(read.pixels, clip[..., :1])
        np.testing.assert_allclose(spacing_mm(read.affine), (0.308, 0.154))


def test_color_in_metaimage_is_refused(tmp_path):
    image = SimpleITK.GetImageFromArray(np.zeros((18, 24, 3), np.uint8), isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / "color.mhd"))
    with pytest.raises(ValueError, match=r"color\.mhd has shape .*expected a gray clip"):
        ClipReader().read(tmp_path / "color.mhd")


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_metaimage_without_all_of_its_pixels_is_refused(clip, write_metaimage, damage):
    path = write_metaimage(clip, (0.308, 0.154, 1.54))
    raw = path.with_suffix(".raw")
    content = raw.read_bytes()
    raw.unlink()
    if damage == "cut":
        raw.write_bytes(content[:-100])
    with pytest.raises(
        OSError, match=r"clip\.mhd cannot be read as MetaImage: .*(missing|claims 2160 bytes, but a file holds 2060)"
    ):
        ClipReader().read(path)


def test_a_packed_metaimage_is_read_and_a_truncated_one_refused(clip, tmp_path):
    path = tmp_path / "clip.mha"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.ascontiguousarray(clip.T)), str(path), True)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, clip)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ClipReadError, match=r"clip\.mha cannot be read as MetaImage"):
        ClipReader().read(path)


HEADER = {
    "ObjectType": "Image",
    "NDims": "3",
    "DimSize": "4 3 2",
    "ElementType": "MET_UCHAR",
    "ElementDataFile": "clip.raw",
}
PIXELS = np.arange(24, dtype=np.uint8).reshape((4, 3, 2), order="F")


def written(folder: Path, content: bytes = PIXELS.tobytes(order="F"), **fields: str) -> Path:
    """Write a header with changed fields and its pixels."""
    lines = [f"{key} = {value}" for key, value in {**HEADER, **fields}.items() if value is not None]
    lines.sort(key=lambda line: line.startswith("ElementDataFile"))
    (folder / "clip.mhd").write_text("\n".join(lines) + "\n")
    (folder / "clip.raw").write_bytes(content)
    return folder / "clip.mhd"


def test_every_part_of_a_header_that_itk_reads_is_read(tmp_path):
    big = PIXELS.astype(">i2").tobytes(order="F")
    path = written(
        tmp_path,
        b"header" + big,
        ElementType="MET_SHORT",
        BinaryDataByteOrderMSB="True",
        HeaderSize="-1",
        ElementSize="0.3 0.2 1",
        Position="1 2 3",
    )
    read = ClipReader().read(path)
    np.testing.assert_array_equal(read.pixels, PIXELS)
    np.testing.assert_allclose(spacing_mm(read.affine), (0.3, 0.2))
    np.testing.assert_allclose(read.affine[:3, 3], (-1, -2, 3))
    image = SimpleITK.ReadImage(str(path))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, PIXELS)
    assert image.GetSpacing() == (0.3, 0.2, 1) and image.GetOrigin() == (1, 2, 3)


def test_a_clip_of_one_file_for_each_frame_is_read(tmp_path):
    (tmp_path / "0").write_bytes(PIXELS[..., 0].tobytes(order="F"))
    (tmp_path / "1").write_bytes(PIXELS[..., 1].tobytes(order="F"))
    path = written(tmp_path, ElementDataFile="LIST\n0\n1")
    np.testing.assert_array_equal(ClipReader().read(path).pixels, PIXELS)
    with pytest.raises(ClipReadError, match="2 frames, but 3 files"):
        ClipReader().read(written(tmp_path, ElementDataFile="LIST\n0\n1\n1"))


SECRET = "Zwiebelfrosch"


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("ElementDataFile", "%s%n", "ElementDataFile"),
        ("ElementDataFile", "clip%03d.raw 0 1 1", "ElementDataFile"),
        ("ElementDataFile", f"../{SECRET}.raw", "ElementDataFile"),
        ("ElementDataFile", "/etc/passwd", "ElementDataFile"),
        ("ElementDataFile", "C:\\clip.raw", "ElementDataFile"),
        ("ElementDataFile", "clip.raw\0", "ElementDataFile"),
        ("ElementDataFile", "", "ElementDataFile"),
        ("ElementDataFile", "LIST", "ElementDataFile"),
        ("ElementDataFile", ".", "missing"),
        ("NDims", "-1", "NDims .* is -1"),
        ("NDims", "9999", "NDims .* is 9999"),
        ("NDims", SECRET, "NDims"),
        ("NDims", "", "NDims"),
        ("NDims", "4", "DimSize"),
        ("NDims", "1" * 5000, "NDims"),
        ("DimSize", "4 3", "DimSize must be 3 sizes, and has 2"),
        ("DimSize", "4 3 -2", "4 x 3 x -2"),
        ("DimSize", "40000 40000 1", "40000 x 40000"),
        ("ElementType", f"MET_{SECRET}", "ElementType"),
        ("ElementType", "MET_DOUBLE", "claims 192 bytes, but a file holds 24"),
        ("BinaryData", "False", "ElementType"),
        ("ElementSpacing", "0.1 nan 1", "ElementSpacing"),
        ("ElementSpacing", "0.1", "ElementSpacing"),
        ("ElementSpacing", "0 0 0", "ElementSpacing"),
        ("ElementSpacing", "1e300 -1e-300 1", "ElementSpacing"),
        ("Offset", SECRET, "Offset"),
        ("HeaderSize", "-2", "HeaderSize"),
        ("DistanceUnits", SECRET, "DistanceUnits must be um, mm, cm, or m"),
        ("ElementNumberOfChannels", "0", "ElementNumberOfChannels"),
        ("DimSize", "4 3 1", "claims 12 bytes, but a file holds 24"),
    ],
)
def test_a_header_that_is_wrong_is_refused_before_its_pixels_are_read(field, value, named, tmp_path):
    with pytest.raises(ClipReadError, match=named) as info:
        ClipReader().read(written(tmp_path, **{field: value}))
    assert SECRET not in str(info.value) and "\n" not in str(info.value)


@pytest.mark.parametrize("frames", [1, 3])
def test_packed_pixels_are_counted_against_the_header(frames, tmp_path):
    packed = zlib.compress(PIXELS.tobytes(order="F"))
    np.testing.assert_array_equal(ClipReader().read(written(tmp_path, packed, CompressedData="True")).pixels, PIXELS)
    with pytest.raises(ClipReadError, match=f"{frames} frames"):
        ClipReader().read(written(tmp_path, packed, CompressedData="True", DimSize=f"4 3 {frames}"))


def test_a_packed_bomb_takes_no_memory(tmp_path):
    packed = zlib.compress(bytes(100_000_000))
    path = written(tmp_path, packed, CompressedData="True")
    refused_with_little_memory(path, "more can be decompressed")


@pytest.mark.parametrize(("unit", "factor"), [("um", 0.001), ("mm", 1), ("CM", 10), ("m", 1000), ("?", 1), ("", 1)])
def test_a_unit_of_length_is_converted_to_millimeters(unit, factor, tmp_path):
    read = ClipReader().read(written(tmp_path, ElementSpacing="0.3 0.2 1", Offset="1 2 3", DistanceUnits=unit))
    np.testing.assert_allclose(spacing_mm(read.affine), (0.3 * factor, 0.2 * factor))
    np.testing.assert_allclose(read.affine[:2, 3], (-factor, -2 * factor))
