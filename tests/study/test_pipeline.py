"""The command's network comes from the card beside the weights or from overlays, its transforms from the bundle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
import yaml
from monai.transforms import SaveImaged

from gdkvm_monai.export.engines import CACHE_VARIABLE, ChosenEngine
from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame
from gdkvm_monai.networks.recorded_weights import record_weights
from gdkvm_monai.study.engine_record import EngineRecord
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import load_pipeline
from gdkvm_monai.study.results_folder import fingerprint
from gdkvm_monai.study.run_record import WeightsRecord, read_run
from gdkvm_monai.transforms import LoadImageClipd
from tests.study.tiny_command import QUICK, SMALL, gdkvm, noise_clip, only_result, write_tiny_weights

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture()
def moved(weights, tmp_path) -> Path:
    """A copy of the weights without its card."""
    return Path(shutil.copy(weights, tmp_path / "moved.pt"))


def overlay(folder: Path, **changes) -> Path:
    path = folder / "overlay.yaml"
    path.write_text(
        yaml.safe_dump({**{f"network_def#{name}": value for name, value in GDKVM(**SMALL).options.items()}, **changes})
    )
    return path


def test_the_card_beside_the_weights_describes_the_network(weights):
    pipeline = load_pipeline(weights, device="cpu")
    assert isinstance(pipeline.network, GDKVM) and pipeline.network.options["width"] == 8
    assert not pipeline.network.training and pipeline.num_classes == 4
    expected = torch.load(weights, weights_only=True)
    for name, value in pipeline.network.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=0)
    assert pipeline.card.trained_on == "nothing"
    assert pipeline.provenance.weights == WeightsRecord(
        "model.pt", file_sha256(weights), "nothing", "Apache-2.0", verified=True
    )


def test_overlays_describe_the_network_if_there_is_no_card(moved, tmp_path):
    pipeline = load_pipeline(moved, [overlay(tmp_path, frame_size=[48, 16])], "cpu")
    assert pipeline.provenance.frame_size == (48, 16) and pipeline.card is None
    assert pipeline.provenance.weights.license == "unknown"
    with pytest.raises(ValueError, match="moved.pt holds weights of another network; keep its model.json beside it"):
        load_pipeline(moved, device="cpu")


def test_the_card_wins_over_overlays_unless_they_ignore_it(weights, tmp_path):
    other = overlay(tmp_path, frame_size=[48, 16], **{"network_def#width": 4})
    assert load_pipeline(weights, [other], "cpu").provenance.frame_size == (32, 32)
    same = overlay(tmp_path, frame_size=[48, 16], use_card=False)
    assert load_pipeline(weights, [same], "cpu").provenance.frame_size == (48, 16)


def test_a_training_checkpoint_contains_the_network(weights, tmp_path):
    torch.save({"model": torch.load(weights, weights_only=True), "epoch": 3}, tmp_path / "model.pt")
    shutil.copy(weights.with_suffix(".json"), tmp_path)
    record_weights(tmp_path / "model.pt", tmp_path / "model.pt")
    assert load_pipeline(tmp_path / "model.pt", device="cpu").provenance.network == "GDKVM"


def test_the_transforms_are_those_of_the_bundle_without_loading_and_saving(weights):
    pipeline = load_pipeline(weights, device="cpu")
    names = [type(transform).__name__ for transform in pipeline.preprocessing.transforms]
    assert {"CropToRegiond", "ScaleToGrayd", "ResizeFramesd", "ScaleIntensityRanged"} <= set(names)
    assert names[-1] == "MarkInvalidFramesd"
    assert not [t for t in pipeline.preprocessing.transforms if isinstance(t, LoadImageClipd)]
    assert not [t for t in pipeline.postprocessing.transforms if isinstance(t, SaveImaged)]


def test_sessions_are_independent(weights):
    pipeline = load_pipeline(weights, device="cpu")
    frame = noise_clip()[..., 0]
    one, other = pipeline.session(), pipeline.session(keep_probabilities=True)
    first = one.push(frame)
    one.push(255 - frame)
    np.testing.assert_array_equal(other.push(frame), first)
    assert one.probabilities is None and other.probabilities.shape == (4, *frame.shape)


@pytest.mark.parametrize("field", ["network_options", "frame_size"])
def test_an_expression_in_a_card_is_refused_and_not_evaluated(field, weights, tmp_path):
    shutil.copy(weights, tmp_path / "model.pt")
    card = json.loads(weights.with_suffix(".json").read_text())
    code = f"$__import__('pathlib').Path('{tmp_path / 'owned'}').touch()"
    card[field] = {**card["network_options"], "width": code} if field == "network_options" else code
    (tmp_path / "model.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match=field):
        load_pipeline(tmp_path / "model.pt", device="cpu")
    assert not (tmp_path / "owned").exists()


def test_missing_files_are_named(weights, tmp_path):
    with pytest.raises(FileNotFoundError, match="weights absent.pt do not exist"):
        load_pipeline("absent.pt")
    with pytest.raises(FileNotFoundError, match="config absent.yaml is neither a file nor in"):
        load_pipeline(weights, ["absent.yaml"])


def test_a_network_without_a_memory_can_be_loaded(tmp_path):
    network = FrameByFrame(torch.nn.Conv2d(1, 4, 3, padding=1))
    torch.save(network.state_dict(), tmp_path / "model.pt")
    config = {
        "network_def": {
            "_target_": "gdkvm_monai.networks.nets.FrameByFrame",
            "network": {
                "_target_": "torch.nn.Conv2d",
                "in_channels": 1,
                "out_channels": 4,
                "kernel_size": 3,
                "padding": 1,
            },
        },
        "frame_size": [16, 16],
    }
    (tmp_path / "overlay.json").write_text(json.dumps(config))
    pipeline = load_pipeline(tmp_path / "model.pt", [tmp_path / "overlay.json"], "cpu")
    assert pipeline.session().push(noise_clip()[..., 0]).shape == (24, 20)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"frame_sise": [64, 64]}, "no frame_sise; did you mean frame_size"),
        ({"inferer#dtyp": "bfloat16"}, "no inferer#dtyp; did you mean inferer#dtype"),
        ({"inferer#dtype": "$1 / 0"}, "overlay.yaml .*division by zero"),
        ({"postprocessing": None}, "postprocessing is a NoneType"),
        ({"frame_size": 64}, "overlay.yaml .*not iterable"),
    ],
)
def test_an_overlay_without_effect_or_that_cannot_be_built_is_refused(changes, named, moved, tmp_path):
    with pytest.raises(ValueError, match=named) as info:
        load_pipeline(moved, [overlay(tmp_path, **changes)], "cpu")
    assert "\n" not in str(info.value)


def test_one_overlay_needs_no_list_and_may_be_one_of_training(moved, tmp_path):
    path = overlay(tmp_path, frame_size=[16, 48], learning_rate=0.1, **{"train#trainer#max_epochs": 3})
    assert load_pipeline(moved, path, "cpu").provenance.frame_size == (16, 48)
    assert load_pipeline(moved, str(path), "cpu").provenance.frame_size == (16, 48)


def test_the_engine_runs_the_network_and_is_recorded(weights, monkeypatch):
    requests = []

    def choose(network, request):
        requests.append(request)
        return ChosenEngine(network, "openvino", f"fastest of {len(requests)}")

    monkeypatch.setattr("gdkvm_monai.export.engines.choose_engine", choose)
    first, second = (load_pipeline(weights, device="cpu", engine="auto") for _ in range(2))
    assert first.provenance.engine == EngineRecord("openvino", "float32", "fastest of 1")
    assert requests[0].name == "auto" and requests[0].frame_size == (32, 32)
    assert requests[0].weights_sha256 == file_sha256(weights) and requests[0].precision == "float32"
    assert second.provenance != first.provenance  # but the results are the same
    assert fingerprint(second, SegmentOptions()) == fingerprint(first, SegmentOptions())
    assert fingerprint(load_pipeline(weights, device="cpu"), SegmentOptions()) != fingerprint(first, SegmentOptions())


def test_without_a_choice_pytorch_runs_the_network_in_the_precision_of_the_inferer(weights, tmp_path):
    assert load_pipeline(weights, device="cpu").provenance.engine == EngineRecord("eager", "float32", "requested")
    (tmp_path / "bf16.yaml").write_text("amp_dtype: bfloat16")
    assert load_pipeline(weights, tmp_path / "bf16.yaml", "cpu").provenance.engine.precision == "bfloat16"
    with pytest.raises(ValueError, match="onnxruntime cannot be used.*bfloat16"):
        load_pipeline(weights, tmp_path / "bf16.yaml", "cpu", "onnxruntime")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino", "auto"])
def test_the_command_records_the_engine_and_its_masks_agree(engine, weights, tmp_path, monkeypatch):
    for package in ("onnx", "onnxscript", engine if engine != "auto" else "onnxruntime"):
        pytest.importorskip(package)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    np.save(tmp_path / "clip.npy", noise_clip(5, (40, 40)))
    masks = []
    for name in ("eager", engine):
        out = tmp_path / f"out_{name}"
        options = ("--weights", weights, "--device", "cpu", "--engine", name)
        assert gdkvm(tmp_path / "clip.npy", "-o", out, *options, *QUICK[:-1], "--quiet") == 0
        masks.append(np.asarray(nibabel.load(only_result(out) / "mask.nii.gz").dataobj))
        record = read_run(only_result(out) / "run.json").engine
        assert record.name == name or name == "auto"
    assert (masks[0] == masks[1]).mean() > 0.995 and record.precision == "float32" and "pixels" in record.reason
