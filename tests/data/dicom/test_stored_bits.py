"""Gray values are read from their bits, wherever these are in the words."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.dicom_files import upright

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402


@pytest.mark.parametrize("high", [11, 13, 15])
def test_values_end_at_the_high_bit(high, frames, write_dicom):
    values = frames.astype(np.uint16) * 16
    path = write_dicom(values << high - 11, BitsStored=12, HighBit=high)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(values))


def ramp(largest: int) -> np.ndarray:
    """Smooth frames ``(T, rows, columns)`` of 16 bits, from 0 to a value."""
    rows, columns = np.ogrid[:40, :50]
    return np.stack([(rows + columns + shift) * largest // 90 for shift in range(3)]).astype(np.uint16)


@pytest.mark.parametrize("compress", [None, uid.RLELossless])
@pytest.mark.parametrize("bits", [0x1000, 0x8000])
def test_an_overlay_in_a_bit_above_is_no_part_of_the_value(bits, compress, write_dicom):
    values = ramp(4080)
    drawn = values.copy()
    drawn[:, 10:20, 15:30] |= bits
    path = write_dicom(drawn, BitsStored=12, HighBit=11, compress=compress)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(values))


@pytest.mark.parametrize("compress", [None, uid.RLELossless])
@pytest.mark.parametrize(
    ("stored", "largest", "bits"), [(10, 4080, 12), (10, 2040, 11), (8, 4080, 12), (12, 65535, 16)]
)
def test_words_of_more_bits_than_stated_are_refused_by_both_depths(stored, largest, bits, compress, write_dicom):
    path = write_dicom(ramp(largest), BitsStored=stored, HighBit=stored - 1)
    if compress:  # pydicom refuses to compress them
        path = write_dicom(ramp(largest), compress=compress)
        data = pydicom.dcmread(path)
        data.BitsStored, data.HighBit = stored, stored - 1
        data.save_as(path)
    with pytest.raises(ClipReadError, match=f"is the highest of {stored} bits, but has values of {bits} bits"):
        ClipReader().read(path)


def test_bits_that_overlays_name_are_no_part_of_the_value_whatever_their_pattern(frames, write_dicom):
    values = frames.astype(np.uint16) * 4
    overlays = np.random.default_rng(1).integers(0, 4, frames.shape, np.uint16) << 12
    path = write_dicom(values | overlays, BitsStored=10, HighBit=9)
    with pytest.raises(ClipReadError, match="has values of 14 bits"):
        ClipReader().read(path)
    data = pydicom.dcmread(path)
    data.add_new(0x60000102, "US", 12)
    data.add_new(0x60020102, "US", 13)
    data.save_as(path)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(values))


@pytest.mark.parametrize(
    ("stored", "high", "text"), [(7, 6, "bit 6 is the highest"), (7, 7, "bit 1 is the lowest"), (8, 6, "do not fit")]
)
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "PALETTE COLOR"])
def test_bytes_with_more_bits_than_stated_are_refused(stored, high, text, photometric, frames, write_dicom):
    assert frames.max() > 127
    palette = {}
    for color in ("Red", "Green", "Blue") if photometric == "PALETTE COLOR" else ():
        palette[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        palette[f"{color}PaletteColorLookupTableData"] = bytes(range(256))
    with pytest.raises(ClipReadError, match=text):
        ClipReader().read(write_dicom(frames, photometric, BitsStored=stored, HighBit=high, **palette))


@pytest.mark.parametrize(("dtype", "stored"), [("i1", 8), ("<i2", 16), ("<i2", 12)])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_unsigned_values_that_are_called_signed_are_refused_and_signed_ones_are_read(
    dtype, stored, photometric, write_dicom
):
    rows, columns = np.ogrid[:40, :50]
    ramp = np.stack([(rows + columns + shift) * ((1 << stored) - 1) // 100 for shift in range(5)])
    signed = (ramp - (1 << stored - 1)).astype(dtype)
    read = ClipReader().read(write_dicom(signed, photometric, BitsStored=stored, HighBit=stored - 1))
    np.testing.assert_array_equal(read.pixels, signed.transpose(2, 1, 0) if photometric == "MONOCHROME2" else
                                  -1 - signed.transpose(2, 1, 0))  # fmt: skip
    unsigned = ramp.astype(dtype.replace("i", "u")).view(dtype)
    with pytest.raises(ClipReadError, match="states signed values by its PixelRepresentation, but they are unsigned"):
        ClipReader(allow_partial=True).read(write_dicom(unsigned, photometric, BitsStored=stored, HighBit=stored - 1))
