"""Measurement of a clip again, after its masks were edited or its phases were marked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from os import PathLike
from pathlib import Path

import numpy as np

import gdkvm_monai
from gdkvm_monai.files import file_sha256
from gdkvm_monai.metrics.marked_phases import PhaseMarks
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.corrected_folder import ORIGINAL, finish_replacement, replace_results
from gdkvm_monai.study.edited_mask import MaskGrid, read_edited_mask, read_grid, refuse_labels_outside
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.kept_clip import KeptClip, OpenedClip
from gdkvm_monai.study.measure_again import measure_again
from gdkvm_monai.study.outputs import write_outputs
from gdkvm_monai.study.results_folder import ClipResults, read_results
from gdkvm_monai.study.run_record import EditRecord
from gdkvm_monai.study.stills import Stills

__all__ = ["remeasure"]


def remeasure(
    folder: str | PathLike,
    mask: str | PathLike | None = None,
    *,
    ed_frames: Sequence[int] = (),
    es_frames: Sequence[int] = (),
    find_phases: bool = False,
    clip: str | PathLike | Stills | None = None,
) -> ClipResults:
    """Measure a clip again with an edited mask, with phases that a reader marked, or both.

    All files in the results folder are written again, with ``edited`` in ``measurements.json`` and ``run.json``. The
    first version of each is kept in the subfolder ``original``. If the process is killed, the folder is either
    unchanged, or the next call of this function or of :func:`gdkvm_monai.segment` completes the correction.

    An earlier edit stays in force: without ``mask``, the current masks are measured; without ``ed_frames`` or
    ``es_frames``, those that were marked before.

    Args:
        folder: results folder of one clip, with ``mask.nii.gz`` or ``mask.npz``.
        mask: edited mask, NIfTI or NRRD, on the grid of the results; axes may be reversed or in another order.
        ed_frames: the frames of end-diastole, counted from 0, instead of those found in the area curve.
        es_frames: the frames of end-systole.
        find_phases: forget earlier marks and find the phases in the area curve.
        clip: the clip or the two stills that were segmented; by default, pictures and references come from the earlier
            results.

    Returns:
        The new results.

    Raises:
        FileExistsError: if the folder does not hold finished results of this version.
        FileNotFoundError: if a file does not exist.
        ValueError: if there is nothing to do, the mask is on another grid, has other labels, or is not edited, a marked
            frame does not exist, ``clip`` is another clip, or the results do not suffice without it.
    """
    folder, marked = Path(folder), PhaseMarks(tuple(ed_frames), tuple(es_frames))
    if mask is None and not marked and not find_phases:
        raise ValueError("there is nothing to measure again; pass an edited mask, or frames of ED or ES.")
    finish_replacement(folder)
    results = read_results(folder)
    grid = read_grid(folder)
    if grid is None:
        raise ValueError(f"{folder} has neither mask.nii.gz nor mask.npz; segment the clip again with --format nifti.")
    edited = None if mask is None else Path(mask)
    _check_mask_files(folder, edited, results)
    source = KeptClip(folder, results, grid) if clip is None else OpenedClip(clip, results)
    masks = current = _read_current_masks(folder, grid)
    if edited is not None:
        masks = read_edited_mask(edited, grid, results.provenance.options.structures)
        _check_edits(edited, masks, current)
    refuse_labels_outside(masks, source.box)
    edit = _record(results, edited, marked, find_phases, source.origin)
    results = _without_confidence(results, (masks != current).any(axis=(0, 1)))
    network = _network_frames(folder, results)
    with replace_results(folder, outdated=["sr.dcm"]) as new, ClipCache(new.parent, source) as cache:
        for picture, pixels in zip(source.pictures(), np.moveaxis(masks, -1, 0), strict=True):
            cache.append(picture, pixels[source.box])
        corrected = measure_again(results, cache, source.spacing_mm, source.echo_level, edit, network)
        return write_outputs(new, results.provenance.options, cache, corrected)


def _check_mask_files(folder: Path, edited: Path | None, results: ClipResults) -> None:
    """Refuse an edited mask that has replaced the mask of the results: the first version would be lost."""
    current, recorded = folder / "mask.nii.gz", results.provenance.mask_sha256
    if current.is_file() and recorded is not None and file_sha256(current) != recorded:
        raise ValueError(
            f"{current} was changed after it was measured; move it elsewhere, segment the clip again with --overwrite, "
            "and pass the moved file as the edited mask."
        )
    if edited is not None and edited.exists() and edited.resolve().parent == folder.resolve():
        if edited.name in ("mask.nii.gz", "seg.dcm"):
            raise ValueError(f"{edited} belongs to the results and is unchanged; pass the file with your edits.")


def _network_frames(folder: Path, results: ClipResults) -> FrameTable:
    """Return the values of every frame before any edit."""
    first = folder / ORIGINAL / "frames.csv"
    return FrameTable.read_csv(first) if first.is_file() else results.frames


def _read_current_masks(folder: Path, grid: MaskGrid) -> np.ndarray:
    """Return the masks of the results, ``(H, W, T)``."""
    if (folder / "mask.nii.gz").is_file():
        return read_edited_mask(folder / "mask.nii.gz", grid)
    with np.load(folder / "mask.npz") as stored:
        return stored["mask"]


def _without_confidence(results: ClipResults, changed: np.ndarray) -> ClipResults:
    """Remove the confidence of the frames that were edited: perturbed copies say nothing about them."""
    confidence = [None if edited else value for value, edited in zip(results.frames.confidence, changed, strict=True)]
    return replace(results, frames=replace(results.frames, confidence=tuple(confidence)))


def _check_edits(path: Path, masks: np.ndarray, current: np.ndarray) -> None:
    """Refuse the current masks, and a mask that lies on them only once its first two axes are exchanged."""
    if np.array_equal(masks, current):
        raise ValueError(f"{path} holds the masks of the results without an edit; save the edits to it first.")
    labeled = current > 0
    if masks.shape[0] != masks.shape[1] or not labeled.any():  # otherwise, another shape has been refused
        return
    kept, exchanged = (float((other == current)[labeled].mean()) for other in (masks, masks.swapaxes(0, 1)))
    if kept < 0.5 and exchanged > 0.8:
        raise ValueError(
            f"{path} has {100 * kept:.0f} % of the labels of the results in their places, but {100 * exchanged:.0f} % "
            "with its first two axes exchanged; export it with the axes of mask.nii.gz."
        )


def _record(
    results: ClipResults, mask: Path | None, marked: PhaseMarks, find_phases: bool, pictures: str
) -> EditRecord:
    """Return the record of all edits that are in force."""
    before = results.provenance.edited
    earlier = PhaseMarks() if before is None or find_phases else PhaseMarks(before.ed_frames, before.es_frames)
    hashes = (None,) if before is None else (before.mask_sha256,)
    return EditRecord(
        mask_sha256=hashes[0] if mask is None else file_sha256(mask),
        ed_frames=marked.ed or earlier.ed,
        es_frames=marked.es or earlier.es,
        edited_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        gdkvm_version=gdkvm_monai.__version__,
        pictures=pictures,
    )
