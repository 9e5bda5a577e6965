"""Networks with their weights, run on clips with a record of the memory, for ``damaged_clips.py``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gdkvm_monai.networks.layers import effective_rank
from gdkvm_monai.networks.layers.gated_delta_rule import normalize_keys
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.study.pipeline import Pipeline, load_pipeline

__all__ = ["Course", "Subject", "load_subjects"]

Course = dict[str, list[float]]
"""What happens in a memory, by name: one number for each frame."""


@dataclass(frozen=True)
class Subject:
    """A network that is measured.

    Attributes:
        name: name in the tables.
        pipeline: network and transforms.
        reads: whether its memory is read; if not, the readout is replaced by zeros.
    """

    name: str
    pipeline: Pipeline
    reads: bool = True
    network: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        network = self.pipeline.network
        if not self.reads:
            network = copy.deepcopy(network)
            read = network.memory.read
            network.memory.read = lambda state, key: torch.zeros_like(read(state, key))
        object.__setattr__(self, "network", network)

    @property
    def identity(self) -> str:
        """What the scores are scores of: the hash of the weights, and whether the memory is read."""
        return self.pipeline.provenance.weights.sha256 + ("" if self.reads else ", readout zeroed")

    @torch.inference_mode()
    def segment(self, clips: Tensor) -> tuple[Tensor, list[Course]]:
        """Segment clips ``(B, 1, H, W, T)``; returns classes ``(B, H, W, T)`` and, for GDKVM, the memory of each."""
        own, size = tuple(self.pipeline.provenance.frame_size), tuple(clips.shape[2:4])
        if own != size:
            clips = interpolate(clips, size=(*own, clips.shape[-1]), mode="trilinear", align_corners=False)
        clips = clips.to(self.pipeline.device)
        logits, courses = self._follow(clips) if _writes(self.network) else (self.network(clips), [])
        if own != size:
            logits = interpolate(logits, size=(*size, clips.shape[-1]), mode="trilinear", align_corners=False)
        return logits.argmax(dim=1).cpu(), courses

    def _follow(self, clips: Tensor) -> tuple[Tensor, list[Course]]:
        network = self.network
        state = network.initial_state(clips[..., 0])
        logits, series = [], []
        for frame in clips.unbind(-1):
            features, before = network.encode(frame), state
            frame_logits, state = network.advance(frame, features, before)
            logits.append(frame_logits)
            series.append(_describe(network, before.memory, state.memory, features))
        names = series[0]
        courses = [{name: [float(one[name][row]) for one in series] for name in names} for row in range(len(clips))]
        return torch.stack(logits, dim=-1), courses


def _writes(network: nn.Module) -> bool:
    return isinstance(network, GDKVM) and network.options["update_rule"] != "none"


def _describe(network: GDKVM, before: Tensor, after: Tensor, features: list[Tensor]) -> dict[str, Tensor]:
    """Return ranks of keys and memory, the scale of the readout, and the mean gates of a write, each ``(B,)``."""
    key, *_, f16 = features
    keys = normalize_keys(key.flatten(2), network.memory.key_norm)
    found = {
        "effective rank of the keys": effective_rank(keys),
        "effective rank": effective_rank(after),
        "smallest singular value": torch.linalg.svdvals(after)[:, -1],
        "readout, root mean square": network.memory.read(after, key).square().mean(dim=(1, 2, 3)).sqrt(),
    }
    gates = zip(("alpha", "beta"), network.memory.gates(before))
    found |= {
        name: gate.mean(dim=(1, 2))
        for name, gate in gates
        if not isinstance(getattr(network.memory, name), nn.Identity)
    }
    if network.frame_gate is not None:
        found["frame gate"] = network.frame_gate.gates(f16).flatten()
    return found


def load_subjects(weights: Mapping[str, Path], zero_readout: bool, device: str | None = None) -> list[Subject]:
    """Load networks; with ``zero_readout``, every GDKVM is followed by itself with a readout of zeros."""
    subjects = []
    for name, path in weights.items():
        pipeline = load_pipeline(path, device=device)
        subjects.append(Subject(name, pipeline))
        if zero_readout and _writes(pipeline.network):
            subjects.append(Subject(f"{name}, readout zeroed", pipeline, reads=False))
    return subjects
