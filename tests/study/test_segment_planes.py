"""Bit planes are packed in DICOM order for any image size."""

from __future__ import annotations

import io

import numpy as np
import pytest

from gdkvm_monai.study.segment_planes import pack_planes, store_planes


class Header:
    """The header attributes of a clip that are read."""

    def __init__(self, columns: int, rows: int, frames: int) -> None:
        self.Columns, self.Rows, self.NumberOfFrames = columns, rows, frames


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 2), (7, 11)])
@pytest.mark.parametrize("frames", [1, 3])
def test_bits_are_ordered_by_segment_frame_row_and_column_without_padding(shape, frames):
    masks = np.random.default_rng(0).choice([0, 1, 3], (frames, *shape))
    planes, pixels = io.BytesIO(), io.BytesIO()
    count = store_planes(planes, masks, Header(*shape, frames), ("LA", "LV"), allow_partial=False)
    pack_planes(planes, pixels, 2, count, masks[0].size)
    assert count == frames and pixels.tell() == 0 and len(pixels.getvalue()) % 2 == 0
    expected = np.concatenate([(masks == value).swapaxes(1, 2).ravel() for value in (3, 1)])
    bits = np.unpackbits(np.frombuffer(pixels.getvalue(), np.uint8), bitorder="little")
    np.testing.assert_array_equal(bits[: expected.size], expected)
    assert not bits[expected.size :].any() and bits.size - expected.size < 16


def test_labels_of_omitted_structures_are_refused_unless_cleared():
    masks = np.full((1, 3, 5), 2)
    with pytest.raises(ValueError, match=r"a mask holds \[2\]"):
        store_planes(io.BytesIO(), masks, Header(3, 5, 1), ("LV", "LA"), allow_partial=False)
