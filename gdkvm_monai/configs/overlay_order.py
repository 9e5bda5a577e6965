"""Detection of overlays in the wrong order, in which one undoes what another one sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from gdkvm_monai.configs.references import normalize

__all__ = ["AFTER", "check_order"]

AFTER = {
    "light_clips.yaml": ("light.yaml", "moving_clips.yaml", "damaged_frames.yaml"),
    "space_time_memory.yaml": ("light.yaml", "light_network.yaml", "light_clips.yaml"),
    "unet_memory.yaml": ("light.yaml", "damaged_frames.yaml", "light_clips.yaml"),
}
"""Overlays that an overlay of the bundle must follow, as its first lines say."""


def check_order(files: Sequence[str], contents: Sequence[Mapping[str, object]]) -> None:
    """Refuse an overlay after one that must follow it, if both set the same ID.

    Args:
        files: the config and its overlays in the order in which they are merged.
        contents: values by ID of each.

    Raises:
        ValueError: if an overlay is undone.
    """
    for (first, early), (second, late) in combinations(zip(files, contents), 2):
        if Path(second).name not in AFTER.get(Path(first).name, ()):
            continue
        undone = [key for key in map(normalize, late) if key in set(map(normalize, early))]
        if undone:
            raise ValueError(f"{second} comes after {first} and undoes its {', '.join(undone)}; put it before {first}.")
