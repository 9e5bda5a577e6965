"""Gray values are read from their bits, wherever these are in the words."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.dicom_files import upright


@pytest.mark.parametrize("high", [11, 13, 15])
def test_values_end_at_the_high_bit(high, frames, write_dicom):
    values = frames.astype(np.uint16) * 16
    path = write_dicom(values << high - 11, BitsStored=12, HighBit=high)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(values))


def test_an_overlay_in_the_bits_above_is_no_part_of_the_value(frames, write_dicom):
    values = frames.astype(np.uint16) * 16
    path = write_dicom(values | 0x1000, BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(values))


@pytest.mark.parametrize(("stored", "high", "text"), [(7, 6, "bit 6 is the highest"), (8, 6, "do not fit")])
def test_bytes_with_more_bits_than_stated_are_refused(stored, high, text, frames, write_dicom):
    assert frames.max() > 127
    with pytest.raises(ClipReadError, match=text):
        ClipReader().read(write_dicom(frames, BitsStored=stored, HighBit=high))
