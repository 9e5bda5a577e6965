"""The configs, run like users run them, on small phantoms with a small network."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow, load, verify_metadata, verify_net_in_out
from monai.transforms import Resized

import gdkvm_monai
from gdkvm_monai.transforms import ResizeFramesd

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "bundle" / "configs"
NETWORK_OVERLAYS = ["small_network.yaml", "unet.yaml", "segresnet.yaml", "dynunet.yaml", "swin_unetr.yaml"]
NETWORK_OVERLAYS += ["conv_lstm_unet.yaml", "vivim.yaml"]
METADATA_SCHEMA = Path(__file__).with_name("meta_schema_20240725.json")  # MONAI's, Apache-2.0
TINY = {
    "frame_size": [32, 32],
    "num_frames": 3,
    "batch_size": 2,
    "epochs": 1,
    "iterations_per_epoch": 2,
    "device": "$torch.device('cpu')",
    "network_def#width": 8,
    "network_def#decoder_width": 32,
}


def workflow(
    kind: str, run_id: str, files: list[str], bundle_root: Path, dataset_dir: Path, **options
) -> ConfigWorkflow:
    """Create a workflow of the bundle with tiny settings."""
    tiny = TINY if kind == "train" else {key: TINY[key] for key in ("frame_size", "device") if key in TINY}
    tiny |= {key: value for key, value in TINY.items() if key.startswith("network_def")}
    return ConfigWorkflow(
        config_file=[str(CONFIGS / name) for name in files],
        meta_file=str(CONFIGS / "metadata.json"),
        logging_file=False,
        workflow_type=kind,
        run_id=run_id,
        bundle_root=str(bundle_root),
        dataset_dir=str(dataset_dir),
        **{**tiny, **options},
    )


def run(kind: str, run_id: str, files: list[str], bundle_root: Path, dataset_dir: Path, **options) -> None:
    """Run a workflow from start to end."""
    flow = workflow(kind, run_id, files, bundle_root, dataset_dir, **options)
    flow.initialize()
    flow.run()
    flow.finalize()


@pytest.fixture(scope="module")
def trained(tmp_path_factory, phantom_root) -> Path:
    """Return a bundle root with the checkpoint of a two-step training."""
    root = tmp_path_factory.mktemp("bundle")
    run("train", "training", ["train.json", "small_network.yaml"], root, phantom_root)
    return root


def test_training_writes_plain_checkpoints_and_the_learning_curve(trained):
    for name in ("model.pt", "model_final.pt"):
        weights = torch.load(trained / "models" / name, weights_only=True)
        assert all(isinstance(value, torch.Tensor) for value in weights.values())
    assert (trained / "training" / "learning_curve.png").stat().st_size > 1000
    with open(trained / "training" / "learning_curve.csv") as file:
        series = [row["series"] for row in csv.DictReader(file)]
    assert series.count("train_loss") == 2 and series.count("val_mean_dice") == 1


def test_training_raises_the_validation_dice(phantom_root, tmp_path):
    """Compare sixty iterations of a tiny network with one iteration that changes no weight."""
    options = {"epochs": 1, "iterations_per_epoch": 60, "num_frames": 2, "learning_rate": 1e-2, "views": ["4CH"]}
    dice = []
    for rate in (1e-12, options["learning_rate"]):
        root = tmp_path / str(rate)
        files = ["train.json", "small_network.yaml"]
        steps = options | {"learning_rate": rate} | ({"iterations_per_epoch": 1} if rate < 1e-6 else {})
        run("train", "training", files, root, phantom_root, **steps)
        with open(root / "training" / "learning_curve.csv") as file:
            dice.append([float(row["value"]) for row in csv.DictReader(file) if row["series"] == "val_mean_dice"][-1])
    untrained, trained = dice
    assert trained > max(untrained + 0.1, 2 * untrained)


def test_the_same_seed_trains_the_same_network(trained, phantom_root, tmp_path):
    run("train", "training", ["train.json", "small_network.yaml"], tmp_path, phantom_root)
    first, second = (torch.load(root / "models" / "model_final.pt", weights_only=True) for root in (trained, tmp_path))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_training_starts_from_initial_weights(trained, phantom_root, tmp_path):
    initial = trained / "models" / "model_final.pt"
    options = {"initial_weights": str(initial), "learning_rate": 0.0}
    run("train", "training", ["train.json", "small_network.yaml"], tmp_path, phantom_root, **options)
    before, after = (torch.load(path, weights_only=True) for path in (initial, tmp_path / "models" / "model_final.pt"))
    assert all(
        torch.equal(before[name], after[name]) for name in before if "running" not in name and "batches" not in name
    )


def test_evaluating_writes_one_row_per_frame_and_structure_on_the_native_grid_in_mm(
    trained, phantom_root, tmp_path, capsys
):
    files = ["train.json", "small_network.yaml", "evaluate.json"]
    run("train", "evaluating", files, trained, phantom_root, output_dir=str(tmp_path))
    with open(tmp_path / "per_frame.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2 * 4  # patients, views, ED and ES, structures
    assert {row["phase"] for row in rows} == {"ED", "ES"} and {row["unit"] for row in rows} == {"mm"}
    header = nibabel.load(next(phantom_root.glob("database_nifti/patient0004/*4CH_ED.nii.gz"))).header
    row = next(row for row in rows if (row["patient"], row["view"]) == ("patient0004", "4CH"))
    spacing = float(row["spacing_axis0"]), float(row["spacing_axis1"])
    np.testing.assert_allclose(spacing, header.get_zooms()[:2], rtol=1e-5)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["protocol"]["gdkvm_monai"] == gdkvm_monai.__version__
    assert metrics["counts"] == {"clips": 4, "patients": 2, "items": 32}
    assert "LV" in capsys.readouterr().out


def test_inference_writes_label_sequences_on_the_grid_and_affine_of_its_input(trained, phantom_root, tmp_path):
    options = {"output_dir": str(tmp_path), "pattern": "**/patient0001_4CH_half_sequence.nii.gz"}
    run("inference", "inference", ["inference.json", "small_network.yaml"], trained, phantom_root, **options)
    path = next(phantom_root.glob(options["pattern"]))
    source, folder = nibabel.load(path), tmp_path / path.parent.relative_to(phantom_root)
    mask = nibabel.load(folder / "patient0001_4CH_half_sequence_seg.nii.gz")
    assert mask.shape == source.shape and mask.get_data_dtype() == np.uint8
    np.testing.assert_allclose(mask.affine, source.affine, atol=1e-6)
    assert set(np.unique(np.asarray(mask.dataobj))) <= {0, 1, 2, 3}


def test_results_do_not_depend_on_the_batch_size(trained, phantom_root, tmp_path):
    files = ["train.json", "small_network.yaml", "evaluate.json"]
    for size in (1, 3):
        options = {"output_dir": str(tmp_path / str(size)), "validate#dataloader#batch_size": size}
        run("train", "evaluating", files, trained, phantom_root, **options)
    first, second = (list(csv.DictReader(open(tmp_path / size / "per_frame.csv"))) for size in ("1", "3"))
    for one, other in zip(first, second, strict=True):
        assert one["patient"] == other["patient"] and one["structure"] == other["structure"]
        assert float(one["dice"] or 0) == pytest.approx(float(other["dice"] or 0), abs=1e-3, nan_ok=True)


@pytest.mark.parametrize("run_id", ["training", "evaluating", "inference"])
def test_all_properties_are_found(run_id, trained, phantom_root):
    files = {
        "training": ["train.json", "small_network.yaml"],
        "evaluating": ["train.json", "small_network.yaml", "evaluate.json"],
        "inference": ["inference.json", "small_network.yaml"],
    }[run_id]
    kind = "inference" if run_id == "inference" else "train"
    flow = workflow(
        kind, run_id, files, trained, phantom_root, **({"pattern": "**/*ED.nii.gz"} if kind != "train" else {})
    )
    flow.initialize()
    assert flow.check_properties() == []


def test_the_network_format_matches_the_metadata():
    verify_net_in_out(
        net_id="network_def",
        meta_file=str(CONFIGS / "metadata.json"),
        config_file=[str(CONFIGS / "inference.json"), str(CONFIGS / "small_network.yaml")],
    )


def test_metadata_follows_the_schema(tmp_path):
    schema = tmp_path / "schema.json"  # a copy, because MONAI downloads the schema only if the file is missing
    schema.write_text(METADATA_SCHEMA.read_text())
    verify_metadata(meta_file=str(CONFIGS / "metadata.json"), filepath=str(schema))


def test_metadata_has_the_version_of_the_package_in_its_changelog():
    metadata = json.loads((CONFIGS / "metadata.json").read_text())
    assert metadata["version"] == gdkvm_monai.__version__ and metadata["version"] in metadata["changelog"]
    assert f"## {gdkvm_monai.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_inference_describes_the_network_of_the_released_weights():
    names = ("train.json", "light.yaml", "light_clips.yaml", "unet_memory.yaml")  # of its second stage
    light = ConfigParser.load_config_files([str(CONFIGS / name) for name in names])
    inference, metadata = (json.loads((CONFIGS / f"{name}.json").read_text()) for name in ("inference", "metadata"))
    for name in ("frame_size", "num_classes"):
        assert inference[name] == light[name]
    in_training_only = {"dropout": 0.0, "stochastic_depth": 0.0}
    assert {**inference["network_def"], **in_training_only} == {**light["network_def"], **in_training_only}
    formats = metadata["network_data_format"]
    assert formats["inputs"]["image"]["spatial_shape"][:2] == inference["frame_size"]
    assert formats["outputs"]["pred"]["spatial_shape"] == formats["inputs"]["image"]["spatial_shape"]


@pytest.mark.parametrize("overlay", NETWORK_OVERLAYS)
def test_a_network_overlay_describes_the_same_network_for_training_and_inference(overlay):
    both = [
        ConfigParser.load_config_files([str(CONFIGS / n), str(CONFIGS / overlay)])
        for n in ("train.json", "inference.json")
    ]
    train, inference = (ConfigParser(config).get_parsed_content("network_def") for config in both)
    assert {**train.options} == {**inference.options}


@pytest.mark.parametrize("config", ["train.json", "inference.json"])
def test_the_overlay_of_the_softmax_memory_keeps_the_rest_of_the_network(config):
    plain, softmax = (
        ConfigParser(ConfigParser.load_config_files([str(CONFIGS / name) for name in names]))
        for names in ((config,), (config, "space_time_memory.yaml"))
    )
    expected = dict(plain.get_parsed_content("network_def").options)
    for name in ("update_rule", "key_norm", "write_gate"):  # of the linear memory
        expected.pop(name, None)
    options = dict(softmax.get_parsed_content("network_def").options)
    assert options.pop("write_gate") == "state" and options == expected


def test_train_and_inference_prepare_the_image_alike():
    train, inference = (json.loads((CONFIGS / f"{name}.json").read_text()) for name in ("train", "inference"))
    assert train["network"] == inference["network"] and train["num_classes"] == inference["num_classes"]

    def of_image(transforms: list[dict]) -> list[dict]:
        """Return the transforms of the image; corrections are only for inference."""
        keyed = [t for t in transforms if "image" in t.get("keys", "image") and "orrection" not in t["_target_"]]
        # frames that are trained on, and the loader's channel as a step of its own, which MONAI Deploy needs
        left_out = ("FromEDToESd", "SampleFramesd", "EnsureChannelFirstd")
        images = [{**t, "keys": "image"} for t in keyed if t["_target_"].split(".")[-1] not in left_out]
        return [{name: value for name, value in t.items() if name != "ensure_channel_first"} for t in images]

    shared, marked = train["train"]["deterministic_transforms"], train["validate"]["inference_transforms"]
    assert of_image(inference["preprocessing"]["transforms"]) == of_image(shared + marked)
    assert len(of_image(shared)) > 5
    both = "$@train#deterministic_transforms + "
    assert train["train"]["preprocessing"]["transforms"].startswith(both)
    assert train["validate"]["preprocessing"]["transforms"] == f"{both}@validate#inference_transforms"


def test_labels_stay_aligned_with_the_image_when_both_are_resized():
    """Plain nearest interpolation would take the first pixel of each cell and shift labels by almost half a cell."""
    parser = ConfigParser(ConfigParser.load_config_file(str(CONFIGS / "train.json")))
    parser["frame_size"] = [100, 100]
    lists = [parser.get_parsed_content(f"train#{name}_transforms") for name in ("deterministic", "training")]
    resizes = [transform for transform in sum(lists, []) if isinstance(transform, (ResizeFramesd, Resized))]
    label = torch.zeros(1, 512, 512, 2)
    label[:, 200:300, 150:270] = 1
    item = {"image": label.clone(), "label": label}
    for resize in resizes:
        item = resize(item)
    assert item["image"].shape == item["label"].shape
    resized = item["label"][0, ..., 0]
    for axis, center in ((0, 249.5), (1, 209.5)):
        positions = (resized.sum(1 - axis) * torch.arange(100)).sum() / resized.sum()
        assert abs((positions + 0.5) * 5.12 - 0.5 - center) < 1.5


def test_bundle_load_returns_the_trained_network(trained, tmp_path):
    name = "echo"
    (tmp_path / name / "models").mkdir(parents=True)
    (tmp_path / name / "configs").symlink_to(CONFIGS)
    network = ConfigParser(ConfigParser.load_config_file(str(CONFIGS / "inference.json"))).get_parsed_content(
        "network_def"
    )
    torch.save(network.state_dict(), tmp_path / name / "models" / "model.pt")
    loaded = load(name=name, bundle_dir=str(tmp_path), workflow_type="inference", source="github")
    assert isinstance(loaded, torch.nn.Module)
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in loaded.state_dict().items())


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    """Run the command line from another folder."""
    line = [sys.executable, "-m", "monai.bundle", "run", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(cwd), "OMP_NUM_THREADS": "1"}
    return subprocess.run(line, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def test_the_error_names_a_missing_dataset_directory_in_one_sentence(tmp_path):
    files = str([str(CONFIGS / "train.json")])
    result = command("training", f"--config_file={files}", "--dataset_dir=/nowhere", cwd=tmp_path)
    assert result.returncode != 0
    assert "/nowhere is not a directory; set dataset_dir to a CAMUS release" in result.stderr


def test_a_checkpoint_of_another_network_is_refused(trained, phantom_root, tmp_path):
    files = ["train.json", "small_network.yaml", "evaluate.json"]
    options = {"output_dir": str(tmp_path), "network_def#key_channels": 8, "use_card": False}
    with pytest.raises(RuntimeError) as error:
        run("train", "evaluating", files, trained, phantom_root, **options)
    causes = []
    cause: BaseException | None = error.value
    while cause is not None:
        causes.append(str(cause))
        cause = cause.__cause__
    assert any("holds weights of another network; keep its model.json beside it" in text for text in causes)


@pytest.mark.parametrize("config", ["train.json", "inference.json", "multi_gpu_train.json", "multi_gpu_evaluate.json"])
def test_nothing_of_the_package_is_called_before_monai_puts_the_bundle_on_the_import_path(config):
    content = ConfigParser.load_config_file(str(CONFIGS / config))
    assert content["initialize"] and "gdkvm_monai" not in json.dumps(content["initialize"])
