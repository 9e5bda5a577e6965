"""Every NIfTI layout of a clip is read as (H, W, T); damaged files never become pixels."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError, open_clip
from gdkvm_monai.data.clip import PHANTOM_MARK
from tests.data.clip_files import AFFINE, refused_with_little_memory, spacing_mm


@pytest.mark.parametrize(
    "stored", [(24, 18, 5), (24, 18, 1, 5), (24, 18, 5, 1)], ids=["H W T", "H W 1 T", "H W T 1"]
)  # fmt: skip
def test_every_layout_of_a_clip_in_nifti_gives_height_width_and_time(clip, write_nifti, stored):
    pixels, meta = ClipReader().get_data(ClipReader().read(write_nifti(clip.reshape(stored))))
    np.testing.assert_array_equal(pixels, clip)
    assert tuple(meta["spatial_shape"]) == clip.shape
    np.testing.assert_allclose(spacing_mm(meta["affine"]), (0.3, 0.2), rtol=1e-6)


@pytest.mark.parametrize("stored", [(24, 18), (24, 18, 1), (24, 18, 1, 1)])
def test_a_still_is_a_clip_of_one_frame(clip, write_nifti, stored):
    pixels = ClipReader().read(write_nifti(clip[..., 0].reshape(stored))).pixels
    np.testing.assert_array_equal(pixels, clip[..., :1])


def test_the_affine_holds_millimeters_in_plane_and_the_frame_time_along_the_last_axis(clip, write_nifti):
    affine = ClipReader().read(write_nifti(clip[:, :, None], frame_time=0.02)).affine
    np.testing.assert_allclose(affine, np.diag([-0.3, -0.2, 0.02, 1]), atol=1e-6)
    unknown = ClipReader().read(write_nifti(clip[:, :, None], frame_time=0)).affine
    np.testing.assert_allclose(unknown, AFFINE, atol=1e-6)


def test_a_plane_in_any_orientation_has_an_affine_that_can_be_inverted(clip, write_nifti):
    sagittal = np.array([[0, 0, 1, 0], [0.3, 0, 0, 0], [0, 0.2, 0, 0], [0, 0, 0, 1.0]])
    affine = ClipReader().read(write_nifti(clip[:, :, None], sagittal, frame_time=0.02)).affine
    np.testing.assert_allclose(spacing_mm(affine), (0.3, 0.2), rtol=1e-6)
    assert np.linalg.norm(affine[:3, 2]) == pytest.approx(0.02)
    assert abs(np.linalg.det(affine)) == pytest.approx(0.3 * 0.2 * 0.02)


def written(path: Path, clip: np.ndarray, image: nibabel.Nifti1Image) -> Path:
    """Write a header as it is, which nibabel would correct."""
    image.header["magic"], image.header["vox_offset"] = b"n+1", 352
    path.write_bytes(image.header.binaryblock + bytes(4) + clip.tobytes(order="F"))
    return path


@pytest.mark.parametrize(
    ("row", "value", "expected"),
    [("srow_x", 0, (1, 1)), ("srow_z", 0, (0.3, 0.2)), ("srow_x", np.nan, (1, 1)), ("srow_z", np.nan, (1, 1))],
)
def test_a_form_without_a_row_gives_an_affine_that_can_be_inverted(tmp_path, clip, row, value, expected):
    image = nibabel.Nifti1Image(clip[:, :, None], np.diag([-0.3, -0.2, 1, 1]))
    image.header.set_zooms((0.3, 0.2, 1, 0.02))
    image.header[row] = value
    read = ClipReader().read(written(tmp_path / "clip.nii", clip, image))
    np.testing.assert_array_equal(read.pixels, clip)
    assert read.meta["spacing_trust"] != "ok" or expected != (1, 1)
    np.testing.assert_allclose(spacing_mm(read.affine), expected, rtol=1e-6)
    assert np.linalg.norm(read.affine[:3, 2]) == pytest.approx(0.02) and np.isfinite(np.linalg.inv(read.affine)).all()


@pytest.mark.parametrize("signs", [(1, 1), (-1, -1), (1, -1)])
def test_negative_pixel_sizes_without_a_form_are_lengths(tmp_path, clip, signs):
    image = nibabel.Nifti1Image(clip, None)
    image.header["pixdim"][1:3] = np.multiply(signs, (0.3, 0.2))
    image.header["sform_code"] = image.header["qform_code"] = 0
    affine = ClipReader().read(written(tmp_path / "clip.nii", clip, image)).affine
    np.testing.assert_allclose(spacing_mm(affine), (0.3, 0.2), rtol=1e-6)


def test_the_unit_of_length_does_not_change_the_frame_time(tmp_path, clip):
    image = nibabel.Nifti1Image(clip[:, :, None], np.diag([-0.3e-3, -0.2e-3, 1e-3, 1]))
    image.header.set_xyzt_units("meter", "sec")
    image.header.set_zooms((0.3e-3, 0.2e-3, 1e-3, 0.02))
    nibabel.save(image, path := tmp_path / "clip.nii")
    np.testing.assert_allclose(ClipReader().read(path).affine, np.diag([-0.3, -0.2, 0.02, 1]), rtol=1e-6)


def test_frames_are_not_reordered_by_an_affine_that_points_backwards(clip, write_nifti):
    backwards = np.diag([0.3, 0.3, -1.0, 1.0])
    np.testing.assert_array_equal(ClipReader().read(write_nifti(clip, backwards)).pixels, clip)


@pytest.mark.parametrize("shape", [(24, 18, 5, 3), (24, 18, 1, 1, 3), (24, 18, 5, 1, 3)])
def test_color_in_nifti_is_refused_and_never_mistaken_for_frames(write_nifti, shape):
    with pytest.raises(ValueError, match=r"clip\.nii\.gz has shape .*expected a gray clip"):
        ClipReader().read(write_nifti(np.zeros(shape, dtype=np.uint8)))


def test_the_compound_color_type_of_nifti_is_refused(write_nifti):
    pixels = np.zeros((24, 18, 5), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    with pytest.raises(ValueError, match="expected a gray clip"):
        ClipReader().read(write_nifti(pixels))


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95], ids=["header cut", "half", "end cut"])
@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.nii"])
def test_a_truncated_nifti_is_refused_and_never_filled_with_zeros(write_nifti, share, name):
    path = write_nifti(np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8), name=name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(OSError, match=rf"(?s){name} cannot be read as NIfTI .*copy it again"):
        ClipReader().read(path)


def test_a_file_that_is_nifti_by_name_only_is_refused(tmp_path):
    (tmp_path / "clip.nii.gz").write_bytes(b"not a picture" * 50)
    with pytest.raises(OSError, match=r"clip\.nii\.gz cannot be read as NIfTI"):
        ClipReader().read(tmp_path / "clip.nii.gz")


def test_nan_pixels_are_kept_and_not_replaced(clip, write_nifti):
    pixels = clip.astype(np.float32)
    pixels[3, 4, 2] = np.nan
    np.testing.assert_array_equal(ClipReader().read(write_nifti(pixels)).pixels, pixels)


def claim(path, shape) -> None:
    """Change what the header of a NIfTI-1 file says of its shape; the pixels stay."""
    content = bytearray(path.read_bytes())
    content[40:48] = np.array([len(shape), *shape], dtype="<i2").tobytes()
    path.write_bytes(content)


def test_a_header_that_claims_terabytes_is_refused_before_allocation(clip, write_nifti):
    path = write_nifti(clip, name="clip.nii")
    claim(path, (30000, 30000, 3000))
    with pytest.raises(
        ClipReadError, match=r"clip\.nii cannot be read as NIfTI \(its header claims 2700000000000 bytes"
    ):
        ClipReader().read(path)
    packed = path.with_suffix(".nii.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(ClipReadError, match="its header claims 2700000000000 bytes"):
        ClipReader().read(packed)


def test_a_gzip_bomb_is_refused_before_it_is_inflated(clip, write_nifti):
    path = write_nifti(clip, name="clip.nii")
    content, zeros = path.read_bytes(), bytes(30_000_000)
    claim(path, (1000, 1000, 100))
    packed = path.with_suffix(".nii.gz")
    packed.write_bytes(gzip.compress(path.read_bytes() + zeros, 1))
    refused_with_little_memory(packed, "claims 1000 x 1000 x 100 pixels, max_voxels is 1000000", max_voxels=1_000_000)
    header = bytearray(content[:352])
    header[108:112] = np.float32(30_000_352).tobytes()  # where the pixels begin
    header[348:360] = np.array([1, 30_000_000, 6], dtype="<i4").tobytes()  # one extension, a comment
    packed.write_bytes(gzip.compress(bytes(header) + zeros, 1))
    refused_with_little_memory(packed, r"its pixels begin at byte 300003\d\d, expected at most 16777216")


def test_data_after_the_pixels_of_a_packed_nifti_are_refused_and_not_inflated(clip, write_nifti):
    path = write_nifti(clip, name="clip.nii")
    packed = path.with_suffix(".nii.gz")
    packed.write_bytes(gzip.compress(path.read_bytes() + bytes(30_000_000), 1))
    refused_with_little_memory(packed, "more pixels than its header states")


@pytest.mark.parametrize(
    ("place", "value"),
    [(70, 77), (108, 255), (344, 120), (40, 200)],
    ids=["type of the pixels", "offset", "magic", "number of axes"],
)
def test_a_header_with_an_invalid_byte_is_refused(clip, write_nifti, place, value):
    path = write_nifti(clip, name="clip.nii")
    content = bytearray(path.read_bytes())
    content[place : place + 4] = bytes([value]) * 4
    path.write_bytes(content)
    with pytest.raises(ClipReadError, match=r"clip\.nii cannot be read as NIfTI"):
        ClipReader().read(path)


def test_flipped_bits_in_packed_pixels_are_refused(write_nifti):
    path = write_nifti(np.random.default_rng(0).integers(0, 64, (64, 64, 4), dtype=np.uint8))
    content = path.read_bytes()
    for place in np.linspace(400, len(content) - 12, 20).astype(int):
        damaged = bytearray(content)
        damaged[place] ^= 255
        path.write_bytes(damaged)
        with pytest.raises(ClipReadError, match=r"clip\.nii\.gz cannot be read as NIfTI"):
            ClipReader().read(path)


def test_only_the_phantom_mark_says_that_a_clip_shows_a_phantom(clip, write_nifti, tmp_path):
    for text, marked in ((PHANTOM_MARK, True), ("phantom", False), ("", False)):
        image = nibabel.load(write_nifti(clip))
        image.header["descrip"] = text
        nibabel.save(image, tmp_path / "marked.nii")
        assert open_clip(tmp_path / "marked.nii").meta.get("phantom", False) is marked


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1000), ("mm", 1), ("micron", 0.001), ("unknown", 1)])
def test_a_unit_of_length_is_converted_to_millimeters(unit, factor, clip, tmp_path):
    image = nibabel.Nifti1Image(clip, np.diag([-0.3, -0.2, 1, 1]))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "clip.nii")
    np.testing.assert_allclose(
        spacing_mm(ClipReader().read(tmp_path / "clip.nii").affine), (0.3 * factor, 0.2 * factor)
    )


def test_a_fourth_axis_of_length_one_is_no_time_axis(clip, tmp_path):
    for pixels, timed in ((clip[..., None], False), (clip[:, :, None], True)):
        image = nibabel.Nifti1Image(pixels, AFFINE)
        image.header.set_zooms((0.3, 0.2, 1, 0.5))
        image.header.set_xyzt_units("mm", "sec")
        nibabel.save(image, tmp_path / "clip.nii")
        assert ("frame_time_ms" in ClipReader().read(tmp_path / "clip.nii").meta) is timed


def test_complex_numbers_and_unknown_units_are_refused(clip, tmp_path):
    path = tmp_path / "clip.nii"
    nibabel.save(nibabel.Nifti1Image(clip.astype(np.complex64), np.eye(4)), path)
    with pytest.raises(ClipReadError, match="type complex64"):
        ClipReader().read(path)
    image = nibabel.Nifti1Image(clip, np.eye(4))
    image.header["xyzt_units"] = 255
    nibabel.save(image, path)
    with pytest.raises(ClipReadError, match="unit that NIfTI does not have"):
        ClipReader().read(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_header_that_states_fewer_pixels_than_the_file_has_is_refused(axis, suffix, tmp_path):
    path = tmp_path / f"clip{suffix}"
    image = nibabel.Nifti1Image(np.zeros((6, 5, 4), np.uint8), np.eye(4))
    content = bytearray(image.to_bytes())
    content[42 + 2 * axis] -= 1  # dim[axis + 1]
    path.write_bytes(gzip.compress(content) if suffix == ".nii.gz" else content)
    with pytest.raises(ClipReadError, match="more pixels than its header states"):
        ClipReader().read(path)


def test_a_name_that_does_not_say_whether_the_file_is_compressed_is_refused(clip, write_nifti, tmp_path):
    plain = write_nifti(clip, name="clip.nii").read_bytes()
    for name, content, remedy in (
        ("a.nii.gz", plain, r"not compressed.*\.nii\)"),
        ("b.nii", gzip.compress(plain), r"\.nii\.gz"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ClipReadError, match=remedy):
            ClipReader().read(tmp_path / name)


@pytest.mark.parametrize(
    ("pixdim", "trust"), [((1.5, 2), "ok"), ((1, 1), "ok"), ((1.49, 2), "ok"), ((0.75, 2), "conflict")]
)
def test_a_form_and_pixel_sizes_that_contradict_each_other_are_in_conflict(pixdim, trust, tmp_path, clip):
    image = nibabel.Nifti1Image(clip, np.diag([-1.5, -2, 1, 1]))
    image.header["pixdim"][1:3] = pixdim
    image.header["qform_code"] = 0
    read = ClipReader().read(written(tmp_path / "clip.nii", clip, image))
    assert read.meta["spacing_trust"] == trust
