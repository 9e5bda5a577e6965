"""An ID without effect is refused, in an overlay and on the command line, with the nearest valid name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from gdkvm_monai.configs.ids import check_ids

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
TRAIN, EVALUATE = str(CONFIGS / "train.json"), str(CONFIGS / "evaluate.json")
WHOLE = ("train.json", "inference.json", "metadata.json")
OVERLAYS = sorted(path.name for path in CONFIGS.glob("*.[jy]*") if path.name not in WHOLE)


def before(overlay: str) -> list[str]:
    """Return the configs that an overlay is applied to."""
    if overlay == "light_clips.yaml":
        return [TRAIN, str(CONFIGS / "light.yaml"), str(CONFIGS / "moving_clips.yaml")]
    if overlay == "unet_memory.yaml":
        return [TRAIN, *(str(CONFIGS / f"{name}.yaml") for name in ("light", "moving_clips", "damaged_frames"))]
    return [TRAIN, EVALUATE] if "multi_gpu" in overlay and "train" not in overlay else [TRAIN]


def write(path: Path, content: object) -> str:
    path.write_text(json.dumps(content))
    return str(path)


def is_import(value: object) -> bool:
    """Return whether a value contains import statements, which MONAI executes under any ID."""
    return isinstance(value, list) and str(value[0]).startswith("$import")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_overlay_is_accepted_but_refused_with_any_misspelled_id(overlay, tmp_path):
    check_ids([*before(overlay), str(CONFIGS / overlay)])
    content = ConfigParser.load_config_file(CONFIGS / overlay)
    misspelled = [name for name in content if not is_import(content[name])]
    assert misspelled
    for name in misspelled:
        other = f"{name[:-2]}{name[-1]}"
        changed = {other if key == name else key: value for key, value in content.items()}
        with pytest.raises(ValueError) as error:
            check_ids([*before(overlay), write(tmp_path / "misspelled.json", changed)])
        wrong, right = other.removeprefix("+"), name.removeprefix("+")
        head, _, last = right.rpartition("#")
        near = head if last.isdigit() else right  # an item of a list is not suggested, its list is
        assert f"misspelled.json: the config has no {wrong}; did you mean {near}?" in str(error.value)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("batchsize", "batch_size"),
        ("update_rule", "network_def#update_rule"),
        ("network_def#widht", "network_def#width"),
        ("frame_siz", "frame_size"),  # the prefix of an ID that is referred to
        ("train::dataloader::shufle", "train#dataloader#shuffle"),
    ],
)
def test_an_override_without_effect_is_refused_with_the_nearest_name(name, right):
    with pytest.raises(ValueError) as error:
        check_ids(TRAIN, {name: 3})
    assert f"--{name}: " in str(error.value) and f"did you mean --{right}?" in str(error.value)


def test_an_override_cannot_merge():
    with pytest.raises(ValueError, match=r"--\+views"):
        check_ids(TRAIN, {"+views": ["2CH"]})


def test_new_ids_are_accepted_if_they_have_an_effect():
    check_ids(TRAIN, {"train#trainer#accumulation_steps": 2, "epochs": 3, "train::trainer::max_epochs": 1})
    check_ids(TRAIN, {"train#sampler": None, "train#dataloader#sampler": "@train#sampler"})
    check_ids(TRAIN, {"optimizer#_target_": "torch.optim.SGD", "optimizer#momentum": 0.9})
    check_ids([TRAIN, EVALUATE], {"validate#handlers#2#protocol#note": "as published"})
    for name in ("train#sampler", "note"):
        with pytest.raises(ValueError, match=f"no {name}"):
            check_ids(TRAIN, {name: None})


def test_an_overlay_can_define_ids_it_uses_and_an_override_can_change_them(tmp_path):
    overlay = write(tmp_path / "overlay.json", {"decay": 0.5, "optimizer#weight_decay": "$@decay * 2"})
    check_ids([TRAIN, overlay], {"decay": 0.1})
    unused = write(tmp_path / "unused.json", {"decay": 0.5, "optimizer#weight_decay": 0.1})
    with pytest.raises(ValueError, match="unused.json: the config has no decay"):
        check_ids([TRAIN, unused])


def test_ids_merged_into_a_component_are_checked_against_its_arguments(tmp_path):
    check_ids([TRAIN, write(tmp_path / "right.json", {"+network_def": {"width": 8}})])
    with pytest.raises(ValueError, match="no network_def#widht; did you mean network_def#width"):
        check_ids([TRAIN, write(tmp_path / "wrong.json", {"+network_def": {"widht": 8}})])


def test_ids_that_monai_adds_are_valid_if_passed():
    check_ids(TRAIN, {"experiment_name": "echo"}, added=["experiment_name"])
    with pytest.raises(ValueError, match="experiment_name"):
        check_ids(TRAIN, {"experiment_name": "echo"})


def test_the_error_names_a_missing_or_unreadable_config(tmp_path):
    with pytest.raises(FileNotFoundError, match="train.jsn"):
        check_ids("train.jsn")
    (tmp_path / "broken.json").write_text('{"epochs": 3,,}')
    with pytest.raises(ValueError, match="broken.json"):
        check_ids([TRAIN, str(tmp_path / "broken.json")])
    with pytest.raises(ValueError, match="list.json"):
        check_ids([TRAIN, write(tmp_path / "list.json", [1])])


@pytest.mark.parametrize(
    "name",
    [
        *("views#7", "views#x", "epochs#a", "epochs#a#b", "train#preprocessing#transforms#99"),
        *("train#preprocessing#transforms#0#key", "_meta_#nope", "train#nope", "train#nope#deeper", "optimizer#no#p"),
    ],
)
def test_an_override_of_no_part_of_the_config_is_refused_by_its_name(name, tmp_path):
    with pytest.raises(ValueError, match=f"--{name}: the config has no {name}; "):
        check_ids(TRAIN, {name: "4CH"})
    with pytest.raises(ValueError, match="wrong.json: the config has no "):
        check_ids([TRAIN, write(tmp_path / "wrong.json", {name: "4CH"})])


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({"train": {"trainer": {"max_epoch": 3}}}, "train#trainer#max_epoch; did you mean train#trainer#max_epochs"),
        ({"optimizer": {"_target_": "torch.optim.AdamW", "lr": 1, "lrr": 1}}, "optimizer#lrr"),
        ({"train#random_transforms": [{"_target_": "RandFlipd", "key": "image"}]}, "train#random_transforms#0#key"),
        ({"+train#handlers": [{"_target_": "StatsHandler", "tag": ""}]}, r"train#handlers#\d+#tag"),
        ({"+epochs": [3]}, r"\+epochs can only merge"),
    ],
)
def test_an_id_without_effect_inside_a_value_is_refused(content, wrong, tmp_path):
    with pytest.raises(ValueError, match=f"wrong.json: .*{wrong}"):
        check_ids([TRAIN, write(tmp_path / "wrong.json", content)])


def test_a_list_that_a_later_overlay_shortens_is_accepted(tmp_path):
    flips = [{"_target_": "RandFlipd", "keys": "image"}] * 9
    long = write(tmp_path / "long.json", {"train#random_transforms": flips})
    check_ids([TRAIN, long, write(tmp_path / "short.json", {"train#random_transforms": []})])


def test_an_overlay_may_change_either_of_two_configs(tmp_path):
    overlay = write(tmp_path / "overlay.json", {"train#trainer#max_epochs": 3, "pattern": "*.nii.gz"})
    merged = check_ids([TRAIN, str(CONFIGS / "inference.json"), overlay], configs=2)
    assert merged["train"]["trainer"]["max_epochs"] == 3 and merged["pattern"] == "*.nii.gz"
    with pytest.raises(ValueError, match="no pattern"):
        check_ids([TRAIN, overlay])
