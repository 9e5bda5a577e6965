"""Test-time averaging as an option: it replaces the inferer of the config and is part of ``run.json``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from gdkvm_monai.inferers import AveragedInferer
from gdkvm_monai.study.averaging import AveragingRecord, averaging_of
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import load_pipeline
from gdkvm_monai.study.results_folder import fingerprint
from gdkvm_monai.study.run_record import read_run
from tests.study.test_run_record import RECORD
from tests.study.tiny_command import QUICK, gdkvm, noise_clip, only_result, write_tiny_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.mark.parametrize(
    ("tta", "record"),
    [
        (["mirror"], AveragingRecord(True, (1.0,), 2)),
        (["scales"], AveragingRecord(False, (0.9, 1.0, 1.1), 3)),
        (("scales", "mirror"), AveragingRecord(True, (0.9, 1.0, 1.1), 6)),
    ],
)
def test_what_is_averaged_is_chosen_by_name(weights, tta, record):
    pipeline = load_pipeline(weights, device="cpu", tta=tta)
    assert averaging_of(pipeline.inferer) == pipeline.provenance.averaging == record


def test_without_the_option_nothing_is_averaged(weights):
    pipeline = load_pipeline(weights, device="cpu")
    assert pipeline.provenance.averaging is None and not isinstance(pipeline.inferer, AveragedInferer)
    averaged = load_pipeline(weights, device="cpu", tta=["scales"])
    assert fingerprint(pipeline, SegmentOptions()) != fingerprint(averaged, SegmentOptions())


def test_the_overlay_averages_over_its_own_scales_and_keeps_the_precision(weights, tmp_path):
    (tmp_path / "own.yaml").write_text("amp_dtype: bfloat16\ninferer#scales: [0.95, 1.0]\n")
    overlays = ["test_time_averaging.yaml", tmp_path / "own.yaml"]
    pipeline = load_pipeline(weights, overlays, "cpu")
    assert pipeline.provenance.averaging == AveragingRecord(False, (0.95, 1.0), 2)
    assert pipeline.provenance.engine.precision == "bfloat16"
    both = load_pipeline(weights, overlays, "cpu", tta=["mirror", "scales"])
    assert both.provenance.averaging == AveragingRecord(True, (0.95, 1.0), 4)


@pytest.mark.parametrize("tta", ["mirror", ["zoom"]])
def test_anything_else_is_refused(weights, tta):
    with pytest.raises(ValueError, match=f"tta is .*{tta[0] if isinstance(tta, list) else tta}"):
        load_pipeline(weights, device="cpu", tta=tta)


def test_the_record_is_read_back_and_left_out_without_averaging(tmp_path):
    assert "averaging" not in json.loads(RECORD.to_json())
    record = replace(RECORD, averaging=AveragingRecord(True, (0.9, 1.0), 4))
    (tmp_path / "run.json").write_text(record.to_json())
    assert read_run(tmp_path / "run.json") == record


def test_the_command_averages_and_records_it(weights, tmp_path):
    np.save(tmp_path / "clip.npy", noise_clip())
    masks = []
    for name, words in {"plain": (), "averaged": ("--tta", "scales", "mirror")}.items():
        clip, out = str(tmp_path / "clip.npy"), tmp_path / name
        assert gdkvm(clip, "-o", str(out), "--weights", str(weights), "--device", "cpu", *QUICK, *words) == 0
        masks.append(np.asarray(nibabel.load(only_result(out) / "mask.nii.gz").dataobj))
    assert read_run(only_result(out) / "run.json").averaging.passes == 6
    assert masks[0].shape == masks[1].shape and (masks[0] != masks[1]).any()
