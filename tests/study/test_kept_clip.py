"""The results of a clip stand in for it, or say what they lack."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.study.corrected_folder import ORIGINAL
from gdkvm_monai.study.edited_mask import MaskGrid
from gdkvm_monai.study.kept_clip import KeptClip
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.report.writer import write_clip_report
from gdkvm_monai.study.results_folder import ClipResults
from tests.study.report.clip_result import RUN, make_masks, make_measurements, make_table

MASKS = make_masks()  # 64 x 48 pixels, 24 frames
SPACING_MM = (0.6, 0.5)
RESULTS = ClipResults(
    make_measurements(MASKS, SPACING_MM),
    make_table(MASKS),
    replace(RUN, region=(3, 2, 67, 50), options=SegmentOptions()),
)
GRID = MaskGrid((70, 60, 24), np.diag([-0.6, -0.5, 0.04, 1]))


@pytest.fixture()
def folder(tmp_path):
    parts = RESULTS.measurements, RESULTS.frames, RESULTS.provenance
    write_clip_report(tmp_path / "report.html", *parts, lambda t: MASKS[..., t] * 60, lambda t: MASKS[..., t])
    return tmp_path


def test_pictures_lie_in_the_region_of_the_full_grid(folder):
    kept = KeptClip(folder, RESULTS, GRID)
    assert kept.shape == (70, 60) and kept.box_shape == (64, 48) and kept.path is None
    assert kept.spacing_mm == pytest.approx(SPACING_MM)
    pictures = list(kept.pictures())
    assert len(pictures) == 24 and np.abs(pictures[5].astype(float) - MASKS[..., 5] * 60).mean() < 6
    placed = kept.place(MASKS[..., 0])
    np.testing.assert_array_equal(placed[3:67, 2:50], MASKS[..., 0])
    assert placed.shape == (70, 60) and placed.sum() == MASKS[..., 0].sum()


def test_stated_spacing_wins_and_untrusted_spacing_is_not_used(folder):
    stated = replace(RESULTS, provenance=replace(RESULTS.provenance, options=SegmentOptions(spacing_mm=(0.1, 0.2))))
    assert KeptClip(folder, stated, GRID).spacing_mm == (0.1, 0.2)
    clip = replace(RESULTS.measurements.clip, spacing_trust="absent", spacing_mm=None)
    unknown = replace(RESULTS, measurements=replace(RESULTS.measurements, clip=clip))
    assert KeptClip(folder, unknown, GRID).spacing_mm is None


def test_the_first_report_is_read_rather_than_a_later_one(folder):
    (folder / ORIGINAL).mkdir()
    (folder / "report.html").rename(folder / ORIGINAL / "report.html")
    (folder / "report.html").write_text("a later one")
    assert len(list(KeptClip(folder, RESULTS, GRID).pictures())) == 24


def test_what_is_missing_is_named(folder, tmp_path_factory):
    def needs_clip(changed: ClipResults, at=folder) -> str:
        with pytest.raises(ValueError, match="pass it with --clip") as caught:
            KeptClip(at, changed, GRID)
        return str(caught.value)

    run = RESULTS.provenance
    assert "no report" in needs_clip(RESULTS, tmp_path_factory.mktemp("empty"))
    assert "which part of the frame" in needs_clip(replace(RESULTS, provenance=replace(run, region=None)))
    longer = replace(RESULTS.measurements, clip=replace(RESULTS.measurements.clip, frames=300))
    assert "24 of its 300 frames" in needs_clip(replace(RESULTS, measurements=longer))
    dicom = replace(run, options=SegmentOptions(formats=("nifti", "dicom-sr")))
    assert "no seg.dcm" in needs_clip(replace(RESULTS, provenance=dicom))
