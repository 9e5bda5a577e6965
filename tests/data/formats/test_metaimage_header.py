"""The files of a MetaImage clip, which together are its identity."""

from __future__ import annotations

import pytest

from gdkvm_monai.data.formats.metaimage_header import metaimage_files, read_metaimage_header

SIZES = "NDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\n"


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("LOCAL", []),
        ("clip.raw", ["clip.raw"]),
        ("below/clip 1.raw", ["below/clip 1.raw"]),
        ("LIST\na\nb", ["a", "b"]),
        ("../clip.raw", []),
        ("%d", []),
    ],
)
def test_the_pixel_files_are_those_of_a_valid_header(stated, names, tmp_path):
    path = tmp_path / "clip.mhd"
    path.write_text(f"{SIZES}ElementDataFile = {stated}\n")
    assert metaimage_files(path) == [path, *(tmp_path / name for name in names)]


def test_pixels_of_a_single_file_begin_after_the_header(tmp_path):
    path = tmp_path / "clip.mha"
    path.write_bytes(f"{SIZES}ElementDataFile = LOCAL\n".encode() + b"\n\r\xff\0")
    header = read_metaimage_header(path)
    assert path.read_bytes()[header.skip :] == b"\n\r\xff\0" and header.frame_bytes == 4
