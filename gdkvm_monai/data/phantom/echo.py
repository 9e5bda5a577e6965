"""The phantom: one patient with known contours, volumes, and ejection fraction, imaged by ultrasound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from gdkvm_monai.data.phantom.heart import LeftHeart
from gdkvm_monai.data.phantom.plane import ViewPlane
from gdkvm_monai.data.phantom.tissue import Tissue
from gdkvm_monai.data.phantom.ultrasound import QUALITIES, Sector
from gdkvm_monai.data.seeds import random_generator
from gdkvm_monai.labels import VIEWS, parse_view


class EchoPhantom:
    """Render the apical views of one synthetic patient.

    Both views are cut from one heart, so that the biplane method of disks on the labels returns the true volumes.

    Args:
        seed: one or several non-negative integers; the same seed gives the same patient, byte by byte.
        quality: "good", "medium", or "poor": contrast, noise, haze, and dropout. It does not change the heart.

    Attributes:
        ef_percent: true ejection fraction, uniform in 20 to 75 %.
        edv_ml, esv_ml: true volumes of the left ventricle.
        heart_rate_bpm: beats per minute.
        beat_s: duration of one beat in seconds.
        end_systole_s: time of end-systole in seconds; end-diastole is at 0.

    Raises:
        ValueError: if the quality is unknown or a seed is negative.

    Example:
        >>> phantom = EchoPhantom(seed=3, quality="good")
        >>> image, label, spacing_mm = phantom.render("4CH", [0.0, phantom.end_systole_s], size=(64, 48))
        >>> image.shape, label.shape, str(image.dtype)
        ((48, 64, 2), (48, 64, 2), 'uint8')
    """

    def __init__(self, seed: int | Sequence[int], quality: str = "medium") -> None:
        if quality not in QUALITIES:
            raise ValueError(f"quality = {quality!r} is unknown; choose one of {', '.join(QUALITIES)}.")
        self.seed, self.quality, self.heart = seed, quality, LeftHeart(seed)
        beat = self.heart.beat
        self.ef_percent, self.edv_ml, self.esv_ml = beat.ef_percent, beat.edv_ml, beat.esv_ml
        self.heart_rate_bpm, self.end_systole_s, self.beat_s = beat.heart_rate_bpm, beat.end_systole_s, beat.duration_s

    def volume_ml(self, times_s: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the true volume of the left ventricle in mL at ``T`` times in seconds, ``(T,)``."""
        return self.heart.beat.volume_ml(times_s)

    def render(
        self,
        view: str,
        times_s: Sequence[float] | np.ndarray,
        size: tuple[int, int] | None = None,
        spacing_mm: float | None = None,
    ) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
        """Render a clip of one view. A frame depends on its time alone, not on the other frames.

        Args:
            view: "2CH" (A2C) or "4CH" (A4C).
            times_s: ``T`` times in seconds, in any order, over any number of beats.
            size: height and width in pixels; the sector fills them, so that pixels are anisotropic in general.
            spacing_mm: side of a square pixel instead of ``size``; the number of pixels then follows the patient.

        Returns:
            The image and the label, uint8 ``(W, H, T)`` in the axis order of CAMUS's NIfTI files (lateral, depth,
            time), and the spacing of the first two axes in mm. Label values are those of CAMUS.

        Raises:
            ValueError: if the view is unknown or not exactly one of ``size`` and ``spacing_mm`` is given.
        """
        if (size is None) == (spacing_mm is None):
            raise ValueError(f"size = {size} and spacing_mm = {spacing_mm}: give exactly one of them.")
        times, view = np.atleast_1d(np.asarray(times_s, dtype=float)), parse_view(view)
        section = self.heart.section(view, times)
        plane = ViewPlane(self.heart, view, self.seed)
        sector = Sector(plane.depth_mm, plane.half_angle, QUALITIES[self.quality])
        if size is None:
            width_mm = 2 * plane.depth_mm * np.sin(plane.half_angle)
            size = (round(plane.depth_mm / spacing_mm), round(width_mm / spacing_mm))
        shape = (int(size[1]), int(size[0]))
        points, spacing = sector.pixel_grid(shape)
        visible = sector.inside(points)
        image = self._picture(plane, sector, times, shape)
        label = np.stack([plane.classify(points, section, frame) for frame in range(len(times))], axis=-1)
        return image, label * visible[..., None], spacing

    def _picture(self, plane: ViewPlane, sector: Sector, times: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Return the gray picture of each time, uint8 ``(W, H, T)``."""
        section = self.heart.section(plane.view, times)
        view = VIEWS.index(plane.view)
        tissue = Tissue(plane, sector, self.seed)
        convert = sector.scan_converter(shape)
        gain, clutter = self._gain(sector, view), self._clutter(sector, view)
        contrast, brightness = 10 ** (random_generator(self.seed, 50 + view).uniform([-2, -4], [3, 2]) / 20)
        contraction = self.heart.beat.contraction(times)
        frames = []
        for index, positions in enumerate(tissue.positions(section, times)):
            signal = contrast * gain * sector.splat(positions, tissue.amplitudes(contraction[index]))
            rng = random_generator(self.seed, 1000 + view + 2 * (round(times[index] * 1e6) % 2**31))
            noise = rng.standard_normal(signal.shape, dtype=np.float32)
            signal += clutter + 0.8 * 10 ** (sector.quality.noise_db / 20) * noise
            gray = sector.compress(brightness * np.stack([sector.blur(part) for part in signal]))
            frames.append(np.rint(convert @ gray.ravel()).astype(np.uint8).reshape(shape))
        return np.stack(frames, axis=-1)

    def _clutter(self, sector: Sector, view: int) -> np.ndarray:
        """Return the echoes that do not move, ``(2, B, R)``: haze below the transducer and side lobes everywhere."""
        rng = random_generator(self.seed, 20 + view)
        haze_mm = rng.uniform(8, 16)
        haze_db = sector.quality.haze_db - 20 * (sector.radius_mm / haze_mm)
        uneven = gaussian_filter(rng.standard_normal(sector.shape), [0.1 * count for count in sector.shape])
        side_lobe_db = sector.quality.noise_db + 5 * uneven / uneven.std()
        amplitude = 10 ** (haze_db / 20) + 0.6 * 10 ** (side_lobe_db / 20)
        return amplitude * rng.standard_normal((2, *sector.shape))

    def _gain(self, sector: Sector, view: int) -> np.ndarray:
        """Return the gain left by attenuation, its compensation, and shadows of ribs and lung, ``(B, R)``."""
        rng = random_generator(self.seed, 30 + view)
        level_db = rng.uniform(-3, 7) * (sector.radius_mm / sector.depth_mm - 0.5) + np.zeros(sector.shape)
        for _ in range(3):
            center, width = rng.uniform(-1, 1) * sector.half_angle, rng.uniform(0.05, 0.18)
            start, depth_db = rng.uniform(0, 0.5) * sector.depth_mm, rng.uniform(0, 1) * sector.quality.shadow_db
            shadow = np.exp(-(((sector.angle - center) / width) ** 2))
            level_db -= depth_db * shadow / (1 + np.exp((start - sector.radius_mm) / 6))
        return 10 ** (level_db / 20)
