"""Label maps from other tools: NIfTI, NRRD, and the segmentations of 3D Slicer (``.seg.nrrd``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK

from gdkvm_monai.data.clip import ReadOptions, check_size
from gdkvm_monai.data.formats.nifti import open_nifti
from gdkvm_monai.labels import STRUCTURE_NAMES, STRUCTURES

__all__ = ["LabelMap", "read_label_map"]

NAMES = {name.lower(): values[0] for name, values in STRUCTURES.items()}
NAMES |= {STRUCTURE_NAMES[name]: values[0] for name, values in STRUCTURES.items()}
EXTENT = "Segmentation_ReferenceImageExtentOffset"
"""Key of a Slicer segmentation, which may cover a part of the volume that was segmented."""


@dataclass(frozen=True)
class LabelMap:
    """Labels of a volume.

    Attributes:
        labels: values as stored, ``(I, J, K)``, in the order of the file's axes.
        affine: from array indices to millimeters, right, anterior, and superior, ``(4, 4)``.
        may_be_cropped: whether the tool stores only the part of the volume that has labels.
    """

    labels: np.ndarray
    affine: np.ndarray
    may_be_cropped: bool = False


def read_label_map(path: Path) -> LabelMap:
    """Read a label map.

    The segments of a ``.seg.nrrd`` file get the class of their name (``LV``, ``MYO``, ``LA``, or the full names), or
    keep their label values if no segment has such a name.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if it is damaged, has another format, is not a volume of labels, or its segments overlap or are
            named only in part.
    """
    name = path.name.lower()
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; check the path.")
    if name.endswith((".nii", ".nii.gz")):
        return _read_nifti(path)
    if name.endswith(".nrrd"):
        return _read_nrrd(path)
    raise ValueError(f"{path} is neither NIfTI (.nii, .nii.gz) nor NRRD (.nrrd, .seg.nrrd); export it as one of these.")


def _read_nifti(path: Path) -> LabelMap:
    clip = open_nifti(path, ReadOptions()).collect()
    return LabelMap(clip.pixels, clip.affine)


def _read_nrrd(path: Path) -> LabelMap:
    with open(path, "rb") as file:
        header = file.read(1 << 16).partition(b"\n\n")[0].replace(b"\r", b"").lower()
    if not header.startswith(b"nrrd") or b"\ndata file:" in header or b"\ndatafile:" in header:
        raise ValueError(f"{path} is not an NRRD file that contains its pixels; export it as a single .nrrd file.")
    image = _load_nrrd(path)
    pixels = np.moveaxis(SimpleITK.GetArrayFromImage(image), (0, 1, 2), (2, 1, 0))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine[:2] *= -1  # ITK's axes point left and posterior
    keys = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys() if key.startswith("Segment")}
    segments = list(_segments(keys))
    labels = _merge(path, pixels, segments) if segments else pixels
    if labels.ndim != 3:
        raise ValueError(f"{path} holds {pixels.shape[-1]} values per voxel, expected one label; export a label map.")
    return LabelMap(labels, affine, EXTENT in keys)


def _load_nrrd(path: Path) -> SimpleITK.Image:
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        if reader.GetDimension() != 3:
            raise ValueError(f"{path} has {reader.GetDimension()} axes, expected 3; export it as one label volume.")
        check_size(path, reader.GetSize(), ReadOptions().max_voxels)
        return reader.Execute()
    except RuntimeError as error:
        raise ValueError(f"{path} cannot be read as NRRD; export it again.") from error


def _segments(keys: dict[str, str]) -> Iterator[tuple[str, int, int]]:
    """Yield name, layer, and label value of each segment of a Slicer segmentation."""
    number = 0
    while any(key.startswith(f"Segment{number}_") for key in keys):
        of = f"Segment{number}_"
        yield keys.get(of + "Name", ""), int(keys.get(of + "Layer", 0)), int(keys.get(of + "LabelValue", 1))
        number += 1


def _merge(path: Path, pixels: np.ndarray, segments: Sequence[tuple[str, int, int]]) -> np.ndarray:
    """Return the class of each voxel, from the layers of a Slicer segmentation."""
    layers = pixels if pixels.ndim == 4 else pixels[..., None]
    classes = [NAMES.get(name.strip().lower()) for name, _, _ in segments]
    if None in classes and any(classes):
        number = classes.index(None) + 1
        raise ValueError(
            f"segment {number} of {path} is not named {', '.join(STRUCTURES)}, but others are; rename or remove it."
        )
    merged = np.zeros(layers.shape[:3], np.int64)
    for (_, layer, value), label in zip(segments, classes):
        if layer >= layers.shape[3]:
            raise ValueError(f"{path} states {layer + 1} layers but holds {layers.shape[3]}; export it again.")
        inside = layers[..., layer] == value
        wanted = value if label is None else label
        overlap = int((inside & (merged != 0) & (merged != wanted)).sum())
        if overlap:
            raise ValueError(f"segments of {path} overlap in {overlap} voxels; let each voxel belong to one segment.")
        merged[inside] = wanted
    return merged
