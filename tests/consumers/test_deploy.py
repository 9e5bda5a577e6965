"""MONAI Deploy's application of the tutorial segments phantom clips as ``gdkvm`` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = ROOT / "docs" / "deploy"
SIZES = {"a.dcm": (64, 80), "b.dcm": (96, 64)}

pytestmark = pytest.mark.consumer


class Application(NamedTuple):
    """What went in, and what came out."""

    clips: dict[str, Path]
    out: Path
    bundle: Path


@pytest.fixture(scope="module")
def application(tmp_path_factory) -> Application:
    """Two clips of a folder through the exported bundle, started in a folder that holds neither."""
    pytest.importorskip("monai.deploy", reason="monai-deploy-app-sdk is not installed; run make consumer-test")
    from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
    from gdkvm_monai.export.bundle import export_bundle

    folder = tmp_path_factory.mktemp("deploy")
    (folder / "study").mkdir()
    for seed, (name, size) in enumerate(SIZES.items(), 1000):
        clip = render_phantom_clip(EchoPhantom(seed), beats=1.2, frame_rate_hz=12, size=size)
        write_clip(folder / "study" / name, clip, "dicom")
    bundle = export_bundle(folder / "dist", formats=["torchscript"])
    line = [sys.executable, str(APPLICATION), "--input", str(folder / "study"), "--output", str(folder / "out")]
    (folder / "out").mkdir()
    done = subprocess.run(
        [*line, "--model", str(bundle)],
        cwd=folder / "out",
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return Application({name: folder / "study" / name for name in SIZES}, folder / "out", bundle)


def masks_of(segmentation: Path) -> np.ndarray:
    """The class indices ``(H, W, T)`` of a SEG whose frames are ordered by segment, then time."""
    from pydicom import dcmread

    dataset = dcmread(segmentation)
    segments = len(dataset.SegmentSequence)
    planes = dataset.pixel_array.reshape(segments, -1, dataset.Rows, dataset.Columns)
    classes = np.arange(1, segments + 1, dtype=np.uint8)[:, None, None, None]
    return (planes * classes).sum(axis=0).transpose(2, 1, 0)


@pytest.mark.parametrize("name", SIZES)
def test_its_masks_are_those_of_gdkvm(application, name):
    import gdkvm_monai

    own = gdkvm_monai.segment(application.clips[name], device="cpu", fast=True)
    segmentation = application.out / f"{own.measurements.clip.id}.seg.dcm"
    assert len(np.unique(own.mask)) == 4
    np.testing.assert_array_equal(masks_of(segmentation), own.mask)


def test_its_report_states_the_ejection_fraction_of_gdkvm_and_refers_to_its_segmentation(application):
    from pydicom import dcmread

    import gdkvm_monai

    own = gdkvm_monai.segment(application.clips["a.dcm"], device="cpu", fast=True)
    report = dcmread(application.out / f"{own.measurements.clip.id}.sr.dcm")
    segmentation = dcmread(application.out / f"{own.measurements.clip.id}.seg.dcm", stop_before_pixels=True)
    assert report.StudyInstanceUID == segmentation.StudyInstanceUID
    assert own.ef_percent is not None and str(own.ef_percent)[:6] in str(report)
    assert segmentation.SOPInstanceUID in str(report)


def test_a_clip_without_a_number_gets_no_report(application):
    import gdkvm_monai
    from gdkvm_monai.study.report_content import has_numbers

    results = [gdkvm_monai.segment(clip, device="cpu", fast=True) for clip in application.clips.values()]
    measured = {result.measurements.clip.id for result in results if has_numbers(result.measurements)}
    assert {path.name.partition(".")[0] for path in application.out.glob("*.sr.dcm")} == measured
    assert 0 < len(measured) < len(results)


def test_the_folder_in_which_it_runs_gets_nothing_but_the_results(application):
    assert {path.suffix for path in application.out.rglob("*") if path.is_file()} == {".dcm"}
