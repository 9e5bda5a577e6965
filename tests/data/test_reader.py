"""One clip, (H, W, T), from whatever a file holds; damaged files never become pixels."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
import torch
from monai.data import list_data_collate
from monai.transforms import Compose, Invertd, LoadImage, LoadImaged, Resized, SaveImaged
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError, folder_datalist
from gdkvm_monai.data.open import CLIP_SUFFIXES
from gdkvm_monai.transforms.load_clip import LoadClipd

AFFINE = np.diag([-0.3, -0.2, 1.0, 1.0])


@pytest.fixture
def clip() -> np.ndarray:
    """A clip ``(H, W, T)`` in which no two axes can be confused: 24 x 18 pixels, 5 frames."""
    return np.random.default_rng(0).integers(0, 256, (24, 18, 5), dtype=np.uint8)


@pytest.fixture
def write(tmp_path):
    """Write an array as NIfTI and give its path."""

    def write_nifti(pixels, affine=AFFINE, frame_time=None, name="clip.nii.gz"):
        image = nib.Nifti1Image(pixels, affine)
        if frame_time is not None:
            image.header.set_zooms((*image.header.get_zooms()[:3], frame_time))
        nib.save(image, tmp_path / name)
        return tmp_path / name

    return write_nifti


@pytest.fixture
def write_metaimage(tmp_path):
    """Write an array ``(H, W, T)`` or ``(H, W)`` as MetaImage and give its path."""

    def write_file(pixels, spacing, name="clip.mhd"):
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(pixels.T))
        image.SetSpacing(spacing)
        SimpleITK.WriteImage(image, str(tmp_path / name))
        return tmp_path / name

    return write_file


def spacing_mm(affine: np.ndarray) -> np.ndarray:
    return np.linalg.norm(affine[:3, :2], axis=0)


@pytest.mark.parametrize(
    "stored", [(24, 18, 5), (24, 18, 1, 5), (24, 18, 5, 1)], ids=["H W T", "H W 1 T", "H W T 1"]
)  # fmt: skip
def test_every_way_to_store_a_clip_in_nifti_gives_height_width_and_time(clip, write, stored):
    pixels, meta = ClipReader().get_data(ClipReader().read(write(clip.reshape(stored))))
    np.testing.assert_array_equal(pixels, clip)
    assert tuple(meta["spatial_shape"]) == clip.shape
    np.testing.assert_allclose(spacing_mm(meta["affine"]), (0.3, 0.2), rtol=1e-6)


@pytest.mark.parametrize("stored", [(24, 18), (24, 18, 1), (24, 18, 1, 1)])
def test_a_still_is_a_clip_of_one_frame(clip, write, stored):
    pixels = ClipReader().read(write(clip[..., 0].reshape(stored))).pixels
    np.testing.assert_array_equal(pixels, clip[..., :1])


def test_the_affine_holds_millimetres_in_plane_and_the_frame_time_along_the_last_axis(clip, write):
    affine = ClipReader().read(write(clip[:, :, None], frame_time=0.02)).affine
    np.testing.assert_allclose(affine, np.diag([-0.3, -0.2, 0.02, 1]), atol=1e-6)
    unknown = ClipReader().read(write(clip[:, :, None], frame_time=0)).affine
    np.testing.assert_allclose(unknown, AFFINE, atol=1e-6)


def test_a_plane_in_any_orientation_has_an_affine_that_can_be_inverted(clip, write):
    sagittal = np.array([[0, 0, 1, 0], [0.3, 0, 0, 0], [0, 0.2, 0, 0], [0, 0, 0, 1.0]])
    affine = ClipReader().read(write(clip[:, :, None], sagittal, frame_time=0.02)).affine
    np.testing.assert_allclose(spacing_mm(affine), (0.3, 0.2), rtol=1e-6)
    assert np.linalg.norm(affine[:3, 2]) == pytest.approx(0.02)
    assert abs(np.linalg.det(affine)) == pytest.approx(0.3 * 0.2 * 0.02)


def test_frames_are_not_reordered_by_an_affine_that_points_backwards(clip, write):
    backwards = np.diag([0.3, 0.3, -1.0, 1.0])
    np.testing.assert_array_equal(ClipReader().read(write(clip, backwards)).pixels, clip)


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


def test_a_list_of_stills_is_a_clip_in_the_order_of_the_list(clip, write):
    names = [write(clip[..., t], name=f"frame{t}.nii.gz") for t in (2, 0, 4)]
    read = ClipReader().read(names)
    np.testing.assert_array_equal(read.pixels, clip[..., [2, 0, 4]])
    np.testing.assert_allclose(read.affine, AFFINE, atol=1e-6)


def test_monai_loads_a_clip_with_a_channel_in_front_and_its_file_name(clip, write):
    path = write(clip)
    loaded = LoadImage(reader=ClipReader(), ensure_channel_first=True)(path)
    assert loaded.shape == (1, 24, 18, 5)
    np.testing.assert_array_equal(loaded[0].numpy(), clip)
    assert loaded.meta["filename_or_obj"] == str(path)
    np.testing.assert_allclose(loaded.affine.numpy(), AFFINE, atol=1e-6)


@pytest.mark.parametrize("stored", [(24, 18, 5), (24, 18, 1, 5), (24, 18)])
def test_what_is_computed_on_another_grid_comes_back_to_the_files_own_grid_and_affine(clip, write, tmp_path, stored):
    path = write((clip if len(stored) > 2 else clip[..., 0]).reshape(stored))
    load = LoadImaged("image", reader=ClipReader(), ensure_channel_first=True)
    preprocessing = Compose([load, Resized("image", (48, 36, -1), mode="nearest")])
    item = preprocessing({"image": str(path)})
    assert item["image"].shape[1:3] == (48, 36)
    item["pred"] = item["image"].clone()
    invert = Invertd("pred", transform=preprocessing, orig_keys="image")
    save = SaveImaged(
        "pred", output_dir=str(tmp_path), output_postfix="seg", separate_folder=False, resample=False,
        output_dtype=np.uint8, print_log=False,
    )  # fmt: skip
    Compose([invert, save])(item)
    saved, expected = nib.load(tmp_path / "clip_seg.nii.gz"), clip if len(stored) > 2 else clip[..., 0]
    assert saved.shape == expected.shape
    np.testing.assert_allclose(saved.affine, AFFINE, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(saved.dataobj), expected)


def test_only_names_of_files_that_can_be_read_are_accepted():
    reader = ClipReader()
    assert (
        reader.verify_suffix("a.nii") and reader.verify_suffix(["a.nii.gz", "B.MHD"]) and reader.verify_suffix("a.mha")
    )
    assert reader.verify_suffix(["a.dcm", "a.AVI", "a.mp4", "a.npy"])
    assert not reader.verify_suffix("a.png") and not reader.verify_suffix(["a.nii.gz", "a.txt"])


def test_a_file_of_another_format_is_refused(tmp_path):
    (tmp_path / "clip.png").write_bytes(b"png")
    with pytest.raises(ValueError, match=r"clip\.png is not a clip .*give \.nii, \.nii\.gz, \.mhd, \.mha"):
        ClipReader().read(tmp_path / "clip.png")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.nii\.gz does not exist"):
        ClipReader().read(tmp_path / "absent.nii.gz")
    with pytest.raises(FileNotFoundError, match=r"absent\.mhd does not exist"):
        ClipReader().read([tmp_path / "absent.mhd"])


@pytest.mark.parametrize("shape", [(24, 18, 5, 3), (24, 18, 1, 1, 3), (24, 18, 5, 1, 3)])
def test_color_in_nifti_is_refused_and_never_taken_for_frames(write, shape):
    with pytest.raises(ValueError, match=r"clip\.nii\.gz has shape .*expected a gray clip"):
        ClipReader().read(write(np.zeros(shape, dtype=np.uint8)))


def test_the_compound_color_type_of_nifti_is_refused(write):
    pixels = np.zeros((24, 18, 5), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    with pytest.raises(ValueError, match="expected a gray clip"):
        ClipReader().read(write(pixels))


def test_color_in_metaimage_is_refused(tmp_path):
    image = SimpleITK.GetImageFromArray(np.zeros((18, 24, 3), np.uint8), isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / "color.mhd"))
    with pytest.raises(ValueError, match=r"color\.mhd has shape .*expected a gray clip"):
        ClipReader().read(tmp_path / "color.mhd")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.95], ids=["empty", "header cut", "half", "end cut"])
@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.nii"])
def test_a_truncated_nifti_is_refused_and_never_filled_with_zeros(write, share, name):
    path = write(np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8), name=name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(OSError, match=rf"(?s){name} cannot be read as NIfTI .*copy it again"):
        ClipReader().read(path)


def test_a_file_that_only_calls_itself_nifti_is_refused(tmp_path):
    (tmp_path / "clip.nii.gz").write_bytes(b"not a picture" * 50)
    with pytest.raises(OSError, match=r"clip\.nii\.gz cannot be read as NIfTI"):
        ClipReader().read(tmp_path / "clip.nii.gz")


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_metaimage_without_all_of_its_pixels_is_refused(clip, write_metaimage, damage):
    path = write_metaimage(clip, (0.308, 0.154, 1.54))
    raw = path.with_suffix(".raw")
    content = raw.read_bytes()
    raw.unlink()
    if damage == "cut":
        raw.write_bytes(content[:-100])
    with pytest.raises(OSError, match=r"clip\.mhd cannot be read as MetaImage; is its \.raw file complete"):
        ClipReader().read(path)


@pytest.mark.parametrize(
    ("pixels", "affine"),
    [(np.zeros((24, 19), np.uint8), AFFINE), (np.zeros((24, 18), np.uint8), np.diag([-0.3, -0.3, 1, 1]))],
    ids=["other size", "other spacing"],
)
def test_stills_of_another_size_or_spacing_are_no_frames_of_one_clip(clip, write, pixels, affine):
    names = [write(clip[..., 0], name="a.nii.gz"), write(pixels, affine, name="b.nii.gz")]
    with pytest.raises(ValueError, match=r"b\.nii\.gz has shape .*single frames of one size and spacing"):
        ClipReader().read(names)


def test_a_list_of_cines_is_refused(clip, write):
    names = [write(clip, name="a.nii.gz"), write(clip, name="b.nii.gz")]
    with pytest.raises(ValueError, match=r"a\.nii\.gz has shape \(24, 18, 5\).*single frames"):
        ClipReader().read(names)


def test_an_empty_list_is_refused():
    with pytest.raises(ValueError, match="list of a clip's files is empty"):
        ClipReader().read([])


def test_the_metadata_are_a_copy_that_transforms_may_change(clip, write):
    read = ClipReader().read(write(clip))
    _, meta = ClipReader().get_data(read)
    meta["affine"] *= 2
    np.testing.assert_allclose(meta["original_affine"], read.affine)
    assert torch.isnan(torch.tensor(meta["original_channel_dim"]))  # no channel in the file: MONAI adds one


def claim(path, shape) -> None:
    """Change what the header of a NIfTI-1 file says of its shape; the pixels stay."""
    content = bytearray(path.read_bytes())
    content[40:48] = np.array([len(shape), *shape], dtype="<i2").tobytes()
    path.write_bytes(content)


def test_a_header_that_claims_terabytes_is_refused_before_memory_is_asked_for(clip, write):
    path = write(clip, name="clip.nii")
    claim(path, (30000, 30000, 3000))
    with pytest.raises(
        ClipReadError, match=r"clip\.nii cannot be read as NIfTI \(its header claims 2700000000000 bytes"
    ):
        ClipReader().read(path)
    packed = path.with_suffix(".nii.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(ClipReadError, match="its header claims 2700000000000 bytes"):
        ClipReader().read(packed)


@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.mhd", "clip.npy", "frames"])
def test_a_clip_larger_than_the_limit_is_refused(clip, write, write_metaimage, tmp_path, name):
    if name == "clip.nii.gz":
        path = write(clip)
    elif name == "clip.mhd":
        path = write_metaimage(clip, (1, 1, 1))
    elif name == "clip.npy":
        path = tmp_path / name
        np.save(path, clip)
    else:
        path = write_frames(tmp_path / name, clip)
    assert ClipReader(max_voxels=clip.size).read(path).pixels.shape == clip.shape
    with pytest.raises(ClipReadError, match=r"claims 24 x 18 x 5 pixels, max_voxels is 2159; raise it"):
        ClipReader(max_voxels=clip.size - 1).read(path)


def test_spacing_is_trusted_unless_it_is_what_a_format_says_for_want_of_one(clip, write, write_metaimage):
    assert ClipReader().read(write(clip)).meta == {"spacing_trust": "ok", "partial": False}
    assert ClipReader().read(write(clip, np.eye(4))).meta["spacing_trust"] == "absent"
    assert ClipReader().read(write_metaimage(clip, (0.308, 0.154, 1.54))).meta["spacing_trust"] == "ok"
    assert ClipReader().read(write_metaimage(clip, (1, 1, 1))).meta["spacing_trust"] == "absent"


def test_pixels_that_are_no_numbers_are_kept_and_not_replaced(clip, write):
    pixels = clip.astype(np.float32)
    pixels[3, 4, 2] = np.nan
    np.testing.assert_array_equal(ClipReader().read(write(pixels)).pixels, pixels)


def test_an_array_file_holds_lateral_depth_and_time(clip, tmp_path):
    np.save(tmp_path / "clip.npy", clip)
    read = ClipReader().read(tmp_path / "clip.npy")
    np.testing.assert_array_equal(read.pixels, clip)
    assert read.meta == {"spacing_trust": "absent", "partial": False}
    np.testing.assert_allclose(np.abs(read.affine), np.eye(4))
    np.save(tmp_path / "still.npy", clip[..., 0])
    np.testing.assert_array_equal(ClipReader().read(tmp_path / "still.npy").pixels, clip[..., :1])


def test_an_array_file_that_is_no_gray_clip_is_refused(clip, tmp_path):
    path = tmp_path / "clip.npy"
    for pixels in (clip[..., None], np.zeros((4, 4, 2), complex), np.zeros((0, 4, 2))):
        np.save(path, pixels)
        with pytest.raises(ClipReadError, match=r"clip\.npy (has shape|holds no pixels|cannot be read)"):
            ClipReader().read(path)
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ClipReadError, match=r"clip\.npy cannot be read as an array"):
        ClipReader().read(path)
    np.save(path, clip)
    for content in (path.read_bytes()[:-10], b"", b"not an array"):
        path.write_bytes(content)
        with pytest.raises(ClipReadError, match=r"clip\.npy cannot be read as an array .*copy it again"):
            ClipReader().read(path)


def write_frames(folder, clip, name="frame{}.png"):
    """Write ``(H, W, T)`` as upright PNG frames 8, 9, 10, ... and give their folder."""
    folder.mkdir()
    for t in range(clip.shape[-1]):
        Image.fromarray(np.ascontiguousarray(clip[..., t].T)).save(folder / name.format(t + 8))
    return folder


def test_a_folder_of_frames_is_read_in_natural_order(clip, tmp_path):
    folder = write_frames(tmp_path / "frames", clip)
    (folder / "._frame1.png").write_bytes(b"left by a file manager")
    read = ClipReader().read(folder)
    np.testing.assert_array_equal(read.pixels, clip)
    assert read.meta["spacing_trust"] == "absent"
    names = [folder / f"frame{number}.png" for number in (12, 8)]
    np.testing.assert_array_equal(ClipReader().read(names).pixels, clip[..., [4, 0]])


def test_color_frames_become_luma_and_deep_frames_eight_bits(clip, tmp_path):
    folder = tmp_path / "color"
    folder.mkdir()
    Image.new("RGB", (3, 2), (255, 0, 0)).save(folder / "1.png")
    Image.new("RGBA", (3, 2), (0, 255, 0, 128)).save(folder / "2.png")
    Image.new("RGB", (3, 2), (9, 9, 9)).convert("P").save(folder / "3.png")
    pixels = ClipReader().read(folder).pixels
    assert pixels.shape == (3, 2, 3) and pixels[0, 0].tolist()[:2] == [76, 150]
    deep = ClipReader().read(write_frames(tmp_path / "deep", clip.astype(np.uint16) * 16))
    assert deep.pixels.dtype == np.uint8 and np.abs(deep.pixels.astype(int) - clip).max() <= 3
    assert deep.meta["intensity_high"] > 4000


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


def test_a_folder_lists_frame_folders_and_dicom_files_without_a_suffix(clip, tmp_path):
    write_frames(tmp_path / "frames", clip)
    write_frames(tmp_path / "plots", clip[..., :1], "plot.png")
    (tmp_path / "plots" / "mask.nii.gz").touch()
    for name in ("IM000001", "1.2.840.5", "DICOMDIR"):
        (tmp_path / name).write_bytes(bytes(128) + b"DICM")
    (tmp_path / "README").write_text("no clip")
    listed = {str(item["image"])[len(str(tmp_path)) + 1 :] for item in folder_datalist(tmp_path)}
    assert listed == {"frames", "IM000001", "1.2.840.5", "plots/mask.nii.gz"}
    assert folder_datalist(tmp_path / "frames") == [{"image": str(tmp_path / "frames")}]


def test_what_the_reader_refuses_is_not_loaded_by_another_reader(write, tmp_path):
    path = write(np.zeros((24, 18, 5, 3), dtype=np.uint8))
    stock = LoadImaged("image", reader=ClipReader(), ensure_channel_first=True)
    assert stock({"image": path})["image"].shape == (3, 24, 18, 5)  # by MONAI's NibabelReader
    with pytest.raises(ClipReadError, match="expected a gray clip"):
        LoadClipd("image")({"image": path})


def test_a_loaded_clip_has_a_channel_and_clips_of_all_kinds_collate(clip, write, tmp_path):
    np.save(tmp_path / "clip.npy", clip)
    folder = write_frames(tmp_path / "frames", clip)
    items = [LoadClipd("image")({"image": path}) for path in (write(clip), tmp_path / "clip.npy", folder)]
    batch = list_data_collate(items)["image"]
    assert batch.shape == (3, 1, 24, 18, 5)
    assert batch.meta["spacing_trust"] == ["ok", "absent", "absent"] and not batch.meta["partial"].any()


@pytest.mark.parametrize("suffix", CLIP_SUFFIXES)
def test_an_empty_file_of_any_format_is_refused_by_name(tmp_path, suffix):
    for name in (f"clip{suffix}", f"CLIP{suffix.upper()}"):
        (tmp_path / name).touch()
        with pytest.raises(ClipReadError, match=rf"{name} (cannot be read as .*(copy|is its)|holds no pixels)"):
            ClipReader().read(tmp_path / name)


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 1, 3), (31, 17, 2), (1, 7, 5)], ids=str)
@pytest.mark.parametrize("name", ["clip.nii", "clip.nii.gz", "clip.mhd", "clip.mha", "clip.npy", "frames"])
def test_any_size_and_number_of_frames_is_read(write, write_metaimage, tmp_path, name, size):
    pixels = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    if name.startswith("clip.n") and name != "clip.npy":
        path = write(pixels, name=name)
    elif name.startswith("clip.m"):
        path = write_metaimage(pixels, (0.3, 0.2, 1), name)
    elif name == "clip.npy":
        path = tmp_path / name
        np.save(path, pixels)
    else:
        path = write_frames(tmp_path / name, pixels)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, pixels)


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", ">i2", "i4", "f4"])
@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.mhd", "clip.npy"])
def test_arrays_of_any_type_keep_their_values(clip, write, write_metaimage, tmp_path, name, kind):
    pixels = (clip.astype(int) * 100 - (9000 if kind[-2] != "u" else 0)).astype(kind)
    if name == "clip.npy":
        np.save(tmp_path / name, pixels)
        path = tmp_path / name
    elif name == "clip.mhd":
        path = write_metaimage(pixels.astype(pixels.dtype.newbyteorder("=")), (0.3, 0.2, 1))
    else:
        path = write(pixels)
    read = ClipReader().read(path).pixels
    assert read.dtype == np.dtype(kind).newbyteorder("=")
    np.testing.assert_array_equal(read, pixels)


def test_a_packed_metaimage_is_read_and_a_truncated_one_refused(clip, tmp_path):
    path = tmp_path / "clip.mha"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.ascontiguousarray(clip.T)), str(path), True)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, clip)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ClipReadError, match=r"clip\.mha cannot be read as MetaImage"):
        ClipReader().read(path)


def refused_with_little_memory(path: Path, message: str, **options) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ClipReadError, match=message):
            ClipReader(**options).read(path)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_refused_before_it_is_inflated(clip, write):
    path = write(clip, name="clip.nii")
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


def test_what_follows_the_pixels_of_a_packed_nifti_is_not_inflated(clip, write):
    path = write(clip, name="clip.nii")
    packed = path.with_suffix(".nii.gz")
    packed.write_bytes(gzip.compress(path.read_bytes() + bytes(30_000_000), 1))
    tracemalloc.start()
    np.testing.assert_array_equal(ClipReader().read(packed).pixels, clip)
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


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


@pytest.mark.parametrize(
    ("place", "value"),
    [(70, 77), (108, 255), (344, 120), (40, 200)],
    ids=["type of the pixels", "offset", "magic", "number of axes"],
)
def test_a_header_with_a_byte_that_means_nothing_is_refused(clip, write, place, value):
    path = write(clip, name="clip.nii")
    content = bytearray(path.read_bytes())
    content[place : place + 4] = bytes([value]) * 4
    path.write_bytes(content)
    with pytest.raises(ClipReadError, match=r"clip\.nii cannot be read as NIfTI"):
        ClipReader().read(path)


def test_flipped_bits_in_packed_pixels_are_refused(write):
    path = write(np.random.default_rng(0).integers(0, 64, (64, 64, 4), dtype=np.uint8))
    content = path.read_bytes()
    for place in np.linspace(400, len(content) - 12, 20).astype(int):
        damaged = bytearray(content)
        damaged[place] ^= 255
        path.write_bytes(damaged)
        with pytest.raises(ClipReadError, match=r"clip\.nii\.gz cannot be read as NIfTI"):
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
