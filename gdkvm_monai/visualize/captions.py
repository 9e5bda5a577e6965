"""Captions below the pictures of a movie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["add_caption"]

LARGEST_SIZE, SMALLEST_SIZE = 14, 6
"""Size of the letters in pixels: the largest at which the text fits in the width."""


def add_caption(picture: np.ndarray, lines: Sequence[str]) -> np.ndarray:
    """Add lines of white text on a black strip below a picture.

    Args:
        picture: ``(rows, columns, 3)``, uint8.
        lines: text; none leaves the picture as it is.

    Returns:
        ``(rows + strip, columns, 3)``; the strip has an even number of rows, which depends on the number of lines only.
    """
    if not lines:
        return picture
    height = 2 * ((LARGEST_SIZE + 4) // 2)
    strip = Image.new("RGB", (picture.shape[1], height * len(lines)))
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        draw.text((4, height * (number + 0.5)), line, "white", _fitting_font(line, strip.width - 8), anchor="lm")
    return np.concatenate([picture, np.asarray(strip)])


def _fitting_font(text: str, width: int) -> ImageFont.FreeTypeFont:
    for size in range(LARGEST_SIZE, SMALLEST_SIZE, -1):
        font = ImageFont.load_default(size)
        if font.getlength(text) <= width:
            return font
    return ImageFont.load_default(SMALLEST_SIZE)
