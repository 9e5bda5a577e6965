"""Two stills of any format are a clip of two frames whose phases the user states."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

import gdkvm_monai
from gdkvm_monai.data import ClipReadError
from gdkvm_monai.study.biplane import measure_biplane
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.open_stills import open_stills
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.stills import Stills
from tests.study.gray_level_network import LEVELS, gray_level_pipeline, label_clip

SPACING_MM = (0.4, 0.3)


@pytest.fixture(scope="module")
def frames():
    pixels, phantom, spacing_mm = label_clip()
    return pixels[..., 0], pixels[..., int(phantom.end_systole_s * 25)], phantom, spacing_mm


def write(path: Path, frame: np.ndarray, spacing_mm=SPACING_MM) -> Path:
    if path.suffix == ".png":
        Image.fromarray(np.ascontiguousarray(frame.T)).save(path)
    elif path.suffix == ".mhd":
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(frame.T))
        image.SetSpacing(spacing_mm)
        SimpleITK.WriteImage(image, str(path))
    elif path.suffix == ".gz":
        nibabel.save(nibabel.Nifti1Image(frame, np.diag([-spacing_mm[0], -spacing_mm[1], 1, 1])), path)
    else:
        np.save(path, frame[..., None])
    return path


@pytest.mark.parametrize("ends", [("png", "png"), ("mhd", "mhd"), ("nii.gz", "mhd"), ("npy", "png")])
def test_frames_come_in_the_order_end_diastole_end_systole(ends, frames, tmp_path):
    stills = Stills(write(tmp_path / f"a.{ends[0]}", frames[0]), write(tmp_path / f"b.{ends[1]}", frames[1]))
    stream = open_stills(stills)
    np.testing.assert_array_equal(stream.collect().pixels, np.stack(frames[:2], -1))
    assert stream.count == 2 and "frame_time_ms" not in stream.meta
    known = np.linalg.norm(stream.affine[:3, :2], axis=0) if stream.meta["spacing_trust"] == "ok" else None
    assert known is None if "png" in ends else known == pytest.approx(SPACING_MM)


def test_the_ejection_fraction_is_that_of_the_stated_frames(frames, tmp_path):
    ed, es, phantom, spacing_mm = frames
    paths = [write(tmp_path / f"{name}.mhd", frame, spacing_mm) for name, frame in (("ed", ed), ("es", es))]
    options = {"pipeline": gray_level_pipeline(), "view": "4CH", "fast": True}
    found = gdkvm_monai.segment(Stills(*paths), out=tmp_path / "out", **options).measurements
    assert found.phases.ed_frames == (0,) and found.phases.es_frames == (1,) and found.clip.frames == 2
    assert abs(found.mean.ef_percent - phantom.ef_percent) < 6
    assert "marked by hand" in found.method.description and "area curve" not in found.method.description
    swapped = gdkvm_monai.segment(Stills(*reversed(paths)), **options).measurements
    assert swapped.mean.ef_percent < 0 and "edv_below_esv" in swapped.quality.codes  # nothing is swapped silently
    assert swapped.clip.id != found.clip.id


def test_four_stills_give_a_biplane_ejection_fraction(tmp_path):
    results = {}
    for view in ("4CH", "2CH"):
        pixels, phantom, spacing_mm = label_clip(view=view)
        shown = pixels[..., [0, int(phantom.end_systole_s * 25)]]
        paths = [write(tmp_path / f"{view}{index}.mhd", shown[..., index], spacing_mm) for index in range(2)]
        results[view] = gdkvm_monai.segment(Stills(*paths), pipeline=gray_level_pipeline(), view=view, fast=True)
    measured = measure_biplane(results)
    assert abs(measured.ef_percent - phantom.ef_percent) < 3 and measured.beats == {"4CH": (0, 1), "2CH": (0, 1)}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"frame": np.zeros((4, 5), np.uint8)}, "the sizes .* 96 x 96 pixels and 4 x 5 pixels"),
        ({"spacing_mm": (0.4, 0.31)}, "the pixel spacings .* 0.4 x 0.3 mm and 0.4 x 0.31 mm"),
        ({"frame": np.zeros((96, 96), np.uint16)}, "the pixel types .* uint8 and uint16"),
        ({"frame": np.zeros((96, 96, 3), np.uint8)}, "is a clip of several frames, expected a still"),
    ],
)
def test_stills_that_do_not_belong_together_are_refused(other, message, frames, tmp_path):
    ed = write(tmp_path / "ed.nii.gz", frames[0])
    es = write(tmp_path / "es.nii.gz", other.get("frame", frames[1]), other.get("spacing_mm", SPACING_MM))
    with pytest.raises(ClipReadError, match=message):
        open_stills(Stills(ed, es))


def test_two_stills_and_a_folder_with_the_same_files_are_different_clips(frames, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    stills = Stills(write(folder / "1.png", frames[0]), write(folder / "2.png", frames[1]))
    one, other = ClipSource(stills, SegmentOptions()), ClipSource(folder, SegmentOptions())
    assert one.id != other.id and one.format == "two stills" and one.bytes == other.bytes
    assert one.marks.ed == (0,) and one.marks.es == (1,) and not other.marks
    assert frames[0].max() <= 3 * LEVELS
