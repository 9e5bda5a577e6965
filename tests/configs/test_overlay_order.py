"""Overlays of the bundle are refused in an order in which one undoes another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdkvm_monai.configs.ids import check_ids
from gdkvm_monai.configs.overlay_order import AFTER

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
STAGES = ("train.json", "light.yaml", "moving_clips.yaml", "damaged_frames.yaml", "light_clips.yaml")


def check(*names: str) -> None:
    check_ids([str(CONFIGS / name) for name in names])


@pytest.mark.parametrize(
    ("names", "undone"),
    [
        (("train.json", "moving_clips.yaml", "light_clips.yaml", "light.yaml"), "epochs"),
        (("train.json", "light.yaml", "light_clips.yaml", "moving_clips.yaml"), "clip_frames"),
        (("train.json", "light.yaml", "moving_clips.yaml", "space_time_memory.yaml", "light_clips.yaml"), "write_gate"),
        (("train.json", "unet_memory.yaml", "light.yaml"), "network_def#decoder"),
    ],
)
def test_an_overlay_that_undoes_one_before_it_is_refused(names, undone):
    with pytest.raises(ValueError, match=rf"{names[-1]} comes after .*{undone}"):
        check(*names)


@pytest.mark.parametrize("last", ["space_time_memory.yaml", "unet_memory.yaml", "holdout.yaml"])
def test_the_stated_order_is_accepted(last):
    check(*STAGES, last)


@pytest.mark.parametrize(
    "names", [("damaged_frames.yaml", "moving_clips.yaml"), ("space_time_memory.yaml", "light.yaml")]
)
def test_an_order_without_effect_is_accepted(names):
    check("train.json", *names)


def test_the_overlays_with_an_order_state_it():
    for overlay, earlier in AFTER.items():
        header = "\n".join(line for line in (CONFIGS / overlay).read_text().split("\n") if line.startswith("#"))
        assert all((CONFIGS / name).is_file() for name in earlier)
        assert "after" in header or "in this order" in header
