"""Color of a DICOM frame from its samples, whose order and color space the header may state wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["check_sample_order", "samples_to_rgb"]

NEUTRAL = 8  # largest median distance of the chrominance of gray pictures from 128
BEYOND, IMPOSSIBLE = 32, 0.25  # gray levels outside 0 to 255, and share of the pixels: no YCbCr has so many of them
TINT = 12  # gray levels by which colored samples differ from gray
COLORED, GRAY = 0.1, 0.01  # shares of colored pixels in a picture that may be wrong, and in one that is right
SMOOTHER = 0.7  # share of the steps between rows that is left in the right order
NEUTRAL_SAMPLE = 128


def samples_to_rgb(samples: np.ndarray, space: str) -> np.ndarray:
    """Convert samples to RGB, and recognize YCbCr that is called RGB, and the reverse.

    The second and third sample of YCbCr are near 128 in gray pictures. The black of RGB would be no color in YCbCr.

    Args:
        samples: ``(rows, columns, 3)``.
        space: stated color space; samples of ``YBR_ICT`` and ``YBR_RCT`` are RGB once they are decoded.
    """
    from pydicom.pixels import convert_color_space

    is_ycbcr = space in ("YBR_FULL", "YBR_FULL_422")
    if samples.dtype == np.uint8:
        is_ycbcr = not _is_rgb(samples) if is_ycbcr else _is_neutral_ycbcr(samples)
    return convert_color_space(samples, "YBR_FULL", "RGB", per_frame=True) if is_ycbcr else samples


def check_sample_order(samples: np.ndarray, header: Any, path: Path) -> None:
    """Refuse uncompressed samples in another order than ``PlanarConfiguration`` states: they would look like color.

    Args:
        samples: ``(rows, columns, 3)``, in the stated order; those of more than 8 bits are not checked.
        header: pydicom data set.
        path: DICOM file, for the error message.

    Raises:
        ClipReadError: if the picture is gray YCbCr in the other order only, or colored in this one and smoother in the
            other.
    """
    if samples.dtype != np.uint8:
        return
    rows, columns, _ = samples.shape
    if header.PlanarConfiguration:
        other = np.ascontiguousarray(samples.transpose(2, 0, 1)).reshape(samples.shape)
    else:
        other = np.ascontiguousarray(samples).reshape(3, rows, columns).transpose(1, 2, 0)
    space = "YBR" if header.PhotometricInterpretation.startswith("YBR") else "RGB"
    is_colored = _colored(samples, space) > COLORED
    is_smoother = is_colored and _roughness(other) < SMOOTHER * _roughness(samples)
    if is_smoother or (_is_gray_ycbcr(other) and not _is_gray_ycbcr(samples)):
        raise ClipReadError(
            f"{path} has its samples in another order than PlanarConfiguration {header.PlanarConfiguration} states; "
            "export it again."
        )


def _roughness(samples: np.ndarray) -> float:
    """Return the mean step between neighbors in a column."""
    return float(np.abs(np.diff(samples[:, ::4].astype(np.int16), axis=0)).mean()) if len(samples) > 1 else 0.0


def _colored(samples: np.ndarray, space: str) -> float:
    """Return the share of colored pixels."""
    values = samples[::2, ::2].astype(np.int16)
    gray = values[..., :1] if space == "RGB" else NEUTRAL_SAMPLE
    return float((np.abs(values[..., 1:] - gray) > TINT).any(axis=-1).mean())


def _is_gray_ycbcr(samples: np.ndarray) -> bool:
    return _colored(samples, "YBR") <= GRAY and _colored(samples, "RGB") > COLORED


def _is_neutral_ycbcr(samples: np.ndarray) -> bool:
    distances = np.abs(samples[::2, ::2].astype(np.int16) - NEUTRAL_SAMPLE)
    luminance, *chrominance = (np.median(distances[..., index]) for index in range(3))
    return bool(max(chrominance) <= NEUTRAL < luminance)


def _is_rgb(samples: np.ndarray) -> bool:
    """Whether the picture is gray as RGB and not as YCbCr, or many pixels would have no color as YCbCr."""
    if _colored(samples, "RGB") <= GRAY and _colored(samples, "YBR") > COLORED:  # gray as RGB only
        return True
    luminance, blue, red = np.moveaxis(samples[::2, ::2].astype(np.float32), -1, 0)
    blue, red = blue - NEUTRAL_SAMPLE, red - NEUTRAL_SAMPLE
    rgb = np.stack([luminance + 1.402 * red, luminance - 0.344 * blue - 0.714 * red, luminance + 1.772 * blue])
    return bool(((rgb < -BEYOND) | (rgb > 255 + BEYOND)).any(axis=0).mean() > IMPOSSIBLE)
