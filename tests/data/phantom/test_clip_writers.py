"""Each writer stores the pixels upright, with the clip's spacing and rate."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from gdkvm_monai.data.phantom import EchoPhantom, PhantomClip
from gdkvm_monai.data.phantom.clip_writers import write_metaimage, write_nifti, write_npy, write_png, write_video


@pytest.fixture(scope="module")
def clip() -> PhantomClip:
    """Return a clip with a different gray level in every corner, three frames of 32 x 16 pixels."""
    image = np.full((32, 16, 3), 40, np.uint8)
    image[:16, :8], image[16:, :8], image[:16, 8:] = 220, 160, 100
    return PhantomClip(EchoPhantom(0), "4CH", 25, image, image // 80, (0.5, 0.25))


def test_nifti_has_spacing_in_millimeters_and_frame_time_in_seconds_and_its_label_has_the_same_grid(clip, tmp_path):
    write_nifti(tmp_path / "x.nii.gz", clip)
    image, label = (nibabel.load(tmp_path / name) for name in ("x.nii.gz", "x_label.nii.gz"))
    np.testing.assert_array_equal(np.asarray(image.dataobj), clip.image)
    np.testing.assert_array_equal(np.asarray(label.dataobj), clip.label)
    np.testing.assert_allclose(image.header.get_zooms(), (0.5, 0.25, 0.04), rtol=1e-6)
    np.testing.assert_array_equal(image.affine, label.affine)
    assert image.header.get_xyzt_units() == ("mm", "sec")


def test_metaimage_has_spacing_and_frame_time(clip, tmp_path):
    write_metaimage(tmp_path / "x.mhd", clip)
    image = SimpleITK.ReadImage(str(tmp_path / "x.mhd"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, clip.image)
    np.testing.assert_allclose(image.GetSpacing(), (0.5, 0.25, 0.04))


def test_png_frames_are_upright_pictures_numbered_from_one(clip, tmp_path):
    write_png(tmp_path / "x", clip)
    assert [path.name for path in sorted((tmp_path / "x").iterdir())] == [f"frame_000{n}.png" for n in (1, 2, 3)]
    picture = Image.open(tmp_path / "x" / "frame_0001.png")
    assert picture.size == (32, 16)
    assert [picture.getpixel(corner) for corner in ((0, 0), (31, 0), (0, 15), (31, 15))] == [220, 160, 100, 40]


def test_an_array_is_stored_as_it_is(clip, tmp_path):
    write_npy(tmp_path / "x.npy", clip)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), clip.image)


def test_a_video_is_upright_and_has_the_rate_of_the_clip(clip, tmp_path):
    av = pytest.importorskip("av")
    write_video(tmp_path / "x.avi", clip, "mjpeg", "yuvj420p")
    with av.open(str(tmp_path / "x.avi")) as container:
        assert container.streams.video[0].average_rate == 25
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(frames) == 3
    for corner, level in (((0, 0), 220), ((0, 31), 160), ((15, 0), 100), ((15, 31), 40)):
        assert frames[0][corner] == pytest.approx(level, abs=12)
