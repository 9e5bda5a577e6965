"""A palette of a few bytes must not become gigabytes."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.clip_files import refused_with_little_memory
from tests.data.dicom_files import upright

pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")


def segmented(words: list[int], entries: int = 256) -> dict:
    table = np.array(words, "<u2").tobytes()
    palette = {}
    for color in ("Red", "Green", "Blue"):
        palette[f"{color}PaletteColorLookupTableDescriptor"] = [entries, 0, 16]
        palette[f"Segmented{color}PaletteColorLookupTableData"] = table
    return palette


def test_a_segmented_palette_is_looked_up(frames, write_dicom):
    ramp = segmented([0, 1, 0, 1, 255, 255 * 257])  # one value, then a line through 255 values
    read = ClipReader().read(write_dicom(frames, "PALETTE COLOR", **ramp)).pixels
    assert np.abs(read.astype(int) - frames.transpose(2, 1, 0)).max() <= 1


@pytest.mark.parametrize(("bits", "factor"), [(16, 1), (16, 257), (8, 257)], ids=["low byte", "both", "8 stated"])
def test_a_table_of_words_gives_the_gray_levels_of_its_bytes(bits, factor, frames, write_dicom):
    table = (np.arange(256)[::-1] * factor).astype("<u2").tobytes()
    palette = {}
    for color in ("Red", "Green", "Blue"):
        palette[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        palette[f"{color}PaletteColorLookupTableData"] = table
    read = ClipReader().read(write_dicom(frames, "PALETTE COLOR", **palette))
    np.testing.assert_array_equal(read.pixels, 255 - upright(frames))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("RedPaletteColorLookupTableDescriptor", "its palette is missing"),
        ("GreenPaletteColorLookupTableData", "its palette is missing"),
        ("all", "its palette is missing"),
        ("end", "has a palette of {} bytes for 256 colors"),
        ("end of blue", "has a palette of {} bytes for 256 colors"),
    ],
)
def test_a_palette_that_is_not_whole_is_named(lost, message, bits, frames, write_dicom):
    table, palette = np.arange(256).astype("<u2" if bits == 16 else "u1").tobytes(), {}
    for color in ("Red", "Green", "Blue"):
        cut = lost == "end" or (lost == "end of blue" and color == "Blue")
        palette[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        palette[f"{color}PaletteColorLookupTableData"] = table[: 200 * bits // 8] if cut else table
    palette = {} if lost == "all" else {name: value for name, value in palette.items() if name != lost}
    with pytest.raises(ClipReadError, match=message.format(200 * bits // 8)):
        ClipReader(allow_partial=True).read(write_dicom(frames, "PALETTE COLOR", **palette))


@pytest.mark.parametrize("words", [[0, 1, 0, *[1, 65535, 7] * 500], [0, 1, 0, 2, 60000, 0, 0]], ids=["long", "repeats"])
def test_a_palette_with_too_many_colors_is_refused(words, frames, write_dicom):
    refused_with_little_memory(
        write_dicom(frames, "PALETTE COLOR", **segmented(words)), "has a palette of more than 65536 colors"
    )
