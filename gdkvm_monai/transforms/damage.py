"""Damaged frames: what a probe that lost contact, noise, or a shadow do to some frames of a clip."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import torch
from monai.transforms import RandomizableTransform
from monai.utils import convert_to_dst_type, look_up_option
from scipy.ndimage import gaussian_filter
from torch import Tensor

__all__ = ["DAMAGES", "RandDamageFramesd", "damage_frames"]


def damage_frames(image: Tensor, kind: str, frames: Sequence[int], rng: np.random.Generator) -> Tensor:
    """Return a clip in which some frames are damaged, all in the same way.

    Args:
        image: clip ``(C, H, W, T)``, from 0 to 1, with depth along W.
        kind: one of :data:`DAMAGES`: ``"blank"`` (black), ``"noise"`` (added noise with a standard deviation of 0.2 to
            0.4), ``"shadow"`` (one or two beams from the probe without echo), ``"blur"`` (Gaussian, 3 to 5 % of the
            frame), ``"dark"`` (5 to 20 % of the brightness), ``"frozen"`` (the frame before the first one again).
        frames: numbers of the damaged frames, 0-based, in order.
        rng: random numbers.

    Returns:
        A new clip ``(C, H, W, T)``; the given one is unchanged.

    Raises:
        ValueError: if the kind is unknown, or a frame does not lie in the clip.
    """
    damage, places = look_up_option(kind, DAMAGES), list(frames)
    if not places or not all(0 <= place < image.shape[-1] for place in places):
        raise ValueError(f"frames is {places}, expected frames of a clip of {image.shape[-1]} frames (0-based).")
    damaged = image.clone()
    damaged[..., places] = damage(image, places, rng).to(image)
    return damaged


class RandDamageFramesd(RandomizableTransform):
    """Damage consecutive frames of a clip, with one kind of damage; the label remains true.

    Between one frame and all but two of them are damaged, and no more than ``max_frames``; clips of one or two frames
    are unchanged.

    Args:
        prob: probability that a clip is damaged.
        kinds: kinds to draw from (:func:`damage_frames`).
        max_frames: largest number of damaged frames.
        image_key: clip ``(C, H, W, T)``, from 0 to 1.

    Raises:
        ValueError: if a kind is unknown, or ``max_frames`` is not positive.
    """

    def __init__(
        self, prob: float = 0.5, kinds: Sequence[str] | None = None, max_frames: int = 20, image_key: str = "image"
    ) -> None:
        super().__init__(prob)
        if max_frames < 1:
            raise ValueError(f"max_frames is {max_frames}, expected at least 1.")
        self.kinds = list(DAMAGES) if kinds is None else list(kinds)
        for kind in self.kinds:
            look_up_option(kind, DAMAGES)
        self.max_frames, self.image_key = max_frames, image_key
        self.rng = np.random.default_rng(0)

    def randomize(self, data: object = None) -> None:
        """Draw whether to damage a clip, and its random numbers."""
        super().randomize(None)
        self.rng = np.random.default_rng(self.R.randint(2**31))

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        """Damage the clip of an item, or return the item unchanged."""
        item = dict(data)
        self.randomize()
        image = item[self.image_key]
        total = image.shape[-1]
        if not self._do_transform or total < 3:
            return item
        length = int(self.rng.integers(1, min(total - 2, self.max_frames) + 1))
        start, kind = int(self.rng.integers(total - length + 1)), self.kinds[self.rng.integers(len(self.kinds))]
        damaged = damage_frames(torch.as_tensor(image), kind, range(start, start + length), self.rng)
        item[self.image_key] = convert_to_dst_type(damaged, image)[0]
        return item


def _blank(image: Tensor, frames: list[int], rng: np.random.Generator) -> Tensor:
    return torch.zeros_like(image[..., frames])


def _noise(image: Tensor, frames: list[int], rng: np.random.Generator) -> Tensor:
    damaged = image[..., frames]
    noise = torch.from_numpy(rng.standard_normal(tuple(damaged.shape), dtype=np.float32))
    return (damaged + rng.uniform(0.2, 0.4) * noise).clamp(0, 1)


def _shadow(image: Tensor, frames: list[int], rng: np.random.Generator) -> Tensor:
    """Darken beams from the middle of the upper edge; the softness of their borders is a third of their width."""
    across, depth = (torch.arange(n) + 0.5 for n in image.shape[1:3])
    angle = torch.atan2((across - len(across) / 2)[:, None], depth)  # (H, W), 0 straight down
    light = torch.ones_like(angle)
    for _ in range(rng.integers(1, 3)):
        middle, half = rng.uniform(-0.6, 0.6), rng.uniform(0.08, 0.25)
        light = torch.minimum(light, torch.sigmoid(((angle - middle).abs() - half) / (half / 6)))
    return image[..., frames] * (0.02 + 0.98 * light[..., None])


def _blur(image: Tensor, frames: list[int], rng: np.random.Generator) -> Tensor:
    sigma = rng.uniform(0.03, 0.05) * max(image.shape[1:3])
    return torch.from_numpy(gaussian_filter(image[..., frames].cpu().numpy(), (0, sigma, sigma, 0)))


def _dark(image: Tensor, frames: list[int], rng: np.random.Generator) -> Tensor:
    return rng.uniform(0.05, 0.2) * image[..., frames]


def _frozen(image: Tensor, frames: list[int], rng: np.random.Generator) -> Tensor:
    return image[..., [max(0, frames[0] - 1)] * len(frames)]


DAMAGES = {"blank": _blank, "noise": _noise, "shadow": _shadow, "blur": _blur, "dark": _dark, "frozen": _frozen}
"""Function of each kind of damage: the damaged frames ``(C, H, W, n)`` of a clip and frame numbers."""
