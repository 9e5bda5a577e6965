"""A tiny network for bundles that are exported in tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NAME = "echo_test_segmentation"
OPTIONS = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
TINY = {"frame_size": [32, 48], "num_frames": 3, "learning_rate": 0.5}
TINY |= {f"network_def#{name}": value for name, value in OPTIONS.items()}


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
