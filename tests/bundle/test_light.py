"""The light network trains with its overlay, and the holdout excludes every tenth patient from training."""

from __future__ import annotations

import json

import pytest
import torch
from monai.bundle import ConfigParser

from tests.bundle.tiny_bundle import CONFIGS, tiny_workflow, train_tiny

LITE0 = {"network_def#backbone": "efficientnet_lite0", "imagenet_weights": None}


def test_the_light_network_trains_with_deep_supervision_and_saves_its_weight_average(phantom_root, tmp_path):
    flow = train_tiny(tmp_path, phantom_root, "light.yaml", clips="stills", **LITE0)
    trained, saved = flow.network_def, torch.load(tmp_path / "models" / "model_final.pt", weights_only=True)
    assert trained.options["backbone"] == "efficientnet_lite0" and trained.decoder.deep_supervision
    assert saved.keys() == trained.state_dict().keys()
    assert not torch.equal(saved["decoder.classify.weight"], trained.state_dict()["decoder.classify.weight"])
    card, record = (json.loads((tmp_path / name).read_text()) for name in ("models/model.json", "training/run.json"))
    assert card["imagenet_weights"] == record["starts"][0]["imagenet_weights"] == "none"
    assert 0 < flow.trainer.state.ema_momentum <= 0.2, "the average follows the trainer"


def test_imagenet_weights_that_are_absent_are_refused_before_a_clip_is_read(tmp_path):
    flow = tiny_workflow(
        tmp_path, tmp_path / "no clips", "light.yaml", **LITE0 | {"imagenet_weights": "efficientnet-lite0"}
    )
    with pytest.raises(Exception) as error:
        flow.run()
    assert "imagenet_weights is 'efficientnet-lite0', neither a file nor" in str(error.value.__cause__)


def test_the_schedule_warms_up_both_learning_rates_and_ends_near_zero():
    parser = ConfigParser(
        ConfigParser.load_config_files([str(CONFIGS / name) for name in ("train.json", "light.yaml")])
    )
    parser["device"] = "cpu"
    scheduler, rates = parser.get_parsed_content("lr_scheduler"), []
    assert parser["epochs"] * parser["iterations_per_epoch"] == 2100
    for _ in range(2100):
        rates.append(scheduler.get_last_lr())
        scheduler.optimizer.step()
        scheduler.step()
    peak = max(range(2100), key=lambda i: rates[i][1])
    assert peak == pytest.approx(0.08 * 2100, abs=2) and rates[peak] == pytest.approx([5e-4, 1e-3], rel=1e-3)
    assert max(rates[-1]) < 1e-6


def test_the_holdout_trains_on_nine_of_ten_patients_and_validates_on_the_tenth():
    files = [str(CONFIGS / name) for name in ("train.json", "light.yaml", "holdout.yaml")]
    parser = ConfigParser(ConfigParser.load_config_files(files))
    clips = [{"patient": f"patient{n:04d}", "view": view} for n in range(1, 401) for view in ("2CH", "4CH")]
    parser["train"]["datalist"] = parser["validate"]["datalist"] = {"_target_": "copy.copy", "x": clips}
    trained, held_out = (parser.get_parsed_content(f"{part}#dataset#data") for part in ("train", "validate"))
    assert len(trained) == 720 and len(held_out) == 80
    assert {clip["patient"] for clip in held_out} == {f"patient{n:04d}" for n in range(10, 401, 10)}
    assert not {clip["patient"] for clip in trained} & {clip["patient"] for clip in held_out}


def test_the_light_network_alone_is_that_of_the_recipes_two_stages():
    files = ("light_network.yaml", "light.yaml", "light_clips.yaml")
    network, first, second = (ConfigParser.load_config_file(CONFIGS / name) for name in files)
    recipe = first | second
    assert {name: recipe[name] for name in network} == network
    assert {name for name in recipe if name.startswith(("network_def", "loss"))} <= network.keys()


def test_the_released_network_alone_is_that_of_its_second_stage():
    recipe = ("train.json", "light.yaml", "light_clips.yaml", "unet_memory.yaml")
    stage, alone = (
        ConfigParser(ConfigParser.load_config_files([str(CONFIGS / name) for name in names]))
        for names in (recipe, ("train.json", "unet_memory_network.yaml"))
    )
    assert alone["network_def"] == stage["network_def"] and alone["frame_size"] == stage["frame_size"]


def test_the_second_stage_starts_from_the_weights_of_the_first_and_its_new_options(phantom_root, tmp_path):
    small = LITE0 | {"clips": "stills"}
    train_tiny(tmp_path / "first", phantom_root, "light.yaml", **small)
    overlays = ("light.yaml", "moving_clips.yaml", "damaged_frames.yaml", "light_clips.yaml")
    start = {"initial_weights": str(tmp_path / "first" / "models" / "model_final.pt"), "clip_frames": [3]}
    second = train_tiny(
        tmp_path / "second",
        phantom_root,
        *overlays,
        **small | start | {"learning_rate": 0.0, "encoder_learning_rate": 0.0},
    )
    options = second.network_def.options
    assert (options["key_position"], options["write_gate"], options["previous_mask"]) == (True, "frame", True)
    before = torch.load(tmp_path / "first" / "models" / "model_final.pt", weights_only=True)
    after, saved = second.network_def.state_dict(), torch.load(
        tmp_path / "second" / "models" / "model_final.pt", weights_only=True
    )
    kept = [name for name in before if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))]
    for weights in (after, saved):  # the average starts from the initial weights, too
        assert [name for name in kept if not torch.allclose(before[name], weights[name])] == []
    assert saved.keys() == after.keys() > before.keys()


def test_a_memory_is_added_to_a_unet_with_one_learning_rate_and_no_imagenet_weights():
    names = ("train.json", "light.yaml", "moving_clips.yaml", "damaged_frames.yaml", "light_clips.yaml")
    parser = ConfigParser(
        ConfigParser.load_config_files([str(CONFIGS / name) for name in (*names, "unet_memory.yaml")])
    )
    parser["device"] = "cpu"
    options = parser.get_parsed_content("network_def").options
    assert (options["backbone"], options["decoder"], options["write_gate"]) == ("unet", "unet", "frame")
    assert parser.get_parsed_content("imagenet_weights") is None
    rates = {group["initial_lr"] for group in parser.get_parsed_content("lr_scheduler").optimizer.param_groups}
    assert len(rates) == 1
