"""Gray pictures in three samples are recognized, so that a wrong color space or order is no wrong picture."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError
from gdkvm_monai.data.clip import luma
from gdkvm_monai.data.dicom.color_samples import samples_to_rgb
from tests.data.dicom_files import upright

pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402


@pytest.fixture
def echo() -> np.ndarray:
    """Gray frames ``(T, rows, columns)``: speckle in a sector on black."""
    speckle = np.random.default_rng(0).gamma(2.0, 35.0, (5, 40, 50)).clip(0, 255).astype(np.uint8)
    rows, columns = np.ogrid[:40, :50]
    return speckle * (np.abs(columns - 25) < rows / 2)


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
def test_tinted_samples_in_the_stated_order_are_read(planar, echo, write_dicom):
    sepia = np.stack([echo, echo // 20 * 17, echo // 5 * 3], axis=-1)
    read = ClipReader().read(write_dicom(sepia, "RGB", PlanarConfiguration=planar))
    np.testing.assert_array_equal(read.pixels, upright(luma(sepia)))


@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL"])
def test_subsampled_chrominance_that_is_called_full_is_named(stated, echo, write_dicom):
    samples = gray_samples(echo, "YBR_FULL")
    neutral = np.full_like(echo[:, :, ::2], 128)
    packed = np.stack([echo[:, :, ::2], echo[:, :, 1::2], neutral, neutral], axis=-1)
    np.testing.assert_array_equal(
        ClipReader().read(write_dicom(samples, "YBR_FULL_422", PixelData=packed.tobytes())).pixels, upright(echo)
    )
    with pytest.raises(ClipReadError, match=f"has the {packed.size} bytes of YBR_FULL_422, but states {stated}"):
        ClipReader(allow_partial=True).read(write_dicom(samples, stated, PixelData=packed.tobytes()))
