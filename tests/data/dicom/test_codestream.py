"""The size in a compressed frame is compared with the header before a decoder allocates it."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data.dicom.codestream import check_codestream, frame_header, rle_size

pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402


def header(syntax, rows=40, columns=50):
    return SimpleNamespace(Rows=rows, Columns=columns, file_meta=SimpleNamespace(TransferSyntaxUID=uid.UID(syntax)))


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(file, "JPEG")
    return file.getvalue()


def jpeg_ls(rows: int, columns: int, end: bytes = b"\xff\xd9") -> bytes:
    size = rows.to_bytes(2, "big") + columns.to_bytes(2, "big")
    return b"\xff\xd8\xff\xf7\x00\x0b\x08" + size + b"\x01\x01\x11\x00" + bytes(20) + end


def jpeg_2000(rows: int, columns: int) -> bytes:
    area = b"".join(number.to_bytes(4, "big") for number in (columns + 3, rows + 2, 3, 2))
    return b"\xff\x4f\xff\x51\x00\x29\x00\x00" + area + bytes(40)


FRAMES = {
    uid.JPEGBaseline8Bit: (jpeg(), None),
    uid.JPEGLSLossless: (jpeg_ls(40, 50), jpeg_ls(65535, 65535)),
    uid.JPEG2000: (jpeg_2000(40, 50), jpeg_2000(30_000, 30_000)),
}


@pytest.mark.parametrize("syntax", FRAMES, ids=lambda syntax: syntax.name)
def test_a_frame_of_the_stated_size_passes_and_any_other_is_refused(syntax):
    right, bomb = FRAMES[syntax]
    check_codestream(right, header(syntax))
    for other in (header(syntax, rows=41), header(syntax, columns=49)):
        with pytest.raises(ValueError, match="it states 40 rows and 50 columns"):
            check_codestream(right, other)
    for wrong in (bomb, b"", b"\xff\xd8", right[:6], bytes(100)):
        with pytest.raises(ValueError, match="states"):
            check_codestream(wrong or b"", header(syntax))


def test_a_jpeg_ls_frame_without_an_end_is_refused():
    with pytest.raises(ValueError, match="no end"):
        check_codestream(jpeg_ls(40, 50, end=bytes(40)), header(uid.JPEGLSLossless))


def test_an_rle_frame_that_is_too_short_for_its_pixels_is_refused():
    check_codestream(bytes(64 + 32), header(uid.RLELossless))
    with pytest.raises(ValueError, match="96 bytes cannot hold 4000 x 4000"):
        check_codestream(bytes(64 + 32), header(uid.RLELossless, 4000, 4000))


def test_the_size_of_an_rle_segment_is_that_of_its_runs_and_literals():
    segment = bytes([2, 7, 8, 9, 254, 5, 128, 0, 1])  # three literals, a run of three, nothing, one literal
    head = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56)
    assert rle_size(head + segment) == 7 and rle_size(head) == 0 and rle_size(b"") == 0


def test_a_frame_header_tells_samples_and_bits():
    color = io.BytesIO()
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(color, "JPEG")
    assert frame_header(jpeg())[:4] == (40, 50, 1, 8) and frame_header(color.getvalue())[:4] == (40, 50, 3, 8)
    assert frame_header(bytes(99)) is None
