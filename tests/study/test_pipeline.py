"""The command segments as the bundle does; its network comes from the card beside the weights or from overlays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
import yaml
from monai.bundle import ConfigWorkflow
from monai.transforms import SaveImaged

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame
from gdkvm_monai.study.pipeline import load_pipeline
from gdkvm_monai.study.run_record import WeightsRecord
from gdkvm_monai.transforms import LoadClipd
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
    path.write_text(yaml.safe_dump({**{f"network_def#{name}": value for name, value in SMALL.items()}, **changes}))
    return path


def test_masks_equal_those_of_the_bundle_bit_by_bit(weights, tmp_path):
    clip = tmp_path / "clips" / "clip.nii.gz"
    clip.parent.mkdir()
    nibabel.save(nibabel.Nifti1Image(noise_clip(6, (45, 38)), np.diag([-0.3, -0.2, 0.02, 1])), clip)
    options = {f"network_def#{name}": value for name, value in SMALL.items()}
    workflow = ConfigWorkflow(
        workflow_type="inference",
        config_file=str(ROOT / "bundle" / "configs" / "inference.json"),
        meta_file=str(ROOT / "bundle" / "configs" / "metadata.json"),
        logging_file=False,
        bundle_root=str(ROOT / "bundle"),
        dataset_dir=str(clip.parent),
        output_dir=str(tmp_path / "bundle"),
        checkpoint=str(weights),
        device="$torch.device('cpu')",
        frame_size=[32, 32],
        **options,
    )
    workflow.initialize()
    workflow.run()
    (path,) = (tmp_path / "bundle").glob("*.nii.gz")
    assert gdkvm(clip, "-o", tmp_path / "out", "--weights", weights, "--device", "cpu", *QUICK) == 0
    theirs, ours = nibabel.load(path), nibabel.load(only_result(tmp_path / "out") / "mask.nii.gz")
    expected = np.asarray(theirs.dataobj)
    assert len(np.unique(expected)) > 1 and expected.shape == (45, 38, 6)
    np.testing.assert_array_equal(np.asarray(ours.dataobj), expected)
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-6)


def test_the_card_beside_the_weights_describes_the_network(weights):
    pipeline = load_pipeline(weights, device="cpu")
    assert isinstance(pipeline.network, GDKVM) and pipeline.network.options["width"] == 8
    assert not pipeline.network.training and pipeline.num_classes == 4
    expected = torch.load(weights, weights_only=True)
    for name, value in pipeline.network.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=0)
    assert pipeline.card.trained_on == "nothing"
    assert pipeline.provenance.weights == WeightsRecord("model.pt", file_sha256(weights), "nothing", "Apache-2.0")


def test_overlays_describe_the_network_where_there_is_no_card(moved, tmp_path):
    pipeline = load_pipeline(moved, [overlay(tmp_path, frame_size=[48, 16])], "cpu")
    assert pipeline.provenance.frame_size == (48, 16) and pipeline.card is None
    assert pipeline.provenance.weights.license == "unknown"
    with pytest.raises(ValueError, match="moved.pt holds weights of another network; keep its model.json beside it"):
        load_pipeline(moved, device="cpu")


def test_a_checkpoint_of_a_training_holds_the_network_among_others(weights, tmp_path):
    torch.save({"model": torch.load(weights, weights_only=True), "epoch": 3}, tmp_path / "model.pt")
    shutil.copy(weights.with_suffix(".json"), tmp_path)
    assert load_pipeline(tmp_path / "model.pt", device="cpu").provenance.network == "GDKVM"


def test_the_transforms_are_those_of_the_bundle_without_files(weights):
    pipeline = load_pipeline(weights, device="cpu")
    names = [type(transform).__name__ for transform in pipeline.preprocessing.transforms]
    assert {"Resized", "ScaleIntensityRanged"} <= set(names)
    assert not [t for t in pipeline.preprocessing.transforms if isinstance(t, LoadClipd)]
    assert not [t for t in pipeline.postprocessing.transforms if isinstance(t, SaveImaged)]


def test_sessions_do_not_know_of_each_other(weights):
    pipeline = load_pipeline(weights, device="cpu")
    frame = noise_clip()[..., 0]
    one, other = pipeline.session(), pipeline.session(keep_probabilities=True)
    first = one.push(frame)
    one.push(255 - frame)
    np.testing.assert_array_equal(other.push(frame), first)
    assert one.probabilities is None and other.probabilities.shape == (4, *frame.shape)


@pytest.mark.parametrize("field", ["network_options", "frame_size"])
def test_an_expression_in_a_card_is_refused_and_not_run(field, weights, tmp_path):
    shutil.copy(weights, tmp_path / "model.pt")
    card = json.loads(weights.with_suffix(".json").read_text())
    code = f"$__import__('pathlib').Path('{tmp_path / 'owned'}').touch()"
    card[field] = {**card["network_options"], "width": code} if field == "network_options" else code
    (tmp_path / "model.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match=field):
        load_pipeline(tmp_path / "model.pt", device="cpu")
    assert not (tmp_path / "owned").exists()


def test_files_that_are_missing_are_named(weights, tmp_path):
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
