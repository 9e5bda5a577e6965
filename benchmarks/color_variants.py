"""B-mode in color, and color flow, made from gray clips for the benchmark of color flow."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

__all__ = ["B_MODE", "COLOR_FLOW", "Variant"]

Variant = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Turns a gray clip ``(T, rows, columns)`` of 8 bits into RGB ``(T, rows, columns, 3)``."""

BLOOD = 45.0
"""Blurred gray level below which a pixel may be blood."""


SWEEP = 40
"""Frames in which an ECG is drawn across the picture."""


def _tint(gray: np.ndarray, rng: np.random.Generator, red: float, green: float, blue: float) -> np.ndarray:
    return np.rint(gray[..., None] * np.array([red, green, blue])).astype(np.uint8)


def _map(gray: np.ndarray, rng: np.random.Generator, powers: tuple[float, float, float]) -> np.ndarray:
    return np.rint(255 * (gray[..., None] / 255) ** np.array(powers)).astype(np.uint8)


def _bars(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    frames, height = _tint(gray, rng, 1, 1, 1), gray.shape[1] // 12
    frames[:, :height] = (30, 60, 120)  # title bar
    ramp = np.linspace((255, 220, 0), (0, 60, 255), gray.shape[1] // 3)
    frames[:, height : height + len(ramp), -height // 2 :] = ramp[:, None]  # color scale
    frames[:, height + 2 : 2 * height, 2:height] = (0, 160, 220)  # logo
    return frames


def _screen(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The clip within a dark gray screen with two rows of colored buttons."""
    count, rows, columns = gray.shape
    frames = np.full((count, rows + 40, columns + 80, 3), 50, np.uint8)
    frames[:, 20:-20, :columns] = gray[..., None]
    for row in range(30, rows, 40):
        frames[:, row : row + 20, columns + 10 : columns + 35] = (40, 90, 200)
        frames[:, row : row + 20, columns + 45 : columns + 70] = (210, 120, 20)
    return frames


def _ecg(
    gray: np.ndarray, rng: np.random.Generator, sweeps: bool, tint: tuple[float, ...] = (1, 1, 1), width: int = 4
) -> np.ndarray:
    frames, (count, rows, columns) = _tint(gray, rng, *tint), gray.shape
    x = np.arange(columns)
    y = (0.93 * rows - 0.12 * rows * np.exp(-(((x % (columns // 2) - columns / 8) / 3) ** 2))).astype(int)
    for frame in range(count):
        drawn = x if not sweeps else x[: columns // 3 + frame * columns // SWEEP]
        for thick in range(-1, width - 1):
            frames[frame, y[drawn] + thick, drawn] = (0, 255, 60)
    return frames


def _digits(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Yellow digits of a clock and a heart rate that change from frame to frame."""
    frames = _tint(gray, rng, 1, 1, 1)
    for frame in frames:
        for column in (4, 14, 24, 34):
            frame[4:16, column : column + 8][rng.random((12, 8)) < 0.4] = (240, 220, 40)
    return frames


def _jpeg(frames: np.ndarray, quality: int = 70) -> np.ndarray:
    """Compress each frame with subsampled color, as video and JPEG DICOM do."""
    lossy = np.empty_like(frames)
    for frame, target in zip(frames, lossy):
        content = io.BytesIO()
        Image.fromarray(frame).save(content, "JPEG", quality=quality, subsampling=2)
        target[:] = np.asarray(Image.open(content))
    return lossy


def _then_jpeg(gray: np.ndarray, rng: np.random.Generator, variant: Variant) -> np.ndarray:
    return _jpeg(variant(gray, rng))


def _flow(
    gray: np.ndarray,
    rng: np.random.Generator,
    share: float = 0.04,
    speed: float = 1,
    turbulent: bool = False,
    steady: bool = False,
    power: bool = False,
    tint: tuple[float, ...] = (1, 1, 1),
) -> np.ndarray:
    """Add color where blood is most likely, over ``share`` of the picture at most, as fast as ``speed``."""
    frames, (count, rows, columns) = _tint(gray, rng, *tint), gray.shape
    blood = gaussian_filter(gray.mean(axis=0), 3)
    y, x = np.mgrid[:rows, :columns]
    y0, x0 = rng.uniform(0.35, 0.65, 2) * (rows, columns)
    radius = 1.3 * np.sqrt(share * rows * columns / np.pi)
    place = np.hypot(y - y0, x - x0) + 0.3 * radius * gaussian_filter(rng.standard_normal(gray.shape[1:]), 6) * 15
    place += np.where(blood < BLOOD, 0, radius / 2)
    inside = place <= np.partition(place.ravel(), int(share * rows * columns))[int(share * rows * columns)]
    sign = rng.choice((-1, 1))
    phase = rng.uniform(0, 2 * np.pi)
    for frame in range(count):
        beat = 1 if steady else 0.5 + 0.5 * np.cos(2 * np.pi * frame / count + phase)
        rough = rng.standard_normal((rows, columns))
        field = sign * speed * (0.4 + 0.6 * beat) * (0.8 + 2 * gaussian_filter(rough, 4))
        if turbulent:
            field = np.clip(4 * gaussian_filter(rough, 1.5), -1, 1)
        shown = inside & (place < place[inside].min() + np.ptp(place[inside]) * (0.5 + 0.5 * beat))
        frames[frame][shown] = _colors(np.clip(field, -1, 1), power)[shown]
    return frames


def _uniform(gray: np.ndarray, rng: np.random.Generator, share: float = 0.02) -> np.ndarray:
    """Add a disk of one color that neither moves nor changes."""
    frames, (rows, columns) = _tint(gray, rng, 1, 1, 1), gray.shape[1:]
    y, x = np.mgrid[:rows, :columns]
    y0, x0 = rng.uniform(0.35, 0.65, 2) * (rows, columns)
    color = _colors(rng.choice((-1, 1)) * rng.uniform(0.2, 1, (1, 1)), power=False)[0, 0]
    frames[:, np.hypot(y - y0, x - x0) < np.sqrt(share * rows * columns / np.pi)] = color
    return frames


def _colors(speed: np.ndarray, power: bool) -> np.ndarray:
    """Red to yellow toward the probe, blue to cyan away from it; orange for power Doppler."""
    fast = np.abs(speed)
    strong, weak = 90 + 165 * fast, np.where(fast > 0.5, 400 * (fast - 0.5), 0)
    if power:
        return np.stack([strong, 0.55 * strong * fast, 0 * fast], axis=-1).astype(np.uint8)
    toward = np.stack([strong, weak, 0.1 * weak], axis=-1)
    return np.where(speed[..., None] > 0, toward, toward[..., ::-1]).clip(0, 255).astype(np.uint8)


SEPIA, BLUE = (1, 0.78, 0.45), (0.45, 0.7, 1)

B_MODE: dict[str, Variant] = {
    "gray": partial(_tint, red=1, green=1, blue=1),
    "sepia": partial(_tint, red=1, green=0.78, blue=0.45),
    "weak sepia": partial(_tint, red=1, green=0.93, blue=0.8),
    "blue": partial(_tint, red=0.45, green=0.7, blue=1),
    "green": partial(_tint, red=0.2, green=1, blue=0.3),
    "red": partial(_tint, red=1, green=0.25, blue=0.15),
    "color map": partial(_map, powers=(0.8, 1.4, 2.5)),
    "blue color map": partial(_map, powers=(2.2, 1.3, 0.8)),
    "title bar, scale, logo": _bars,
    "buttons on a gray screen": _screen,
    "ECG": partial(_ecg, sweeps=False),
    "thick ECG": partial(_ecg, sweeps=False, width=7),
    "ECG that is drawn": partial(_ecg, sweeps=True),
    "ECG that is drawn, sepia": partial(_ecg, sweeps=True, tint=SEPIA),
    "digits that change": _digits,
    "sepia, JPEG": partial(_then_jpeg, variant=partial(_tint, red=1, green=0.78, blue=0.45)),
    "color map, JPEG": partial(_then_jpeg, variant=partial(_map, powers=(0.8, 1.4, 2.5))),
    "ECG that is drawn, JPEG": partial(_then_jpeg, variant=partial(_ecg, sweeps=True)),
}
COLOR_FLOW: dict[str, Variant] = {
    "8 % of the picture": partial(_flow, share=0.08),
    "4 %": _flow,
    "2 %": partial(_flow, share=0.02),
    "1 %": partial(_flow, share=0.01),
    "2 %, slow": partial(_flow, share=0.02, speed=0.3),
    "2 %, turbulent": partial(_flow, share=0.02, turbulent=True),
    "2 %, steady": partial(_flow, share=0.02, steady=True),
    "2 %, uniform": _uniform,
    "2 %, power": partial(_flow, share=0.02, power=True),
    "2 % on sepia": partial(_flow, share=0.02, tint=SEPIA),
    "2 % on blue": partial(_flow, share=0.02, tint=BLUE),
    "4 %, JPEG": partial(_then_jpeg, variant=_flow),
    "2 % on sepia, JPEG": partial(_then_jpeg, variant=partial(_flow, share=0.02, tint=SEPIA)),
}
