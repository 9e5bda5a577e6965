"""The motion between the two labels of an ED/ES pair: smooth, invertible, and computed without training."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.transforms import Transform
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import conv1d, grid_sample, interpolate

from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM

__all__ = ["PairMotiond", "displacement", "pair_velocity", "warp"]

GRID = 64
"""Nodes of a velocity field along the longer side of the frame."""

OUTLINES = ((LV,), (LV, MYOCARDIUM), (LEFT_ATRIUM,))
"""Label values within each outline that moves: endocardium, epicardium, and left atrium."""


class PairMotiond(Transform):
    """Add the motion from end-diastole to end-systole to an item, as :func:`pair_velocity` estimates it.

    The transform is deterministic, so ``CacheDataset`` runs it once per pair.

    Args:
        label_key: label ``(1, H, W, 2)``, ED then ES, with the frame size of the network.
        motion_key: item entry for the velocity, ``(2, h, w)``.
    """

    def __init__(self, label_key: str = "label", motion_key: str = "motion") -> None:
        self.label_key, self.motion_key = label_key, motion_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        """Estimate the motion of an item."""
        return {**data, self.motion_key: pair_velocity(torch.as_tensor(data[self.label_key]))}


def pair_velocity(label: Tensor, iterations: int = 30) -> Tensor:
    """Estimate a stationary velocity field whose flow over one unit of time takes the ED outlines to those of ES.

    Symmetric log-domain demons (Vercauteren et al., MICCAI 2008) on signed distances to the outlines: the ED frame
    flows forward and the ES frame backward by half a unit, and the velocity changes until they meet. The flow of a
    smooth field is invertible, and the field decays with the distance to the heart.

    Args:
        label: class indices of ED and ES, ``(1, H, W, 2)``.
        iterations: number of updates.

    Returns:
        Velocity ``(2, h, w)`` in the coordinates of ``grid_sample`` (from -1 to 1, W before H), with at most
        :data:`GRID` nodes along a side.

    Raises:
        ValueError: if the label has not two frames, or no left ventricle in one of them.
    """
    if label.dim() != 4 or label.shape[0] != 1 or label.shape[-1] != 2:
        raise ValueError(f"the label is {tuple(label.shape)}, expected the ED and the ES frame, (1, H, W, 2).")
    distances = _distances(label[0].movedim(-1, 0).cpu().numpy())  # (2, outlines, h, w)
    outside = distances.amin(dim=(0, 1)).clamp(min=0)
    near = torch.exp(-((outside / (GRID / 8)) ** 2) / 2)
    shape = torch.tensor(distances.shape[:-3:-1]).view(2, 1, 1)  # (w, h)
    velocity, halves = torch.zeros(2, *distances.shape[2:]), torch.tensor([-0.5, 0.5])
    for step in range(iterations):
        moved = warp(distances, displacement(velocity, halves))
        velocity = velocity + near * _update(*moved, sigma=4 - 2 * step / iterations) * 2 / shape
    return velocity


def displacement(velocity: Tensor, times: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Return the displacement of every place by the flow of a velocity field, by scaling and squaring.

    Args:
        velocity: stationary velocity, ``(2, h, w)``.
        times: duration of each flow, ``(N,)``; a negative one gives the inverse.
        size: ``(H, W)`` of the displacement; the field's by default.

    Returns:
        Displacement ``(N, 2, H, W)``, in the coordinates of ``grid_sample``.
    """
    squarings = 5
    moved = velocity * times.view(-1, 1, 1, 1).to(velocity) / 2**squarings
    for _ in range(squarings):
        moved = moved + warp(moved, moved)
    if size is not None and size != tuple(velocity.shape[1:]):
        moved = interpolate(moved, size=size, mode="bilinear", align_corners=False)
    return moved


def warp(frames: Tensor, moved: Tensor, mode: str = "bilinear") -> Tensor:
    """Take frames ``(N, C, H, W)`` at every place plus its displacement ``(N, 2, H, W)``."""
    height, width = moved.shape[-2:]
    rows, columns = ((2 * torch.arange(n, dtype=moved.dtype) + 1) / n - 1 for n in (height, width))
    here = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1])  # (2, H, W), W before H
    places = (here + moved).movedim(1, -1)
    return grid_sample(frames, places, mode=mode, padding_mode="border", align_corners=False)


def _distances(frames: np.ndarray) -> Tensor:
    """Return signed distances ``(2, outlines, h, w)`` to the outlines, in nodes, negative within."""
    for phase, frame in zip(("ED", "ES"), frames):
        if not (frame == LV).any():
            raise ValueError(f"the {phase} label has no left ventricle (value {LV}), expected both frames labeled.")
    masks = [[np.isin(frame, outline) for frame in frames] for outline in OUTLINES]
    found = [pair for pair in masks if all(mask.any() and not mask.all() for mask in pair)]
    signed = np.stack([[_signed_distance(mask) for mask in pair] for pair in found], axis=1)
    factor = GRID / max(frames.shape[1:])
    size = [max(2, round(factor * side)) for side in frames.shape[1:]]
    return factor * interpolate(torch.tensor(signed, dtype=torch.float32), size=size, mode="bilinear", antialias=True)


def _signed_distance(mask: np.ndarray) -> np.ndarray:
    outside, inside = distance_transform_edt(~mask), distance_transform_edt(mask)
    return np.where(mask, 0.5 - inside, outside - 0.5)


def _update(ed: Tensor, es: Tensor, sigma: float) -> Tensor:
    """Return the smooth change of the velocity, in nodes, that brings distances ``(outlines, h, w)`` together."""
    slopes = torch.stack(torch.gradient((ed + es) / 2, dim=(2, 1)))  # (2, outlines, h, w)
    near = torch.exp(-(ed**2 + es**2) / (2 * 3**2))
    forces = (near * (ed - es).clamp(-4, 4) * slopes).sum(dim=1)
    weight = (near * slopes.square().sum(dim=0)).sum(dim=0, keepdim=True)
    forces, weight = _smooth(torch.cat([forces, weight])[:, None], sigma)[:, 0].split([2, 1])
    return forces / (weight + 0.02)


def _smooth(maps: Tensor, sigma: float) -> Tensor:
    """Convolve maps ``(N, 1, h, w)`` with a Gaussian; outside they are zero."""
    reach = round(3 * sigma)
    kernel = torch.exp(-((torch.arange(-reach, reach + 1) / sigma) ** 2) / 2)
    kernel = (kernel / kernel.sum()).view(1, 1, -1)
    for _ in range(2):
        rows = maps.flatten(0, 2)[:, None]
        maps = conv1d(rows, kernel, padding=reach).view_as(maps).transpose(2, 3)
    return maps
