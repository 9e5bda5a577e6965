"""The ultrasound mode: networks are trained on B-mode, and color flow shows in parts of the sector that are colored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_closing, binary_opening, label, median_filter
from skimage.morphology import convex_hull_image

from gdkvm_monai.data.clip import ClipMeta, ClipReadError, ReadOptions, luma

__all__ = ["COLOR_DOPPLER", "ColorFlow", "refuse_mode", "watch_color"]

COLOR_DOPPLER = "color Doppler"
LEVELS = 8  # gray levels that share a color, if a clip is only tinted
SMOOTH = 7  # such groups over which the color changes little
TINT = 2  # largest share by which a tint exceeds gray in red or blue
APART = 40  # gray levels between a color and that of the same brightness, in red and blue
LIT = 20  # gray level above which a pixel of the usual color shows tissue
SCREEN = 0.2  # fraction of the picture that has the gray level of a screen
MOVES = 12  # gray levels by which a pixel changes between two frames
MOVING = 0.15  # share of the lit sector from which on what moves shows where the sector is
THIN, THIN_STILL = 4, 5  # pixels, of every second row and column, of what moves and of what stays
FLOW = 0.002  # fraction of the picture that shows another color


class ColorFlow:
    """Tell color flow from B-mode that is tinted, or that has colored letters, bars, or an ECG beside the tissue.

    In B-mode, a tint is a function of brightness. A part of the sector with another color than most pixels of the same
    brightness is color flow, whether it moves or not, unless it is thin, such as an ECG line. The sector is the convex
    hull of the largest part of the picture that is lit in the usual color and, in a clip, of what moves in that color.

    Args:
        box: first column, first row, end column, end row of the tissue; ``None`` for the whole picture.

    Example:
        >>> speckle = np.random.default_rng(0).integers(0, 200, (3, 60, 60, 1), np.uint8)
        >>> flow, frames = ColorFlow(), np.repeat(speckle, 3, axis=-1)
        >>> frames[2, 20:40, 20:40] = (220, 30, 20)
        >>> [flow.add(frame) for frame in frames]
        [False, False, True]
    """

    def __init__(self, box: tuple[int, int, int, int] | None = None) -> None:
        self.box = box
        self._last: np.ndarray | None = None
        empty = np.zeros((0, 0), bool)
        self._lit = self._moved = empty  # what has been lit so far, and what has moved, in the usual color
        self._other = self._flows = empty  # what has another color in the last frame, and what has moved so far in one
        self._counts = np.zeros((2, 256 // LEVELS, 512 // LEVELS))  # of red and blue beyond gray, by brightness

    def add(self, rgb: np.ndarray) -> bool:
        """Add a frame ``(rows, columns, 3)`` of 8 bits; returns whether it shows color flow.

        Raises:
            TypeError: if the frame is not of type ``uint8``.
        """
        if rgb.dtype != np.uint8:
            raise TypeError(f"the color frame is of type {rgb.dtype}, expected uint8; convert it to 8 bits.")
        x0, y0, x1, y1 = self.box or (0, 0, *rgb.shape[1::-1])
        rgb = rgb[y0:y1:2, x0:x1:2].astype(np.int16)
        last, self._last = self._last, rgb
        gray = luma(rgb.astype(np.uint8)).astype(np.int16)
        before, self._other = self._other, self._has_other_color(rgb, gray)
        if last is None:
            self._lit, self._moved, self._flows, before = np.zeros((4, *gray.shape), bool)
        self._lit |= (gray > LIT) & (np.abs(gray - _background(gray)) > MOVES) & ~self._other
        moves = np.zeros(gray.shape, bool) if last is None else np.abs(rgb - last).max(axis=-1) > MOVES
        self._moved |= moves & ~self._other
        self._flows |= moves & (self._other | before)
        return bool(moves.any()) and self._fills_sector()

    @property
    def in_still(self) -> bool:
        """Whether nothing has moved, and the last frame shows color flow."""
        return self._last is not None and not self._moved.any() and self._fills_sector()

    def _fills_sector(self) -> bool:
        """Whether pixels of another color are more than thin lines, and lie in the sector."""
        thick = _without_lines(self._flows, THIN) | _without_lines(self._other, THIN_STILL)
        return bool(thick.any() and _without_lines(thick & self._sector(), THIN).mean() > FLOW)

    def _sector(self) -> np.ndarray:
        """Return where the sector is, or the whole picture if nothing has the usual color."""
        lit, moved = (binary_opening(mask, np.ones((2, 2))) for mask in (self._lit, self._moved))
        if not lit.any():
            return np.ones(lit.shape, bool)
        parts, _ = label(binary_closing(lit, np.ones((3, 3))))
        sector = convex_hull_image(parts == 1 + np.bincount(parts.ravel())[1:].argmax())
        hull = convex_hull_image(moved) if moved.any() else moved
        return sector & hull if hull.sum() > MOVING * sector.sum() else sector

    def _has_other_color(self, rgb: np.ndarray, gray: np.ndarray) -> np.ndarray:
        """Return which pixels ``(..., 3)`` have not the usual color of their brightness, that is, its median so far."""
        squares = np.zeros(gray.shape)
        for counts, value in zip(self._counts, (rgb[..., 0] - gray, rgb[..., 2] - gray)):
            place = gray // LEVELS * counts.shape[1] + (value + 256) // LEVELS
            counts += np.bincount(place.ravel(), minlength=counts.size).reshape(counts.shape)
            usual = _usual_color(counts)[gray // LEVELS]
            squares += (value - np.clip(usual, -TINT * gray, TINT * gray)) ** 2
        return squares > APART**2


def _background(gray: np.ndarray) -> int:
    """Return the gray level of the screen around the picture, 0 if no level is that frequent."""
    counts = np.bincount(gray.ravel())
    return int(counts.argmax()) if counts.max() > SCREEN * gray.size else 0


def _without_lines(mask: np.ndarray, thin: int) -> np.ndarray:
    """Return the parts of a mask that are at least ``thin`` pixels wide, gaps closed; small masks are empty."""
    if mask.mean() <= FLOW:  # spares the morphology of gray and tinted frames
        return np.zeros_like(mask)
    return binary_opening(binary_closing(mask), np.ones((thin, thin)))


def _usual_color(counts: np.ndarray) -> np.ndarray:
    """Return the median of red or blue beyond gray in each group of gray levels, without outliers among the groups."""
    total = counts.cumsum(axis=1)
    median = LEVELS * (total >= total[:, -1:] / 2).argmax(axis=1) + LEVELS / 2 - 256
    groups, found = np.arange(len(counts)), np.flatnonzero(total[:, -1])
    return median_filter(np.interp(groups, found, median[found]), SMOOTH, mode="nearest")


def watch_color(
    path: Path,
    frames: Iterable[tuple[np.ndarray, np.ndarray | None]],
    box: tuple[int, int, int, int] | None,
    options: ReadOptions,
    meta: ClipMeta,
) -> Iterator[np.ndarray]:
    """Yield gray frames, and refuse color flow, or state it in the metadata if it is to be read.

    Args:
        path: the clip.
        frames: gray frames, each with the RGB frame ``(rows, columns, 3)`` that it was converted from, if any.
        box: see :class:`ColorFlow`.
        options: ``force`` reads color flow.
        meta: ``mode`` is changed.

    Raises:
        ClipReadError: at the first frame with color flow, or at the end of a still picture that shows it.
    """
    flow, found = ColorFlow(box), False
    for gray, color in frames:
        if color is not None and not found and flow.add(color):
            found = True
            _state(path, options, meta)
        yield gray
    if not found and flow.in_still:
        _state(path, options, meta)


def refuse_mode(path: Path, mode: str, options: ReadOptions) -> None:
    """Refuse another mode than B-mode, unless it is to be read anyway.

    Raises:
        ClipReadError: if the mode is another one.
    """
    if mode not in ("B-mode", "unknown") and not options.force:
        raise ClipReadError(f"{path} shows {mode}, expected B-mode; choose another clip, or set force.")


def _state(path: Path, options: ReadOptions, meta: ClipMeta) -> None:
    meta["mode"] = COLOR_DOPPLER
    refuse_mode(path, COLOR_DOPPLER, options)
