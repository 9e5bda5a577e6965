"""The model card of downloaded weights is data: all of its readers refuse expressions and run none."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import pytest
from monai.bundle import ConfigParser

import gdkvm_monai
from gdkvm_monai.export.bundle import export_bundle
from gdkvm_monai.study.pipeline import load_pipeline
from tests.study.tiny_command import QUICK, SMALL, gdkvm, noise_clip, process_kept, write_tiny_weights

CONFIGS = Path(__file__).resolve().parents[1] / "bundle" / "configs"


def by_pipeline(weights: Path, out: Path) -> None:
    load_pipeline(weights, device="cpu")


def by_function(weights: Path, out: Path) -> None:
    gdkvm_monai.segment(noise_clip(), weights, out, device="cpu", fast=True)


def by_export(weights: Path, out: Path) -> None:
    overlay = out.with_name("overlay.json")
    overlay.write_text(json.dumps({f"network_def#{name}": value for name, value in SMALL.items()}))
    export_bundle(out, "echo_test_segmentation", weights, overlays=[overlay])


def by_command(weights: Path, out: Path) -> None:
    np.save(out.with_name("clip.npy"), noise_clip())
    _refused(out.with_name("clip.npy"), "-o", out, "--weights", weights, "--device", "cpu", *QUICK)


def by_info(weights: Path, out: Path) -> None:
    _refused("info", "--weights", weights)


def by_inference(weights: Path, out: Path) -> None:
    _bundle("inference", ["inference.json"], weights, out)


def by_evaluation(weights: Path, out: Path) -> None:
    clips = {"_target_": "gdkvm_monai.data.folder_datalist", "root_dir": str(out.parent)}
    _bundle("evaluating", ["train.json", "evaluate.json"], weights, out, f"--validate#datalist={clips}")


def _bundle(run: str, files: list[str], weights: Path, out: Path, *more: str) -> None:
    np.save(out.with_name("clip.npy"), noise_clip())
    paths = [str(CONFIGS / name) for name in files]
    places = {"bundle_root": CONFIGS.parent, "dataset_dir": out.parent, "output_dir": out, "checkpoint": weights}
    _refused(
        "bundle", "run", run, f"--config_file={paths}", *(f"--{name}={path}" for name, path in places.items()), *more
    )


def _refused(*arguments: object) -> None:
    with process_kept(), redirect_stderr(io.StringIO()) as printed:
        code = gdkvm(*arguments)
    if code:
        raise ValueError(printed.getvalue())


def by_network_export(weights: Path, out: Path) -> None:
    _refused("export", "network", "--weights", weights, "--out", out, "--format", "torch_export")


WAYS = [by_pipeline, by_function, by_export, by_network_export, by_command, by_info, by_inference, by_evaluation]


def touching(folder: Path) -> str:
    """Return an expression that creates the file ``owned`` in a folder."""
    return f"$__import__('pathlib').Path({str(folder / 'owned')!r}).touch()"


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(params=["option", "frame size", "license", "target", "include", "other weights"])
def hostile(request, weights, tmp_path) -> Path:
    """Write weights with a card that would create the file ``owned`` in their folder, or belongs to other weights."""
    path = Path(shutil.copy(weights, tmp_path))
    card = json.loads(weights.with_suffix(".json").read_text())
    code = touching(tmp_path)
    (tmp_path / "include.json").write_text(json.dumps({"touch": code}))
    options = card["network_options"]
    card |= {
        "option": {"network_options": {**options, "width": code}},
        "frame size": {"frame_size": [code, 32]},
        "license": {"license": code},
        "target": {"network_options": {**options, "width": {"_target_": "pathlib.Path.touch", "_args_": ["owned"]}}},
        "include": {"frame_size": f"%{tmp_path / 'include.json'}#touch"},
        "other weights": {"weights_sha256": ["0" * 64]},
    }[request.param]
    path.with_suffix(".json").write_text(json.dumps(card))
    return path


def test_the_expression_leaves_a_mark_where_a_config_parser_reads_it(tmp_path):
    ConfigParser({"width": touching(tmp_path)}).get_parsed_content("width")
    assert (tmp_path / "owned").exists()


@pytest.mark.parametrize("read", WAYS)
def test_no_way_of_reading_a_card_runs_what_it_says_or_accepts_that_of_other_weights(
    read: Callable[[Path, Path], None], hostile, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="model card"):
        read(hostile, tmp_path / "out")
    assert not (tmp_path / "owned").exists()
