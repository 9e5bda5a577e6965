"""Gray pictures in three samples are recognized, so that a wrong color space or order is no wrong picture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gdkvm_monai.data import ClipReader, ClipReadError
from gdkvm_monai.data.clip import luma
from gdkvm_monai.data.dicom.color_samples import samples_to_rgb
from tests.data.dicom_files import upright

pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402


@pytest.fixture
def echo() -> np.ndarray:
    """Gray frames ``(T, rows, columns)``: speckle in a sector on black."""
    noise = np.random.default_rng(0).normal(size=(5, 80, 100))
    speckle = (90 + 150 * gaussian_filter(noise, (0, 2, 2)) / 0.14 / 3).clip(0, 255).astype(np.uint8)
    rows, columns = np.ogrid[:80, :100]
    return speckle * (np.abs(columns - 50) < rows / 2)


def gray_samples(echo: np.ndarray, space: str) -> np.ndarray:
    """Three samples of gray frames, as RGB or YCbCr."""
    samples = np.repeat(echo[..., None], 3, axis=-1)
    if space != "RGB":
        samples[..., 1:] = 128
    return samples


@pytest.mark.parametrize(
    "compress", [None, uid.RLELossless, uid.JPEGLSLossless], ids=["uncompressed", "RLE", "JPEG-LS"]
)
@pytest.mark.parametrize("true", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL"])
def test_gray_levels_do_not_depend_on_the_stated_color_space(stated, true, compress, echo, write_dicom):
    read = ClipReader().read(write_dicom(gray_samples(echo, true), stated, compress=compress))
    assert np.abs(read.pixels.astype(int) - upright(echo)).max() <= 1 and read.meta["mode"] == "unknown"


@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL"])
def test_a_picture_without_black_keeps_its_gray_levels_too(stated, echo, write_dicom):
    bright = 80 + echo // 3
    read = ClipReader().read(write_dicom(gray_samples(bright, "RGB"), stated))
    np.testing.assert_array_equal(read.pixels, upright(bright))


def test_tinted_ycbcr_keeps_its_gray_levels(echo, write_dicom):
    sepia = np.stack([echo, 128 - echo // 6, 128 + echo // 10], axis=-1)
    read = ClipReader().read(write_dicom(sepia, "YBR_FULL"))
    assert np.abs(read.pixels.astype(int) - upright(luma(samples_to_rgb(sepia, "YBR_FULL")))).max() <= 1
    assert np.abs(read.pixels.astype(int) - upright(echo)).mean() < 2


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("true", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL"])
def test_samples_in_another_order_than_stated_are_no_color_doppler(stated, true, planar, echo, write_dicom):
    samples = gray_samples(echo, true)
    content = (samples if planar else samples.transpose(0, 3, 1, 2)).tobytes()
    path = write_dicom(samples, stated, PlanarConfiguration=planar, PixelData=content)
    for force in (False, True):
        with pytest.raises(ClipReadError, match=f"in another order than PlanarConfiguration {planar} states"):
            ClipReader(force=force).read(path)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("color", ["sepia", "title bar"])
def test_colored_samples_in_another_order_are_no_color_doppler_either(color, planar, echo, write_dicom):
    samples = gray_samples(echo, "RGB")
    if color == "sepia":
        samples = np.stack([echo, echo // 20 * 17, echo // 5 * 3], axis=-1)
    else:
        samples[:, :8] = (30, 60, 200)
    content = (samples if planar else samples.transpose(0, 3, 1, 2)).tobytes()
    with pytest.raises(ClipReadError, match="in another order than PlanarConfiguration"):
        ClipReader().read(write_dicom(samples, "RGB", PlanarConfiguration=planar, PixelData=content))


@pytest.mark.parametrize("planar", [0, 1])
def test_color_flow_in_the_stated_order_is_read_if_it_is_to_be(planar, echo, write_dicom):
    flow = gray_samples(echo, "RGB")
    flow[2:, 30:70, 30:70] = (220, 30, 20)
    read = ClipReader(force=True).read(write_dicom(flow, "RGB", PlanarConfiguration=planar))
    np.testing.assert_array_equal(read.pixels, upright(luma(flow)))


@pytest.mark.parametrize("planar", [0, 1])
def test_tinted_samples_in_the_stated_order_are_read(planar, echo, write_dicom):
    sepia = np.stack([echo, echo // 20 * 17, echo // 5 * 3], axis=-1)
    read = ClipReader().read(write_dicom(sepia, "RGB", PlanarConfiguration=planar))
    np.testing.assert_array_equal(read.pixels, upright(luma(sepia)))


@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL"])
def test_subsampled_chrominance_that_is_called_full_is_named(stated, echo, write_dicom):
    samples = gray_samples(echo, "YBR_FULL")
    neutral = np.full_like(echo[:, :, ::2], 128)
    packed = np.stack([echo[:, :, ::2], echo[:, :, 1::2], neutral, neutral], axis=-1)
    for planar in (0, 1):  # there is only one order
        path = write_dicom(samples, "YBR_FULL_422", PixelData=packed.tobytes(), PlanarConfiguration=planar)
        np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(echo))
    with pytest.raises(
        ClipReadError, match=f"has {packed.size} bytes of pixels, those of YBR_FULL_422, but states {stated}"
    ):
        ClipReader(allow_partial=True).read(write_dicom(samples, stated, PixelData=packed.tobytes()))
