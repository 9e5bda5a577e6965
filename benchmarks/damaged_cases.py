"""Clips whose truth is known in every frame, and damages of some of their frames, for ``damaged_clips.py``."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path

import numpy as np
import torch
from monai.transforms import Compose, Resized, ScaleIntensityRanged
from torch import Tensor

from gdkvm_monai.data import camus_datalist
from gdkvm_monai.data.phantom import EchoPhantom
from gdkvm_monai.metrics import area_curve, volume_curve
from gdkvm_monai.transforms import ClipVariation, LoadImageClipd, PairMotiond
from gdkvm_monai.transforms.damage import DAMAGES, damage_frames
from gdkvm_monai.transforms.moving_pair import draw_contraction, moving_clip

__all__ = ["AFTER", "FRAMES", "KINDS", "LENGTHS", "START", "Case", "Damage", "ef_percent", "moving_pairs", "phantoms"]

FRAMES, START, AFTER = 30, 5, 5
"""Frames of a clip, frames before the damage, and frames after it that are scored; at 20 Hz a clip exceeds a beat."""

INTERVAL_S = 0.05
KINDS, LENGTHS = tuple(DAMAGES), (1, 3, 6, 10, 20)


@dataclass(frozen=True)
class Case:
    """One clip of a beating heart.

    Attributes:
        source: ``"moving pair"`` or ``"phantom"``.
        patient: name of the patient.
        image: ``(1, H, W, T)``, from 0 to 1.
        label: class indices of every frame, ``(1, H, W, T)``.
        spacing_mm: mm per pixel of H and W.
    """

    source: str
    patient: str
    image: Tensor
    label: Tensor
    spacing_mm: tuple[float, float]

    @cached_property
    def ef_percent(self) -> float:
        """Ejection fraction of the true masks, see :func:`ef_percent`."""
        return ef_percent(self.label[0], self.spacing_mm)


def ef_percent(masks: Tensor, spacing_mm: tuple[float, float]) -> float:
    """Return the ejection fraction by disks of the frames with the largest and the smallest ventricle, ``(H, W, T)``.

    Frames without a ventricle, or with one in pieces, are left out; NaN if there is no other.
    """
    areas = area_curve(masks.numpy(), spacing_mm)
    if np.isnan(areas).all():
        return np.nan
    edv, esv = volume_curve(masks[..., [np.nanargmax(areas), np.nanargmin(areas)]].numpy(), spacing_mm)
    return float(100 * (1 - esv / edv))


@dataclass(frozen=True)
class Damage:
    """A kind of damage and the number of consecutive damaged frames; ``Damage("none", 0)`` leaves a clip as it is."""

    kind: str = "none"
    length: int = 0

    @property
    def name(self) -> str:
        """Kind and length."""
        return f"{self.kind} {self.length}"

    @property
    def frames(self) -> range:
        """Numbers of the damaged frames; those of all frames if none is damaged."""
        return range(START, START + self.length) if self.length else range(FRAMES)

    @property
    def after(self) -> range:
        """Numbers of the frames after the damage that are scored."""
        return range(START + self.length, START + self.length + AFTER) if self.length else range(0)

    def apply(self, case: Case, seed: int) -> Tensor:
        """Return the image of a case, damaged in the same way in every run, ``(1, H, W, T)``."""
        if not self.length:
            return case.image
        rng = np.random.default_rng([seed, zlib.crc32(f"{case.patient} {self.name}".encode())])
        return damage_frames(case.image, self.kind, self.frames, rng)


def moving_pairs(
    dataset_dir: Path, patients: int, size: tuple[int, int], seed: int, held_out: bool = False
) -> Iterator[Case]:
    """Make a clip of each patient from its ED/ES pair of the four-chamber view.

    Args:
        dataset_dir: CAMUS.
        patients: number of patients, the first of the official validation list.
        size: of the clips, in pixels.
        seed: of their motion.
        held_out: take the training patients that ``holdout.yaml`` holds out instead, every tenth.
    """
    keys = ["image", "label"]
    prepare = Compose(
        [
            LoadImageClipd(keys),
            Resized(keys, (*size, -1), mode=["trilinear", "nearest-exact"]),
            ScaleIntensityRanged("image", 0, 255, 0, 1, clip=True),
            PairMotiond(),
        ]
    )
    items = camus_datalist(dataset_dir, "training" if held_out else "validation", "4CH", "stills", None)
    if held_out:
        items = sorted(items, key=itemgetter("patient"))[9::10]
    for item in items[:patients]:
        pair = prepare({key: item[key] for key in keys})
        rng = np.random.default_rng([seed, zlib.crc32(item["patient"].encode())])
        contraction = draw_contraction(FRAMES, rng, (INTERVAL_S, INTERVAL_S))
        image, label = (torch.as_tensor(pair[key].as_tensor()).float() for key in keys)
        clip = moving_clip(image, label, torch.as_tensor(pair["motion"]), contraction, ClipVariation(), rng)
        step = pair["image"].affine.diagonal()[:2].abs().tolist()
        yield Case("moving pair", item["patient"], clip[0], clip[1].long(), (step[0], step[1]))


def phantoms(patients: int, size: tuple[int, int], seed: int) -> Iterator[Case]:
    """Render a clip of each of some phantoms that begins anywhere in a beat."""
    for number in range(patients):
        phantom = EchoPhantom([seed, 90_000 + number])  # not those of phantom data sets
        times = np.random.default_rng([seed, number]).uniform(0, phantom.beat_s) + INTERVAL_S * np.arange(FRAMES)
        image, label, spacing_mm = phantom.render("4CH", times, (size[1], size[0]))
        pixels = torch.from_numpy(image).float()[None] / 255
        yield Case("phantom", f"phantom{number:04d}", pixels, torch.from_numpy(label).long()[None], spacing_mm)
