"""Moving clips with true labels, made from one labeled ED/ES pair."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from monai.transforms import Randomizable
from monai.utils import convert_to_dst_type
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate

from gdkvm_monai.data.phantom.beat import Beat
from gdkvm_monai.transforms.fan import continue_outside, find_fan
from gdkvm_monai.transforms.gray import FAULTS
from gdkvm_monai.transforms.motion import displacement

__all__ = ["ClipVariation", "RandMovingPaird", "draw_contraction", "moving_clip"]


@dataclass(frozen=True)
class ClipVariation:
    """Largest changes over a moving clip, besides the beat.

    Attributes:
        rotation_degrees: rotation of the probe in either direction.
        shift: shift of the heart, as a fraction of the frame.
        gain: relative change of brightness.
        speckle: standard deviation of multiplicative noise, independent in every frame.
        noise: standard deviation of additive noise within the sector, where the white level is 1.
    """

    rotation_degrees: float = 3.0
    shift: float = 0.02
    gain: float = 0.1
    speckle: float = 0.1
    noise: float = 0.02


class RandMovingPaird(Randomizable):
    """Turn an ED/ES pair into a clip of a beating heart in which every frame has its true label.

    The clip is a function of the item's motion (:class:`~gdkvm_monai.transforms.PairMotiond`) and of random numbers:
    heart rate, volume curve, start, and frame interval (:func:`draw_contraction`), probe drift, gain, and noise
    (:class:`ClipVariation`). Apply it before augmentation. The motion is removed from the item.

    Args:
        num_frames: length of the clip; 2 leaves the pair as it is. A loader may set it for each batch
            (:class:`~gdkvm_monai.data.MixedLengthLoader`).
        variation: how much else changes over a clip.
        frame_interval_s: shortest and longest time between frames, in seconds.
        image_key: clip ``(C, H, W, 2)``, ED then ES, from 0 to 1.
        label_key: label ``(1, H, W, 2)``.
        motion_key: velocity of the motion, ``(2, h, w)``.

    Raises:
        ValueError: if a clip is shorter than 2 frames.
    """

    def __init__(
        self,
        num_frames: int = 6,
        variation: ClipVariation = ClipVariation(),
        frame_interval_s: tuple[float, float] = (0.03, 0.15),
        image_key: str = "image",
        label_key: str = "label",
        motion_key: str = "motion",
    ) -> None:
        self.set_num_frames(num_frames)
        self.variation, self.frame_interval_s = variation, frame_interval_s
        self.image_key, self.label_key, self.motion_key = image_key, label_key, motion_key
        self.rng = np.random.default_rng(0)

    def set_num_frames(self, num_frames: int) -> None:
        """Set the length of the clips to come."""
        if num_frames < 2:
            raise ValueError(f"num_frames is {num_frames}, expected at least 2 frames in a clip of a pair.")
        self.num_frames = num_frames

    def randomize(self, data: object = None) -> None:
        """Draw the random numbers of one clip."""
        self.rng = np.random.default_rng(self.R.randint(2**31))

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        """Make the clip of an item."""
        item = dict(data)
        motion = item.pop(self.motion_key)
        self.randomize()
        if self.num_frames == 2:
            return item
        contraction = draw_contraction(self.num_frames, self.rng, self.frame_interval_s)
        keys = self.image_key, self.label_key
        pair = (torch.as_tensor(item[key]) for key in keys)
        clips = moving_clip(*pair, motion, contraction, self.variation, self.rng)
        for key, clip in zip(keys, clips):
            made = convert_to_dst_type(clip, item[key])[0]
            if hasattr(made, "meta"):
                made.meta = {name: value for name, value in made.meta.items() if name != FAULTS}
            item[key] = made
        return item


def draw_contraction(
    num_frames: int, rng: np.random.Generator, frame_interval_s: tuple[float, float] = (0.03, 0.15)
) -> np.ndarray:
    """Draw a beat, a start, and a frame interval; return the contraction of each frame, 0 at ED to 1 at ES."""
    beat, interval = Beat(rng), np.exp(rng.uniform(*np.log(frame_interval_s)))
    return beat.contraction(rng.uniform(0, beat.duration_s) + interval * np.arange(num_frames))


def moving_clip(
    image: Tensor,
    label: Tensor,
    motion: Tensor,
    contraction: np.ndarray,
    variation: ClipVariation,
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Render a clip of a pair: the tissue of one frame, drawn at random, moves, and its speckle and label with it.

    Two speckle patterns would blur each other if they were blended, so only the local mean brightness, over a sixteenth
    of the frame, changes between that of both frames. The fan of the probe stands still.

    Args:
        image: ED and ES, ``(C, H, W, 2)``, from 0 to 1.
        label: their class indices, ``(1, H, W, 2)``.
        motion: velocity from ED to ES, ``(2, h, w)``.
        contraction: state of each frame, ``(T,)``, from 0 at ED to 1 at ES.
        variation: what else changes.
        rng: random numbers.

    Returns:
        Clip ``(C, H, W, T)`` and label ``(1, H, W, T)``.
    """
    phase = torch.as_tensor(contraction, dtype=torch.float32)
    source, size, fan = int(rng.integers(2)), tuple(image.shape[1:3]), find_fan(image)
    image = continue_outside(image, fan)
    away = phase - source  # of a frame from the source, in time of the flow
    brightness, classes = _local_means(image), label.unique()
    seen = affine_grid(_drift(len(phase), variation, rng), [len(phase), 1, *size], align_corners=False)
    here, there = (_places(displacement(motion, time, size), seen) for time in (-away, 1 - source - phase))
    outlines = (label[0, ..., source] == classes.view(-1, 1, 1)).to(image)
    gray = _sample(image[..., source], here, mode="bicubic")  # bilinear sampling would blur the speckle
    mean, other = _sample(brightness[..., source], here), _sample(brightness[..., 1 - source], there)
    ratio = ((other + 0.02) / (mean + 0.02)).clamp(0.5, 2) ** away.abs().view(-1, 1, 1, 1)
    soft = avg_pool2d(fan.float()[None, None], 3, stride=1, padding=1, count_include_pad=False)
    frames = _imaged(gray * ratio, variation, rng) * soft
    return frames.movedim(0, -1), classes[_sample(outlines, here).max(dim=1).indices].movedim(0, -1)[None]


def _local_means(image: Tensor) -> Tensor:
    """Return the mean brightness around every pixel of ``(C, H, W, 2)``."""
    frames, (height, width) = image.movedim(-1, 0), image.shape[1:3]
    coarse = interpolate(frames, size=(height // 8, width // 8), mode="area")
    coarse = avg_pool2d(coarse, 3, stride=1, padding=1, count_include_pad=False)
    return interpolate(coarse, size=(height, width), mode="bilinear").movedim(0, -1)


def _drift(num_frames: int, variation: ClipVariation, rng: np.random.Generator) -> Tensor:
    """Return the slow rigid motion of the probe: maps from output to input places, ``(T, 2, 3)``."""
    angle = np.deg2rad(variation.rotation_degrees) * _slow(num_frames, rng)
    right, down = (2 * variation.shift * _slow(num_frames, rng) for _ in range(2))
    rows = [[np.cos(angle), -np.sin(angle), right], [np.sin(angle), np.cos(angle), down]]
    return torch.tensor(np.array(rows), dtype=torch.float32).movedim(-1, 0)


def _slow(num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return a curve ``(T,)`` of random amplitude up to 1 and a period of 1.5 to 4 clips."""
    cycles = np.arange(num_frames) / (num_frames * rng.uniform(1.5, 4)) + rng.uniform()
    return rng.uniform() * np.sin(2 * np.pi * cycles)


def _places(moved: Tensor, seen: Tensor) -> Tensor:
    """Return where a frame displaced by ``(T, 2, H, W)`` comes from at the places seen, ``(T, H, W, 2)``."""
    return seen + grid_sample(moved, seen, padding_mode="border", align_corners=False).movedim(1, -1)


def _sample(frame: Tensor, places: Tensor, mode: str = "bilinear") -> Tensor:
    """Return a frame ``(C, H, W)`` at places ``(T, H, W, 2)``, ``(T, C, H, W)``."""
    frames = frame[None].expand(len(places), -1, -1, -1)
    return grid_sample(frames, places, mode=mode, padding_mode="border", align_corners=False)


def _imaged(frames: Tensor, variation: ClipVariation, rng: np.random.Generator) -> Tensor:
    """Add gain and noise to frames ``(T, C, H, W)``; black remains black."""
    gain = torch.tensor(1 + variation.gain * _slow(len(frames), rng), dtype=frames.dtype).view(-1, 1, 1, 1)
    speckle, noise = (
        rng.uniform(0, largest) * torch.from_numpy(rng.standard_normal(frames.shape, dtype=np.float32))
        for largest in (variation.speckle, variation.noise)
    )
    grains = 3 * avg_pool2d(speckle, 3, stride=1, padding=1)  # standard deviation as before
    return (frames * gain * (1 + grains) + noise * (frames > 0)).clamp(0, 1)
