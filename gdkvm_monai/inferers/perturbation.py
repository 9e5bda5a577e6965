"""Slightly perturbed copies of a clip: the more their masks differ, the less they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["PERTURBATIONS", "Perturbation"]


@dataclass(frozen=True)
class Perturbation:
    """A change of contrast and position that can be undone in the mask.

    Attributes:
        gamma: exponent applied to the gray levels of 0 to 255.
        shift: displacement in width and in depth, as a fraction of the image size.

    Example:
        >>> mask = np.zeros((50, 50), np.uint8)
        >>> mask[20:30, 20:30] = 1
        >>> moved = Perturbation(1.0, 0.1)
        >>> bool((moved.undo(moved.apply(mask).astype(np.uint8)) == mask).all())
        True
    """

    gamma: float
    shift: float

    def apply(self, frame: np.ndarray) -> np.ndarray:
        """Return the perturbed frame ``(H, W)``, float32; pixels from outside the image are black."""
        gray = 255 * (np.clip(frame.astype(np.float32), 0, 255) / 255) ** self.gamma
        return _move(gray, self._pixels(frame.shape))

    def undo(self, mask: np.ndarray) -> np.ndarray:
        """Return the mask ``(H, W)`` of a perturbed frame on the grid of the original."""
        return _move(mask, [-pixels for pixels in self._pixels(mask.shape)])

    def __str__(self) -> str:
        return f"gamma {self.gamma:g}, shifted by {self.shift:+.0%}"

    def _pixels(self, shape: tuple[int, ...]) -> list[int]:
        return [round(self.shift * length) for length in shape]


def _move(frame: np.ndarray, pixels: list[int]) -> np.ndarray:
    """Return a frame displaced by a number of pixels along each axis, with zeros where it has no pixels."""
    moved = np.zeros_like(frame)
    target = tuple(slice(max(step, 0), max(size + min(step, 0), 0)) for step, size in zip(pixels, frame.shape))
    origin = tuple(slice(max(-step, 0), max(size - max(step, 0), 0)) for step, size in zip(pixels, frame.shape))
    moved[target] = frame[origin]
    return moved


PERTURBATIONS = (Perturbation(0.8, 0.02), Perturbation(1.25, -0.02))
"""The copies used for confidence and interval: brighter and darker, shifted in opposite directions."""
