"""A network that reads classes from gray levels, so that a clip made of labels has known masks and a known EF."""

from __future__ import annotations

import numpy as np
import torch
from monai.transforms import AsDiscreted, Compose, Invertd, ScaleIntensityRanged
from torch import Tensor, nn

from gdkvm_monai.data.phantom import EchoPhantom
from gdkvm_monai.inferers import AutocastInferer
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.study.pipeline import Pipeline
from gdkvm_monai.study.run_record import ConfigRecord, NetworkRecord, WeightsRecord
from gdkvm_monai.transforms import CropToRegiond, ScaleToGrayd

LEVELS = 85  # gray levels between two classes


class GrayLevelNetwork(nn.Module):
    """Logits are high for the class whose gray level is nearest; the level moves by ``drift`` with every frame."""

    def initial_state(self, frame: Tensor) -> tuple[Tensor]:
        return (torch.zeros(1),)

    def step(self, frame: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        centers = torch.arange(4, device=frame.device).view(1, 4, 1, 1) * LEVELS / 255
        return -100 * (frame - centers).abs(), (state[0] + 1,)


def gray_level_pipeline(card: ModelCard | None = None) -> Pipeline:
    scale = ScaleIntensityRanged("image", 0, 255, 0, 1, clip=True)
    before = Compose([CropToRegiond("image"), ScaleToGrayd("image"), scale])
    after = Compose([Invertd("pred", before, "image", nearest_interp=False), AsDiscreted("pred", argmax=True)])
    provenance = NetworkRecord(
        weights=WeightsRecord("none", "0" * 64, "nothing", "Apache-2.0", domain="phantom"),
        config=ConfigRecord("0" * 64),
        network="GrayLevelNetwork",
        frame_size=(96, 96),
    )
    device = torch.device("cpu")
    return Pipeline(GrayLevelNetwork(), before, after, AutocastInferer(), device, 4, card, provenance=provenance)


def label_clip(seed: int = 1, view: str = "4CH", beats: float = 1.2, frame_rate_hz: float = 25, size=(96, 96)):
    """A clip of labels as gray levels ``(H, W, T)``, its phantom and its spacing in mm."""
    phantom = EchoPhantom(seed)
    times_s = np.arange(0, beats * phantom.beat_s, 1 / frame_rate_hz)
    _, label, spacing_mm = phantom.render(view, times_s, size)
    return (label * LEVELS).astype(np.uint8), phantom, spacing_mm
