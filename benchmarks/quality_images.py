"""Predictions for the quality check's benchmark: CAMUS pairs, clean and degraded, segmented with several weights."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, rotate

from gdkvm_monai.data import ClipReader, camus_datalist
from gdkvm_monai.files import atomic_write
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.frame_loop import edge_share, segment_frames
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import Pipeline

__all__ = ["DEGRADATIONS", "Pair", "Prediction", "expert_pairs", "predict"]


@dataclass(frozen=True)
class Pair:
    """End-diastole and end-systole of one patient: image and expert mask ``(H, W, 2)``, mm per pixel."""

    patient: str
    image: np.ndarray
    label: np.ndarray
    spacing_mm: tuple[float, float]


@dataclass(frozen=True)
class Prediction:
    """What the segmentation of a pair tells the quality check, per frame of the pair.

    Attributes:
        masks: class indices, ``(H, W, 2)``.
        copy_volumes: volumes of the perturbed copies in mL, ``(copies, 2)``.
        confidence: lowest Dice with these copies, ``(2,)``.
        statistics: mean and standard deviation of the network's input, ``(2, 2)``.
        edge: largest share of the ventricle's outline on the sector's edge, ``()``.
    """

    masks: np.ndarray
    copy_volumes: np.ndarray
    confidence: np.ndarray
    statistics: np.ndarray
    edge: np.ndarray


def expert_pairs(dataset_dir: Path, section: str) -> Iterator[Pair]:
    """Read the pairs of a section of CAMUS."""
    reader = ClipReader()
    for item in camus_datalist(dataset_dir, section, "4CH", "stills", None):
        image, label = reader.read(item["image"]), reader.read(item["label"])
        lateral, depth = np.linalg.norm(image.affine[:3, :2], axis=0)
        yield Pair(item["patient"], image.pixels, label.pixels, (float(lateral), float(depth)))


def _noise(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    grain = gaussian_filter(rng.standard_normal(image.shape), (2, 1, 0))
    return image * (1 + 2 * strength * grain / grain.std()) + 60 * strength * rng.random(image.shape) * (image > 0)


def _dark(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    return 255 * (image / 255) ** (1 + 2 * strength)


def _shadow(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    x, y = np.meshgrid(*(np.linspace(-1, 1, length) for length in image.shape[:2]), indexing="ij")
    angle = np.arctan2(x, y + 1.05)
    return image * (1 - strength * np.exp(-(((angle - rng.uniform(-0.4, 0.4)) / 0.15) ** 2)))[..., None]


def _blur(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    return gaussian_filter(image, (12 * strength, 6 * strength, 0))


def _cut(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    cut, columns = image.copy(), int(0.45 * strength * len(image))
    cut[slice(None, columns) if rng.random() < 0.5 else slice(len(image) - columns, None)] = 0
    return cut


def _tilt(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    return rotate(image, rng.choice([-1, 1]) * 40 * strength, axes=(0, 1), reshape=False, order=1)


def _mirror(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    return image[::-1]


DEGRADATIONS = {
    "clean": lambda image, rng, strength: image,
    **{"noise": _noise, "dark": _dark, "shadow": _shadow, "blur": _blur, "cut": _cut, "tilt": _tilt, "mirror": _mirror},
}
"""Degraded images by name; the strength is between 0 and 1."""


def predict(pair: Pair, kind: str, pipeline: Pipeline, file: Path) -> Prediction:
    """Segment a degraded pair with its perturbed copies; the result is read from ``file`` if it exists."""
    if not file.is_file():
        rng = np.random.default_rng(zlib.crc32(f"{pair.patient} {kind}".encode()))
        degraded = DEGRADATIONS[kind](pair.image.astype(float), rng, rng.uniform(0.2, 1))
        found = _segment(np.clip(degraded, 0, 255).astype(np.uint8), pair.spacing_mm, pipeline)
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as partial, partial.open("wb") as stream:
            np.savez_compressed(stream, **asdict(found))
    with np.load(file) as stored:
        content: Mapping[str, np.ndarray] = dict(stored)
    return Prediction(**content)


def _segment(image: np.ndarray, spacing_mm: tuple[float, float], pipeline: Pipeline) -> Prediction:
    options = SegmentOptions(view="4CH", spacing_mm=spacing_mm)
    source = ClipSource(image, options)
    with tempfile.TemporaryDirectory() as folder, ClipCache(Path(folder), source) as cache:
        clip = segment_frames(pipeline, source, options, cache, False)
        return Prediction(
            masks=cache.masks.stack(),
            copy_volumes=np.array(clip.copy_volumes),
            confidence=np.array([frame.confidence for frame in clip.frames]),
            statistics=np.array([(frame.intensity_mean, frame.intensity_sd) for frame in clip.frames]),
            edge=np.array(edge_share(cache, source, clip.sector)),
        )
