"""Names beside the sector reach no picture of the results, unless they are to be shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

import gdkvm_monai
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from gdkvm_monai.metrics.sector import Sector
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.report.embedded import read_pictures
from gdkvm_monai.study.surroundings import hide_surroundings
from tests.study.gray_level_network import gray_level_pipeline

SIZE, TEXT = (240, 180), (slice(2, 62), slice(2, 14))
FORMATS = {"dicom": ("clip.dcm", "pydicom"), "mp4": ("clip.mp4", "av"), "png": ("clip", "PIL")}


@pytest.fixture(scope="module")
def clip():
    """A ventricle in a sector, and a name in the corner, too dark to be taken for a structure."""
    rendered = render_phantom_clip(EchoPhantom(1), "4CH", 0.05, 25, SIZE[::-1])
    x, y = np.meshgrid(np.arange(SIZE[0]) - SIZE[0] / 2, np.arange(SIZE[1]), indexing="ij")
    echo = np.where((np.hypot(x, y) < 160) & (np.abs(x) < 0.7 * y), 170, 0)
    echo[np.hypot(x / 25, (y - 80) / 40) < 1] = 85
    picture = Image.fromarray(np.ascontiguousarray(echo.T.astype(np.uint8)))
    ImageDraw.Draw(picture).text((2, 2), "DOE JANE", fill=30)
    image = np.asarray(picture).T
    assert echo[TEXT].max() == 0 and image[TEXT].max() > 20
    return replace(rendered, image=np.stack([image, image], axis=-1))


@pytest.mark.parametrize(("format", "keep"), [*((format, False) for format in FORMATS), ("dicom", True)])
def test_no_picture_shows_the_name_unless_it_is_asked_for(format, keep, clip, tmp_path):
    name, package = FORMATS[format]
    pytest.importorskip(package)
    write_clip(tmp_path / name, clip, format)
    options = {"fast": True, "keep_surroundings": keep, "pipeline": gray_level_pipeline()}
    result = gdkvm_monai.segment(tmp_path / name, out=tmp_path / "out", **options)
    pictures = read_pictures(result.folder / "report.html")
    corner = np.stack([pictures.gray(frame, SIZE)[TEXT] for frame in pictures.urls])
    with Image.open(result.folder / "overlay.gif") as movie:
        first = np.asarray(movie.convert("L").resize(SIZE)).T[TEXT]
    assert (corner.max() > 15, first.max() > 15) == (keep, keep)
    assert pictures.gray(0, SIZE)[clip.image[..., 0] == 170].mean() > 160  # the echo itself is still there
    said = result.provenance.surroundings
    assert said.startswith("shown, as requested" if keep else "hidden")
    assert said[1:] in (result.folder / "report.html").read_text()


class Source:
    box_shape = shape = (40, 50)
    box = (slice(None), slice(None))

    def place(self, mask):
        return mask


@pytest.mark.parametrize(("level", "said"), [(0, "no sector was found"), (200, "no sector was found")])
def test_without_a_sector_everything_is_shown_and_said_so(level, said, tmp_path):
    sector = Sector()
    with ClipCache(tmp_path, Source()) as cache:
        cache.append(np.full((40, 50), level), np.zeros((40, 50), np.uint8))
        sector.add(cache.picture(0))
        assert said in hide_surroundings(cache, sector, keep=False)
        assert (cache.picture(0) == level).all()


def test_only_the_pictures_are_masked(tmp_path):
    sector, picture = Sector(), np.zeros((40, 50))
    picture[10:30, 10:40], picture[2:8, 2] = 200, 255
    with ClipCache(tmp_path, Source()) as cache:
        cache.append(picture, np.ones((40, 50), np.uint8))
        sector.add(picture)
        hide_surroundings(cache, sector, keep=False)
        assert cache.picture(0)[2:8, 2].max() == 0 and (cache.picture(0)[10:30, 10:40] == 200).all()
        assert cache.mask(0).all() and cache.pictures[0][2:8, 2].min() == 255
        hide_surroundings(cache, sector, keep=True)
        assert cache.picture(0)[2:8, 2].min() == 255
