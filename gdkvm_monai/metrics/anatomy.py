"""Whether a segmented frame could be a heart: a diagnostic beside its accuracy, label-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike
from scipy.ndimage import binary_dilation, binary_fill_holes
from skimage.measure import label

from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM, STRUCTURES, UNLABELED

__all__ = ["LEAK", "Anatomy", "StructureShape", "check_anatomy"]

LEAK = 0.05
"""Share of the cavity's outline that may touch background, beyond which the cavity is not enclosed."""


@dataclass(frozen=True)
class StructureShape:
    """Shape of one structure in a frame.

    Attributes:
        parts: 8-connected parts.
        holes: 4-connected pieces of background or of another structure that it encloses; the myocardium is judged
            together with the cavity it surrounds.
        on_border: whether it touches the border of the image.
    """

    parts: int
    holes: int
    on_border: bool


@dataclass(frozen=True)
class Anatomy:
    """What a segmented frame shows that a heart in an apical view can or cannot have.

    Attributes:
        structures: shape of each structure of ``STRUCTURES``, by name.
        lv_leak: share of the cavity's outer pixels that touch background instead of myocardium or atrium; NaN without
            a myocardium.
        la_contact: whether the atrium touches the cavity or the myocardium; False without either.
        la_touches_lv: whether the atrium touches the cavity; False without either.
    """

    structures: Mapping[str, StructureShape]
    lv_leak: float
    la_contact: bool
    la_touches_lv: bool

    @property
    def valid(self) -> bool:
        """Whether the frame could be a heart.

        The cavity is there, no structure has more than one part or a hole, the leak is at most ``LEAK``, and an atrium
        that is there touches the cavity.
        """
        whole = all(shape.parts <= 1 and shape.holes == 0 for shape in self.structures.values())
        attached = self.la_touches_lv or not self.structures["LA"].parts
        return bool(self.structures["LV"].parts and whole and not self.lv_leak > LEAK and attached)


def check_anatomy(frame: ArrayLike) -> Anatomy:
    """Count what a heart in an apical view cannot have.

    A check is made only where its structures are present, so that it also serves masks of the cavity alone.

    Args:
        frame: class indices ``(H, W)``.

    Returns:
        The shape of each structure, the leak of the cavity and the contact of the atrium.

    Raises:
        ValueError: if the frame is not 2-D or not annotated.

    References:
        Painchaud et al., "Cardiac segmentation with strong anatomical guarantees", IEEE TMI 39(11), 2020.
    """
    frame = convert_to_numpy(frame)
    if frame.ndim != 2:
        raise ValueError(f"frame must be class indices of shape (H, W), got {frame.shape}.")
    if (frame == UNLABELED).any():
        raise ValueError("the frame is not annotated; pass frames with a label only.")
    square = np.ones((3, 3))
    cavity, atrium = frame == LV, frame == LEFT_ATRIUM
    return Anatomy(
        structures={name: _shape(frame, name) for name in STRUCTURES},
        lv_leak=_leak(frame),
        la_contact=bool((atrium & binary_dilation(np.isin(frame, (LV, MYOCARDIUM)), square)).any()),
        la_touches_lv=bool((atrium & binary_dilation(cavity, square)).any()),
    )


def _shape(frame: np.ndarray, name: str) -> StructureShape:
    mask = np.isin(frame, STRUCTURES[name])
    whole = np.isin(frame, (LV, MYOCARDIUM)) if name == "MYO" and mask.any() else mask
    return StructureShape(
        parts=int(label(mask, connectivity=2).max()),
        holes=int(label(binary_fill_holes(whole) & ~whole, connectivity=1).max()),
        on_border=bool(mask.any() and mask.sum() > mask[1:-1, 1:-1].sum()),
    )


def _leak(frame: np.ndarray) -> float:
    """Share of the ring around the cavity, one pixel wide, that is background."""
    cavity = frame == LV
    ring = binary_dilation(cavity) & ~cavity
    if not (frame == MYOCARDIUM).any() or not ring.any():
        return np.nan
    return float((frame[ring] == BACKGROUND).mean())
