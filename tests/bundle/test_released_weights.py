"""The released weights: small, plain, described, licensed, and able to find a heart."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

import gdkvm_monai
from gdkvm_monai.cli.main import main
from gdkvm_monai.configs import bundle_dir
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip
from gdkvm_monai.export.bundle import export_bundle
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.study.pipeline import load_pipeline

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = bundle_dir() / "models" / "model.pt"


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return read_card(WEIGHTS)


@pytest.mark.parametrize(("name", "megabytes"), [("model.pt", 18), ("light.pt", 5)])
def test_they_are_a_small_plain_state_in_half_precision(name, megabytes):
    state = torch.load(WEIGHTS.with_name(name), weights_only=True)
    assert WEIGHTS.with_name(name).stat().st_size <= megabytes * 1e6
    assert {value.dtype for value in state.values() if value.is_floating_point()} == {torch.float16}


def test_they_and_their_cards_are_tracked_and_nothing_else_beside_them():
    tracked = subprocess.run(["git", "ls-files", "bundle/models"], cwd=ROOT, capture_output=True, text=True).stdout
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    assert tracked.split() == [f"bundle/models/{name}" for name in ("light.json", "light.pt", "model.json", "model.pt")]


def test_the_light_network_is_found_by_name_and_is_exported_with_its_own_overlay(tmp_path):
    pipeline, card = load_pipeline("light.pt", device="cpu"), read_card(WEIGHTS.with_name("light.pt"))
    assert pipeline.network.options["backbone"] == "efficientnet_lite0" and card.scores["lv_dice"] > 0.93
    bundle = export_bundle(tmp_path, weights=WEIGHTS.with_name("light.pt"))
    train = json.loads((bundle / "configs" / "train.json").read_text())
    assert train["loss"]["coarse_weights"] == [0.4, 0.2] and train["network_def"]["decoder"] == "light"
    assert "this bundle does not contain" in " ".join((bundle / "docs" / "README.md").read_text().split())


def test_the_card_describes_the_network_of_inference_and_its_hash_is_that_of_the_file(card):
    config = ConfigParser(ConfigParser.load_config_file(str(ROOT / "bundle" / "configs" / "inference.json")))
    network = config.get_parsed_content("network_def")
    trained = GDKVM(**{**card.network_options, "dropout": 0.0, "stochastic_depth": 0.0})  # both act in training only
    assert isinstance(network, GDKVM) and trained.options == network.options
    assert list(card.frame_size) == config["frame_size"] and card.weights_sha256 and card.release
    network.load_state_dict(torch.load(WEIGHTS, weights_only=True))


def test_the_card_names_the_newest_version_of_the_changelog_with_released_weights(card):
    versions = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert card.release == next(text.split()[0] for text in versions if "### Released weights" in text)


def test_the_card_states_data_views_license_command_and_the_scores_of_the_metadata(card):
    assert (card.domain, card.views, card.clips) == ("CAMUS", ("4CH",), 400)
    assert card.license.startswith("CC BY-NC-SA 4.0") and "non-commercial" in card.license
    assert "10.1109/TMI.2019.2900516" in card.citation and card.command.startswith("python")
    metadata = json.loads((ROOT / "bundle" / "configs" / "metadata.json").read_text())
    assert metadata["eval_metrics"] == dict(card.scores) and 0.9 < card.scores["lv_dice"] < 1


STATED = {
    "README.md": (
        r"the released weights \| [^|]* \| <lv_dice> [^|]*\| <lv_hd95_mm> \|",
        r"the released weights \|.* bias <ef_bias_points>, MAE <ef_mae_points> points, r <ef_r>",
    ),
    "docs/results.md": (
        *(rf"\| {n.upper()} \| ED and ES \| <{n}_dice> [^|]*\| <{n}_hd95_mm> " for n in ("lv", "myo", "la")),
        r"\| predicted against expert masks \| 50 \| <ef_bias_points> .*\| <ef_mae_points> \| <ef_r>",
    ),
    "bundle/docs/README.md": (
        r"mean of ED and ES is <lv_dice> for the left ventricle",
        r"bias\s+<ef_bias_points> points,[^|]*?MAE\s+<ef_mae_points>,\s+r\s+<ef_r>",
    ),
}
"""Patterns of the table rows and sentences that state scores of the released weights, by document."""


@pytest.mark.parametrize("document", STATED)
def test_every_document_states_the_scores_of_the_card(document, card):
    if "lv_dice_sd" not in card.scores:
        pytest.skip("the card is of a release whose scores were not written from the evaluation of the released file")
    text = (ROOT / document).read_text()
    for pattern in STATED[document]:
        found = re.search(re.sub(r"<(\w+)>", r"(?P<\1>[-+]?\\d+\.\\d+)", pattern), text)
        assert found, f"{document} has no text like {pattern}"
        for name, stated in found.groupdict().items():
            digits, recorded = (len(str(value).partition(".")[2]) for value in (stated, card.scores[name]))
            tolerance = 0.51 * 10**-digits if digits < recorded else 1e-9  # rounded once more, or the same
            assert abs(float(stated) - card.scores[name]) <= tolerance, f"{name} is {stated} in {document}"


def write_evaluation(folder: Path, dice: float, mae: float) -> Path:
    """Write the part of an evaluation that a release reads; all structures get one Dice."""
    score = {"dice": {"mean": dice, "sd": 0.03126}, "hd95": {"mean": 4.0449, "sd": 1.75}}
    agreement = {"bias": -1.555, "sd": 8.7512, "mae": mae, "r": 0.84149}
    content = {
        "counts": {"patients": 50},
        "scores": {"structure": [{"structure": name, "scores": score} for name in ("LV", "MYO", "LA", "LV_EPI")]},
        "agreement": {
            "single-plane-a4c-mod-v1: edv_ml against reference masks": {},
            "single-plane-a4c-mod-v1: ef_percent against reference masks": agreement,
            "single-plane-a4c-mod-v1: ef_percent against the EF recorded for 2CH": {},
        },
    }
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps(content))
    return folder


def test_a_release_takes_means_and_sd_over_patients_and_over_seeds_from_evaluations(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    scores_of = importlib.import_module("release_weights").scores_of
    first, second = write_evaluation(tmp_path / "a", 0.93224, 6.7849), write_evaluation(tmp_path / "b", 0.93424, 7.7849)
    alone = scores_of(first)
    assert (alone["lv_dice"], alone["lv_dice_sd"], alone["la_hd95_mm"], alone["patients"]) == (0.9322, 0.0313, 4.04, 50)
    assert (alone["ef_mae_points"], alone["ef_r"], alone["ef_bias_points_sd"]) == (6.78, 0.841, 8.75)
    assert alone["seeds"] == 1 and not [name for name in alone if "seeds_" in name]
    both = scores_of(first, [first, second])
    assert {name: both[name] for name in alone if name != "seeds"} | {"seeds": 1} == alone
    assert (both["lv_dice_seeds_mean"], both["lv_dice_seeds_sd"], both["seeds"]) == (0.9332, 0.0014, 2)
    assert (both["ef_mae_points_seeds_mean"], both["ef_mae_points_seeds_sd"]) == (7.28, 0.71)


def test_they_are_the_default_and_find_the_ventricle_of_a_phantom():
    clip = render_phantom_clip(EchoPhantom(1000), beats=0.6, frame_rate_hz=10, size=(96, 96))
    result = gdkvm_monai.segment(clip.image, device="cpu", fast=True, view="4CH")
    assert result.provenance.weights.license.startswith("CC BY-NC-SA 4.0")
    found, true = result.mask == 1, clip.label == 1
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.6


def test_a_two_chamber_clip_is_to_be_checked(tmp_path):
    clip = render_phantom_clip(EchoPhantom(1000), "2CH", beats=0.3, frame_rate_hz=10, size=(64, 64))
    reasons = gdkvm_monai.segment(clip.image, device="cpu", fast=True, view="2CH").measurements.quality.codes
    assert "weights_view" in reasons


def test_their_license_and_citation_are_printed(capsys):
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    assert "CC BY-NC-SA 4.0" in printed and "10.1109/TMI.2019.2900516" in printed and "Apache-2.0 (code)" in printed


def test_the_exported_bundle_holds_them_with_their_scores_and_may_be_trained_in_place(card, tmp_path):
    bundle = export_bundle(tmp_path)
    exported = read_card(bundle / "models" / "model.pt")
    assert exported.release == "" and exported.scores == card.scores and exported.license == card.license
    assert "license: cc-by-nc-sa-4.0" in (bundle / "README.md").read_text()
    train, inference = (json.loads((bundle / "configs" / f"{n}.json").read_text()) for n in ("train", "inference"))
    assert train["network_def"] == inference["network_def"] and train["frame_size"] == [128, 128]
    assert train["imagenet_weights"] is None, "training in MONAI Label goes on from the weights"
    own, shipped = ({path.name for path in root.glob("configs/*")} for root in (bundle, ROOT / "bundle"))
    for path in bundle.glob("configs/*.yaml"):
        named = set(re.findall(r"\w+\.(?:yaml|json)", path.read_text())) & shipped
        assert named <= own, f"{path.name} names a config that the bundle does not have"
    pipeline = load_pipeline(bundle / "models" / "model.pt", device="cpu")
    own = load_pipeline(device="cpu").network.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in pipeline.network.state_dict().items())
