"""Damages to the masks of a clip for the quality check's benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from quality_masks import LEVELS, MaskClip

from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM

__all__ = ["DAMAGES"]


def _middle(mask: np.ndarray, value: int = LV) -> tuple[int, int]:
    points = np.argwhere(mask == value)
    return tuple(points.mean(axis=0).astype(int)) if len(points) else (0, 0)


def _near(clip: MaskClip, contraction: float, rng: np.random.Generator) -> np.ndarray:
    """Frames near the extreme contraction of every beat, at most 2 to 8 frames away."""
    hits, reach = np.flatnonzero(np.isclose(clip.contraction, contraction, atol=0.005)), rng.integers(2, 9)
    return (hits[:, None] + np.arange(-reach, reach + 1)).ravel()


def gap(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """An empty row through the cavity near end-diastole or end-systole."""
    rows = max(1, round(rng.uniform(1, 6) / clip.spacing_mm[1]))

    def edit(mask: np.ndarray) -> np.ndarray:
        cut, top = mask.copy(), _middle(mask)[1]
        strip = cut[:, top : top + rows]
        strip[strip == LV] = BACKGROUND
        return cut

    return clip.change(_near(clip, rng.integers(2), rng), edit)


def blob(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """A stray part of the ventricle in the corner near one phase."""
    side = int(rng.uniform(0.2, 0.6) * np.sqrt((clip.masks[0].pixels == LV).sum()))

    def edit(mask: np.ndarray) -> np.ndarray:
        stray = mask.copy()
        stray[3 : 3 + side, -3 - side : -3] = LV
        return stray

    return clip.change(_near(clip, rng.integers(2), rng), edit)


def lost_apex(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """The apical part of the cavity is background near one phase."""
    share = rng.uniform(0.1, 0.5)

    def edit(mask: np.ndarray) -> np.ndarray:
        lost, rows = mask.copy(), np.flatnonzero((mask == LV).any(axis=0))
        strip = lost[:, : rows[0] + int(share * len(rows))] if len(rows) else lost[:, :0]
        strip[strip == LV] = BACKGROUND
        return lost

    return clip.change(_near(clip, rng.integers(2), rng), edit)


def climbing_atrium(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """The atrium climbs one wall of the cavity near end-systole."""
    climb, width = (round(mm / clip.spacing_mm[1]) for mm in (rng.uniform(8, 25), 5))
    left = rng.random() < 0.5

    def edit(mask: np.ndarray) -> np.ndarray:
        climbed, rows = mask.copy(), np.flatnonzero((mask == LV).any(axis=0))
        for row in rows[-climb:]:
            inside = np.flatnonzero(mask[:, row] == LV)
            climbed[inside[:width] if left else inside[-width:], row] = LEFT_ATRIUM
        return climbed

    return clip.change(_near(clip, 1, rng), edit)


def stray_atrium(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """A small piece of atrium at the side wall instead of the atrium."""

    def edit(mask: np.ndarray) -> np.ndarray:
        moved, row = np.where(mask == LEFT_ATRIUM, BACKGROUND, mask), _middle(mask)[1]
        inside = np.flatnonzero(mask[:, row] == LV)
        moved[inside[-4:], row : row + 4] = LEFT_ATRIUM
        return moved

    return clip.change(range(len(clip.shown)), edit)


def swapped(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """Cavity and atrium trade places in single frames."""
    frames = rng.choice(len(clip.shown), 6, replace=False)
    table = np.array([BACKGROUND, LEFT_ATRIUM, MYOCARDIUM, LV], np.uint8)
    return clip.change([*frames, *_near(clip, 0, rng)[:3]], lambda mask: table[mask])


def flicker(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """Single frames, those of the phases among them, show another contraction."""
    frames = np.concatenate(
        [rng.choice(len(clip.shown), 8, replace=False), _near(clip, 0, rng)[2::5], _near(clip, 1, rng)[2::5]]
    )
    shown = clip.shown.copy()
    shown[frames[frames < len(shown)]] = rng.integers(LEVELS)
    return replace(clip, shown=shown)


def missing(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """No ventricle for a fifth of the clip."""
    first = rng.integers(len(clip.shown))
    return clip.change(range(first, first + len(clip.shown) // 5), lambda mask: np.where(mask == LV, 0, mask))


def open_wall(clip: MaskClip, rng: np.random.Generator) -> MaskClip:
    """The cavity leaks through one wall near one phase."""
    reach = round(rng.uniform(4, 15) / clip.spacing_mm[0])

    def edit(mask: np.ndarray) -> np.ndarray:
        leaked, (_, row) = mask.copy(), _middle(mask)
        for line in range(row - 2 * reach, row + 2 * reach):
            inside = np.flatnonzero(mask[:, line] == LV)
            leaked[inside.max(initial=-1) + 1 : inside.max(initial=-1) + 1 + reach, line] = LV
        return leaked

    return clip.change(_near(clip, rng.integers(2), rng), edit)


DAMAGES = {
    "gap": gap,
    "blob": blob,
    "lost apex": lost_apex,
    "climbing atrium": climbing_atrium,
    "stray atrium": stray_atrium,
    "swapped": swapped,
    "flicker": flicker,
    "missing": missing,
    "open wall": open_wall,
}
"""What is done to the masks of a clip, by name."""
