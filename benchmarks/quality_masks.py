"""Clips of masks with a known ejection fraction for the quality check's benchmark: interpolated and beating."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.ndimage import distance_transform_edt

from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM
from gdkvm_monai.metrics.frame_measurements import FrameMeasurement, measure_frame

__all__ = ["LEVELS", "RATE_HZ", "Mask", "MaskClip", "beats", "healthy", "motionless"]

RATE_HZ = 50.0
LEVELS = 9  # contractions for which there is a mask
SYSTOLE_S = 0.35


@dataclass(frozen=True)
class Mask:
    """Class indices ``(H, W)`` and their measurements, which are made once."""

    pixels: np.ndarray
    spacing_mm: tuple[float, float]

    @cached_property
    def measured(self) -> FrameMeasurement:
        return measure_frame(self.pixels, self.spacing_mm)


@dataclass(frozen=True)
class MaskClip:
    """A clip as its distinct masks and the mask shown in each frame.

    Attributes:
        masks: the distinct masks; at first ``LEVELS`` of them, from end-diastole to end-systole.
        shown: index of the mask of every frame, ``(T,)``.
        contraction: 0 at end-diastole to 1 at end-systole of every frame, ``(T,)``.
        spacing_mm: mm per pixel.
    """

    masks: tuple[Mask, ...]
    shown: np.ndarray
    contraction: np.ndarray
    spacing_mm: tuple[float, float]

    def beating(self, contraction: np.ndarray) -> MaskClip:
        """Return the clip with other beats."""
        return replace(self, shown=np.rint(contraction * (LEVELS - 1)).astype(int), contraction=contraction)

    def change(self, frames: Sequence[int] | np.ndarray, edit: Callable[[np.ndarray], np.ndarray]) -> MaskClip:
        """Return the clip with the masks of some frames edited."""
        masks, shown, edited = list(self.masks), self.shown.copy(), {}
        for frame in np.unique(np.clip(frames, 0, len(shown) - 1)):
            number = int(self.shown[frame])
            if number not in edited:
                edited[number] = len(masks)
                masks.append(Mask(edit(self.masks[number].pixels), self.spacing_mm))
            shown[frame] = edited[number]
        return replace(self, masks=tuple(masks), shown=shown)


def beats(rr_s: Sequence[float], strokes: Sequence[float] | None = None, start_s: float = 0.0) -> np.ndarray:
    """Contraction of every frame for beats of these lengths; each stroke is a share of the full one."""
    curves = []
    for number, interval in enumerate(rr_s):
        t = np.arange(0, interval, 1 / RATE_HZ)
        systole = min(SYSTOLE_S, 0.5 * interval)
        falling, rising = t / systole, (t - systole) / (interval - systole)
        curve = np.where(t < systole, 0.5 - 0.5 * np.cos(np.pi * falling), 0.5 + 0.5 * np.cos(np.pi * rising))
        curves.append(curve * (1 if strokes is None else strokes[number]))
    return np.concatenate(curves)[int(start_s * RATE_HZ) :]


def healthy(pair: np.ndarray, spacing_mm: tuple[float, float], contraction: np.ndarray) -> MaskClip:
    """A clip that beats between the two masks ``(H, W, 2)`` of a pair, interpolated by signed distance."""
    ends = [_signed_distances(pair[..., end]) for end in (0, 1)]
    masks = tuple(Mask(_compose(*ends, level / (LEVELS - 1)), spacing_mm) for level in range(LEVELS))
    return MaskClip(masks, np.rint(contraction * (LEVELS - 1)).astype(int), contraction, spacing_mm)


def motionless(pair: np.ndarray, spacing_mm: tuple[float, float], rng: np.random.Generator) -> MaskClip:
    """A clip of the end-diastolic mask whose area varies by 1 to 3 % from frame to frame, without a beat."""
    ends = [_signed_distances(pair[..., 0])] * 2
    area = (pair[..., 0] == LV).sum()
    pixels = rng.uniform(0.01, 0.03) * np.sqrt(area / np.pi) / 2  # along the radius
    masks = tuple(Mask(_compose(*ends, 0, pixels * step), spacing_mm) for step in np.linspace(-2, 2, LEVELS))
    steps = np.clip(np.rint(rng.standard_normal(100) * (LEVELS - 1) / 4 + (LEVELS - 1) / 2), 0, LEVELS - 1)
    return MaskClip(masks, steps.astype(int), np.zeros(100), spacing_mm)


CLASSES = (LV, MYOCARDIUM, LEFT_ATRIUM, BACKGROUND)


def _signed_distances(mask: np.ndarray) -> np.ndarray:
    """Distance of every pixel to the edge of each class, positive inside, ``(4, H, W)``."""
    far = -float(sum(mask.shape))
    return np.stack([_signed_distance(mask == value) if (mask == value).any() else mask * 0 + far for value in CLASSES])


def _signed_distance(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, distance_transform_edt(mask) - 0.5, 0.5 - distance_transform_edt(~mask))


def _compose(ed: np.ndarray, es: np.ndarray, contraction: float, grow: float = 0.0) -> np.ndarray:
    distances = (1 - contraction) * ed + contraction * es
    distances[0] += grow
    return np.array(CLASSES, np.uint8)[distances.argmax(axis=0)]
