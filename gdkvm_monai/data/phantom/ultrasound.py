"""The imaging physics: from moving scatterers to the gray picture of a sector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Quality:
    """Image quality; levels in dB relative to myocardium.

    Attributes:
        noise_db: level of the noise and clutter that fill the blood pool.
        haze_db: level of the reverberation right below the transducer.
        shadow_db: depth of the deepest shadow behind ribs and lung.
        border_db: gain of a border that faces the beam.
        lateral_deg, axial_mm: standard deviations of the point-spread function.
        range_db: dynamic range of the display.
    """

    noise_db: float
    haze_db: float
    shadow_db: float
    border_db: float
    lateral_deg: float
    axial_mm: float
    range_db: float


QUALITIES = {
    "good": Quality(-21, -4, 10, 9, 0.60, 0.42, 56),
    "medium": Quality(-16, 0, 13, 6, 0.75, 0.50, 52),
    "poor": Quality(-11, 3, 18, 3, 0.95, 0.60, 48),
}


class Sector:
    """Beams and samples of a sector scan: splat scatterers, blur, compress, convert to pixels.

    Args:
        depth_mm: radius.
        half_angle: half of the opening angle in radians.
        quality: properties of the picture.

    Attributes:
        shape: number of beams and of samples per beam.
        radius_mm: depth of each sample, ``(R,)``.
        angle: angle of each beam in radians, 0 straight down, ``(B, 1)``.

    Example:
        >>> sector = Sector(150.0, 0.7, QUALITIES["good"])
        >>> sector.blur(np.ones(sector.shape)).shape == sector.shape
        True
    """

    def __init__(self, depth_mm: float, half_angle: float, quality: Quality) -> None:
        self.depth_mm, self.half_angle, self.quality = depth_mm, half_angle, quality
        self.step_mm, self.step_angle = quality.axial_mm, np.radians(quality.lateral_deg) / 1.5
        self.shape = (int(2 * half_angle / self.step_angle) + 1, int(depth_mm / self.step_mm) + 1)
        self.radius_mm = np.arange(self.shape[1]) * self.step_mm
        self.angle = ((np.arange(self.shape[0]) - (self.shape[0] - 1) / 2) * self.step_angle)[:, None]
        self._sigma = (np.radians(quality.lateral_deg) / self.step_angle, quality.axial_mm / self.step_mm)
        impulse = np.zeros((33, 33))
        impulse[16, 16] = 1
        self._norm = 1 / np.sqrt(np.sum(self._filter(impulse) ** 2))

    def _filter(self, grid: np.ndarray) -> np.ndarray:
        for axis, sigma in enumerate(self._sigma):
            grid = gaussian_filter1d(grid, sigma, axis=axis, mode="nearest", truncate=3)
        return grid

    def blur(self, grid: np.ndarray) -> np.ndarray:
        """Apply the point-spread function to ``(B, R)``; white noise keeps its variance.

        The beams diverge, so a blur of constant angle is one whose width in mm grows with the depth.
        """
        return self._norm * self._filter(grid)

    def splat(self, points_mm: np.ndarray, amplitudes: np.ndarray) -> np.ndarray:
        """Add scatterers ``(N, 2)`` with amplitudes ``(2, N)`` (in phase, quadrature) to a grid ``(2, B, R)``."""
        x, y = points_mm[:, 0], points_mm[:, 1]
        beam = np.arctan2(x, y) / self.step_angle + (self.shape[0] - 1) / 2
        sample = np.hypot(x, y) / self.step_mm
        inside = (beam > 0) & (beam < self.shape[0] - 1) & (sample > 0) & (sample < self.shape[1] - 1)
        beam, sample, amplitudes = beam[inside], sample[inside], amplitudes[:, inside]
        b0, s0 = beam.astype(np.int64), sample.astype(np.int64)
        fb, fs, size = beam - b0, sample - s0, self.shape[0] * self.shape[1]
        grid = np.zeros((2, size))
        for db, wb in ((0, 1 - fb), (1, fb)):
            for ds, ws in ((0, 1 - fs), (1, fs)):
                index, weight = (b0 + db) * self.shape[1] + s0 + ds, wb * ws
                for part, amplitude in zip(grid, amplitudes):
                    part += np.bincount(index, weight * amplitude, size)
        return grid.reshape(2, *self.shape)

    def compress(self, signal: np.ndarray) -> np.ndarray:
        """Return the gray values 0 to 255 of the log-compressed envelope, ``(2, B, R) -> (B, R)``."""
        level_db = 10 * np.log10(signal[0] ** 2 + signal[1] ** 2 + 1e-9)
        return np.clip(255 * (level_db / self.quality.range_db + 0.6), 0, 255)

    def pixel_grid(self, shape: tuple[int, int]) -> tuple[np.ndarray, tuple[float, float]]:
        """Return the centers ``(W, H, 2)`` of the pixels of the sector's bounding box and their spacing in mm."""
        half_width = self.depth_mm * np.sin(self.half_angle)
        spacing = (2 * half_width / shape[0], self.depth_mm / shape[1])
        x, y = ((np.arange(count) + 0.5) * step for count, step in zip(shape, spacing))
        return np.stack(np.meshgrid(x - half_width, y, indexing="ij"), axis=-1), spacing

    def inside(self, points_mm: np.ndarray) -> np.ndarray:
        """Return whether points ``(..., 2)`` lie in the sector."""
        x, y = points_mm[..., 0], points_mm[..., 1]
        return (np.abs(np.arctan2(x, y)) <= self.half_angle) & (np.hypot(x, y) <= self.depth_mm)

    def scan_converter(self, shape: tuple[int, int]) -> csr_matrix:
        """Return the matrix ``(W H, B R)`` that turns beams into pixels, averaging over pixels larger than a sample."""
        points, spacing = self.pixel_grid(shape)
        repeats = [max(1, round(step / (1.5 * self.step_mm))) for step in spacing]
        pixels, weights, columns = [], [], []
        pixel = np.flatnonzero(self.inside(points))
        points = points.reshape(-1, 2)[pixel]
        for i in range(repeats[0]):
            for j in range(repeats[1]):
                shift = [(i + 0.5) / repeats[0] - 0.5, (j + 0.5) / repeats[1] - 0.5]
                column, weight = self._corners(points + np.multiply(shift, spacing))
                columns.append(column)
                weights.append(weight / np.prod(repeats))
                pixels.append(np.broadcast_to(pixel, column.shape))
        entries = (np.ravel(part) for part in (weights, pixels, columns))
        weight, row, column = entries
        matrix = (weight.astype(np.float32), (row, column))
        return csr_matrix(matrix, shape=(shape[0] * shape[1], self.shape[0] * self.shape[1]))

    def _corners(self, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return indices and weights ``(4, N)`` of the four samples around each point ``(N, 2)``."""
        beam = np.arctan2(points_mm[:, 0], points_mm[:, 1]) / self.step_angle + (self.shape[0] - 1) / 2
        beam = np.clip(beam, 0, self.shape[0] - 1.001)
        sample = np.clip(np.hypot(*points_mm.T) / self.step_mm, 0, self.shape[1] - 1.001)
        b0, s0 = beam.astype(np.int64), sample.astype(np.int64)
        fb, fs = beam - b0, sample - s0
        first = b0 * self.shape[1] + s0
        columns = np.stack([first, first + 1, first + self.shape[1], first + self.shape[1] + 1])
        return columns, np.stack([(1 - fb) * (1 - fs), (1 - fb) * fs, fb * (1 - fs), fb * fs])
