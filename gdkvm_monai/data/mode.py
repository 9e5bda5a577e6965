"""The ultrasound mode: networks are trained on B-mode, and color flow shows in pixels that come and go in color."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_closing, binary_opening
from skimage.morphology import convex_hull_image

from gdkvm_monai.data.clip import ClipMeta, ClipReadError, ReadOptions, luma

__all__ = ["COLOR_DOPPLER", "ColorFlow", "refuse_mode", "watch_color"]

COLOR_DOPPLER = "color Doppler"
LEVELS = 8  # gray levels that share a color, if a clip is only tinted
TINT = 2  # largest share by which a tint exceeds gray in red or blue
APART = 40  # gray levels between a color and that of the same brightness, in red and blue
MOVES = 12  # gray levels by which a pixel changes between two frames
THIN = 4  # pixels of every second row and column; thinner things, such as an ECG line, do not count
FLOW = 0.002  # fraction of the pixels that move in another color
COLORED, GRAY = 0.02, 0.01  # fractions of colored and gray pixels above which a still picture shows color flow


class ColorFlow:
    """Tell color flow from B-mode that is tinted, or that has colored letters, bars, or an ECG beside the tissue.

    In B-mode, a tint is a function of brightness, and what moves has the color of its brightness. Pixels that move and
    have another color than others of the same brightness are color flow, unless they form thin lines, such as an ECG
    that is being drawn, or lie outside the sector, the convex hull of what moves in the usual color. A picture that
    does not move shows color flow if parts of it are colored and others are gray.

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
        self._moved = False
        self._other = self._tissue = np.zeros((0, 0), bool)  # what has moved so far in another color, and in the usual
        self._counts = np.zeros((2, 256 // LEVELS, 512 // LEVELS))  # of red and blue beyond gray, by brightness

    def add(self, rgb: np.ndarray) -> bool:
        """Add a frame ``(rows, columns, 3)`` of 8 bits; returns whether it shows color flow."""
        x0, y0, x1, y1 = self.box or (0, 0, *rgb.shape[1::-1])
        rgb = rgb[y0:y1:2, x0:x1:2].astype(np.int16)
        last, self._last = self._last, rgb
        if last is None:
            self._other = self._tissue = np.zeros(rgb.shape[:2], bool)
            return False
        change = np.abs(rgb - last).max(axis=-1)
        moves = change > MOVES
        self._moved |= bool((change > 2 * MOVES).mean() > 2 * FLOW)
        other = np.zeros(moves.shape, bool)
        other[moves] = self._has_other_color(np.stack([rgb[moves], last[moves]])).any(axis=0)  # before and after
        self._other, self._tissue = self._other | other, self._tissue | moves & ~other
        return self._fills_tissue()

    def _fills_tissue(self) -> bool:
        """Whether what has moved in another color so far is more than thin lines, and lies in the sector."""
        if not self._other.any():  # a gray clip in RGB: spares the morphology of every frame
            return False
        thick = binary_opening(binary_closing(self._other), np.ones((THIN, THIN)))
        if thick.mean() <= FLOW:
            return False
        tissue = binary_opening(self._tissue, np.ones((2, 2)))
        return bool(not tissue.any() or (thick & convex_hull_image(tissue)).mean() > FLOW)

    def _has_other_color(self, rgb: np.ndarray) -> np.ndarray:
        """Return which pixels ``(..., 3)`` have not the usual color of their brightness, that is, its median so far."""
        gray = luma(rgb.astype(np.uint8)).astype(np.int16)
        group, beyond = gray // LEVELS, (rgb[..., 0] - gray, rgb[..., 2] - gray)
        squares = np.zeros(gray.shape)
        for counts, value in zip(self._counts, beyond):
            np.add.at(counts, (group, (value + 256) // LEVELS), 1)
            total = counts.cumsum(axis=1)
            median = LEVELS * (total >= total[:, -1:] / 2).argmax(axis=1) + LEVELS / 2 - 256
            squares += (value - np.clip(median[group], -TINT * gray, TINT * gray)) ** 2
        return squares > APART**2

    @property
    def in_still(self) -> bool:
        """Whether nothing has moved, and parts of the picture are colored while others are gray."""
        if self._moved or self._last is None:
            return False
        brightest = self._last.max(axis=-1)
        saturation = brightest - self._last.min(axis=-1)
        return bool((saturation > 80).mean() > COLORED and ((brightest > 60) & (saturation < 24)).mean() > GRAY)


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
