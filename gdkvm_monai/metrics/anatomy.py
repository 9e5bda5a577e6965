"""Anatomical plausibility of a segmented frame: a diagnostic that needs no label and complements accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike
from scipy.ndimage import binary_dilation, find_objects
from skimage.measure import label

from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM, STRUCTURES, UNLABELED
from gdkvm_monai.metrics.cavity import fill_holes

__all__ = ["LEAK", "Anatomy", "StructureShape", "check_anatomy"]

LEAK = 0.05
"""Largest share of the cavity's outline that may touch background if the cavity is to count as enclosed."""


@dataclass(frozen=True)
class StructureShape:
    """Shape of one structure in a frame.

    Attributes:
        parts: number of 8-connected components.
        holes: number of enclosed 4-connected regions of background or of another structure; the myocardium is
            checked together with the cavity it surrounds.
        on_border: whether the structure touches the border of the image.
    """

    parts: int
    holes: int
    on_border: bool


@dataclass(frozen=True)
class Anatomy:
    """Anatomical properties of a segmented frame in an apical view.

    Attributes:
        structures: shape of each structure of ``STRUCTURES``, by name.
        lv_leak: share of the one-pixel ring around the cavity that is background instead of myocardium or atrium; NaN
            if there is no cavity or no myocardium.
        la_contact: whether the atrium touches the cavity or the myocardium; False if either side is missing.
        la_touches_lv: whether the atrium touches the cavity; False if either is missing.
        la_below_lv: whether the center of the atrium is deeper, along axis 1, than that of the cavity, as in a picture
            with the apex at the top; False if either is missing.
    """

    structures: Mapping[str, StructureShape]
    lv_leak: float
    la_contact: bool
    la_touches_lv: bool
    la_below_lv: bool

    @property
    def valid(self) -> bool:
        """Whether the frame is anatomically plausible.

        The cavity is present, no structure has a hole or more than one part, the leak is at most ``LEAK``, and the
        atrium, if present, touches the cavity.
        """
        whole = all(shape.parts <= 1 and shape.holes == 0 for shape in self.structures.values())
        attached = self.la_touches_lv or not self.structures["LA"].parts
        return bool(self.structures["LV"].parts and whole and not self.lv_leak > LEAK and attached)


def check_anatomy(frame: ArrayLike) -> Anatomy:
    """Check the anatomy of a segmented frame in an apical view.

    Each check applies only if its structures are present, so masks of the cavity alone can be checked too.

    Args:
        frame: class indices ``(H, W)``: lateral, depth.

    Returns:
        The shape of each structure, the leak of the cavity, and the contact of the atrium.

    Raises:
        ValueError: if the frame is not 2-D or not annotated.

    References:
        Painchaud et al., "Cardiac segmentation with strong anatomical guarantees", IEEE TMI 39(11), 2020.
    """
    frame = convert_to_numpy(frame)
    if frame.ndim != 2:
        raise ValueError(f"frame must be class indices of shape (H, W), got {frame.shape}.")
    if (frame == UNLABELED).any():
        raise ValueError("the frame is not annotated; pass only annotated frames.")
    frame = _around_structures(frame)
    square = np.ones((3, 3))
    cavity, atrium = frame == LV, frame == LEFT_ATRIUM
    return Anatomy(
        structures={name: _shape(frame, name) for name in STRUCTURES},
        lv_leak=_leak(frame),
        la_contact=bool((atrium & binary_dilation(np.isin(frame, (LV, MYOCARDIUM)), square)).any()),
        la_touches_lv=bool((atrium & binary_dilation(cavity, square)).any()),
        la_below_lv=bool(_depth(atrium) > _depth(cavity)),
    )


def _around_structures(frame: np.ndarray) -> np.ndarray:
    """Return the part of the frame that has all structures and a pixel around them, except beyond the image."""
    boxes = find_objects((frame != BACKGROUND).astype(np.uint8))
    return frame[tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in boxes[0])] if boxes else frame


def _shape(frame: np.ndarray, name: str) -> StructureShape:
    mask = np.isin(frame, STRUCTURES[name])
    whole = np.isin(frame, (LV, MYOCARDIUM)) if name == "MYO" and mask.any() else mask
    return StructureShape(
        parts=int(label(mask, connectivity=2).max()),
        holes=int(label(fill_holes(whole) & ~whole, connectivity=1).max()),
        on_border=bool(mask.any() and mask.sum() > mask[1:-1, 1:-1].sum()),
    )


def _depth(mask: np.ndarray) -> float:
    """Return the mean position along axis 1, NaN for an empty mask."""
    return float(np.nonzero(mask)[1].mean()) if mask.any() else np.nan


def _leak(frame: np.ndarray) -> float:
    """Return the share of the one-pixel ring around the cavity that is background."""
    cavity = frame == LV
    ring = binary_dilation(cavity) & ~cavity
    if not (frame == MYOCARDIUM).any() or not ring.any():
        return np.nan
    return float((frame[ring] == BACKGROUND).mean())
