"""An edited mask on the grid of the results, whatever axis order and directions the editing tool wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import nibabel
import numpy as np

from gdkvm_monai.labels import BACKGROUND, STRUCTURES
from gdkvm_monai.study.label_map import LabelMap, read_label_map

__all__ = ["MaskGrid", "read_edited_mask", "read_grid", "refuse_labels_outside"]

TOLERANCE_VOXELS = 0.1
"""Largest distance between voxels of the same index on two equal grids."""


@dataclass(frozen=True)
class MaskGrid:
    """The grid of a mask.

    Attributes:
        shape: ``(H, W, T)``.
        affine: ``(4, 4)``.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray


def read_grid(folder: Path) -> MaskGrid | None:
    """Read the grid of the mask in a results folder; ``None`` if it has neither ``mask.nii.gz`` nor ``mask.npz``."""
    if (folder / "mask.nii.gz").is_file():
        image = nibabel.load(folder / "mask.nii.gz")
        return MaskGrid(image.shape, np.array(image.affine, float))
    if (folder / "mask.npz").is_file():
        with np.load(folder / "mask.npz") as stored:
            return MaskGrid(stored["mask"].shape, stored["affine"].astype(float))
    return None


def read_edited_mask(path: Path, grid: MaskGrid, structures: Sequence[str] = tuple(STRUCTURES)) -> np.ndarray:
    """Read an edited mask and bring it to the axis order and the directions of a grid.

    Args:
        path: NIfTI or NRRD file, see :func:`~gdkvm_monai.study.label_map.read_label_map`.
        grid: grid of the results.
        structures: structures that the results may contain.

    Returns:
        Class indices ``(H, W, T)``, uint8.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if it cannot be read, is on another grid, or holds other labels.
    """
    label_map = read_label_map(path)
    known = [BACKGROUND, *(value for name in structures for value in STRUCTURES[name])]
    other = sorted({*np.unique(label_map.labels).tolist()} - {*known})
    if other:
        raise ValueError(
            f"{path} holds the labels {', '.join(f'{value:g}' for value in other[:5])}, expected 0 and those of "
            f"{', '.join(f'{name} ({STRUCTURES[name][0]})' for name in structures)}; correct the labels."
        )
    placed = _place(label_map, grid)
    if placed is None:
        raise ValueError(
            f"{path} is on another grid ({_describe(label_map.labels.shape, label_map.affine)}) than the mask of the "
            f"results ({_describe(grid.shape, grid.affine)}); edit mask.nii.gz of these results, and export all of it."
        )
    return placed


def refuse_labels_outside(masks: np.ndarray, box: tuple[slice, slice]) -> None:
    """Refuse masks ``(H, W, T)`` with labels outside the part of the frame that the network sees.

    Raises:
        ValueError: if there are such labels.
    """
    outside = masks.any(axis=2)
    outside[box] = False
    if outside.any():
        raise ValueError(
            f"{int(outside.sum())} labeled pixels are outside the ultrasound region of the clip, where nothing is "
            "measured; erase them."
        )


def _place(label_map: LabelMap, grid: MaskGrid) -> np.ndarray | None:
    """Return the labels on the grid; ``None`` if their voxels are not those of the grid."""
    mapped = _map_axes(label_map, grid)
    if mapped is None:
        return None
    sources, signs, offset = mapped
    moved = label_map.labels.transpose(sources)
    moved = moved[tuple(slice(None, None, sign) for sign in signs)]
    start = [first if sign > 0 else first - length + 1 for first, sign, length in zip(offset, signs, moved.shape)]
    whole = moved.shape == tuple(grid.shape) and not any(start)
    inside = all(0 <= first and first + length <= size for first, length, size in zip(start, moved.shape, grid.shape))
    if not (whole or inside and label_map.may_be_cropped):
        return None
    placed = np.zeros(grid.shape, np.uint8)
    placed[tuple(slice(first, first + length) for first, length in zip(start, moved.shape))] = moved
    return placed


def _map_axes(label_map: LabelMap, grid: MaskGrid) -> tuple[list[int], list[int], list[int]] | None:
    """Return, for each axis of the grid, the axis of the label map, its direction, and the index of voxel 0.

    Returns:
        ``None`` if the axes of the two are not parallel, or their voxels do not coincide.
    """
    affine = label_map.affine.copy()
    if label_map.labels.shape[2] == grid.shape[2] == 1:
        affine[:, 2] = grid.affine[:, 2]  # a single frame has no frame time
    try:
        to_grid = np.linalg.solve(grid.affine, affine)
    except np.linalg.LinAlgError:
        return None
    nearest = np.rint(to_grid)
    axes = np.abs(nearest[:3, :3])
    corners = np.array([(*corner, 1) for corner in product(*((0, length - 1) for length in label_map.labels.shape))])
    apart = np.abs(corners @ (to_grid - nearest).T).max()
    if not apart <= TOLERANCE_VOXELS or not np.array_equal(axes @ axes.T, np.eye(3)):
        return None
    sources = axes.argmax(axis=1)
    signs = [int(nearest[axis, source]) for axis, source in enumerate(sources)]
    return sources.tolist(), signs, nearest[:3, 3].astype(int).tolist()


def _describe(shape: Sequence[int], affine: np.ndarray) -> str:
    size = " x ".join(map(str, shape))
    lengths = " x ".join(f"{length:.3g}" for length in np.linalg.norm(affine[:3, :3], axis=0))
    origin = ", ".join(f"{value:.3g}" for value in affine[:3, 3])
    return f"{size} voxels of {lengths} from {origin} along {''.join(nibabel.aff2axcodes(affine))}"
