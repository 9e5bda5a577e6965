"""The folder of results of one clip: complete or not there."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

import gdkvm_monai
from gdkvm_monai.data.dicom.header import is_dicom
from gdkvm_monai.data.dicom.source import read_source
from gdkvm_monai.data.frame_cache import FrameCache
from gdkvm_monai.files import atomic_folder, write_json
from gdkvm_monai.labels import COLORS
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.contact_sheet import write_contact_sheet
from gdkvm_monai.study.dicom_segmentation import write_dicom_segmentation
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.mask_files import write_nifti_mask, write_npy, write_npz_mask, write_png_masks
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import Pipeline
from gdkvm_monai.study.report.writer import write_clip_report
from gdkvm_monai.study.run_record import RunRecord
from gdkvm_monai.study.structured_report import write_structured_report
from gdkvm_monai.visualize.clip_frames import aspect_spacing
from gdkvm_monai.visualize.movies import write_overlay_avi, write_overlay_gif

__all__ = ["Results", "Spools", "check_formats", "fingerprint", "read_outputs", "results_folder", "write_outputs"]

Results = tuple[str, dict[str, Any], dict[str, list], dict[str, Any]]
"""Clip identifier, measurements, columns of the frames, provenance."""


class Spools:
    """Pictures, masks and probabilities of a clip on disk, while it is worked on; deleted at the end.

    Args:
        folder: for the files.
        source: the clip.
    """

    def __init__(self, folder: Path, source: ClipSource) -> None:
        self.source = source
        self.pictures = FrameCache(folder / ".pictures", source.stream.shape)
        self.masks = FrameCache(folder / ".masks", source.shape)
        self.probabilities: FrameCache | None = None

    def append(self, picture: np.ndarray, mask: np.ndarray) -> None:
        """Add a picture and its mask, both ``(H, W)`` of the stream; the mask is kept on the full grid."""
        self.pictures.append(np.rint(picture))
        self.masks.append(self.source.place(mask))

    def append_probabilities(self, probabilities: np.ndarray) -> None:
        """Add ``(N, H, W)``, NaN where a frame has none; outside the stream the background is certain."""
        placed = np.zeros((len(probabilities), *self.source.shape), np.float16)
        placed[0] = 1
        placed[(slice(None), *self.source.box)] = probabilities
        if self.probabilities is None:
            self.probabilities = FrameCache(self.masks.path.with_name(".probabilities"), placed.shape, np.float16)
        self.probabilities.append(placed)

    def picture(self, frame: int) -> np.ndarray:
        """Gray levels ``(H, W)`` of the stream."""
        return self.pictures[frame]

    def mask(self, frame: int) -> np.ndarray:
        """Class indices ``(H, W)`` on the grid of the picture."""
        return self.masks[frame][self.source.box]

    def __enter__(self) -> Spools:
        return self

    def __exit__(self, *error: object) -> None:
        for spool in filter(None, (self.pictures, self.masks, self.probabilities)):
            spool.close()
            spool.path.unlink()


def fingerprint(pipeline: Pipeline, options: SegmentOptions) -> str:
    """A hash of all that decides the results of a clip: weights, config, options, version."""
    decisive = [pipeline.provenance, asdict(options), gdkvm_monai.__version__]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


@contextmanager
def results_folder(
    out: Path, source: ClipSource, pipeline: Pipeline, options: SegmentOptions, overwrite: bool
) -> Iterator[tuple[Path, Results | None]]:
    """Give a folder to fill, which takes its place when nothing was raised; or one that is finished, with its results.

    It is filled under a hidden name, ``.gdkvm-*``. A process that is killed leaves it behind; nothing reads it, and it
    can be deleted when no run is at work in ``out``, which cannot be told from here.

    Raises:
        FileExistsError: when there are results of other weights, options or another version.
    """
    final = out / source.id
    if final.exists() and not overwrite:
        results = read_outputs(final)
        if results[3]["fingerprint"] != fingerprint(pipeline, options):
            raise FileExistsError(
                f"{final} holds results of other weights or options; set overwrite, or choose another folder."
            )
        yield final, results
        return
    with atomic_folder(final, overwrite=True) as folder:
        folder.mkdir()
        yield folder, None


def write_outputs(folder: Path, options: SegmentOptions, spools: Spools, results: Results) -> None:
    """Write the files of one clip; ``run.json`` says what could not be written and why."""
    _, measurements, columns, provenance = results
    source, masks = spools.source, spools.masks
    if "nifti" in options.formats:
        write_nifti_mask(folder / "mask.nii.gz", masks, source.affine)
    if "png" in options.formats:
        write_png_masks(folder / "masks", masks, [(0, 0, 0), *COLORS.values()])
    if "npz" in options.formats:
        write_npz_mask(folder / "mask.npz", masks, source.affine)
    if spools.probabilities is not None:
        write_npy(folder / "probabilities.npy", spools.probabilities)
    _write_dicom(folder, options, spools, results)
    rate, shape = measurements["clip"]["frame_rate_hz"], aspect_spacing(
        measurements["clip"]["spacing_mm"], measurements["clip"]["spacing_trust"]
    )
    if options.overlay == "gif":
        write_overlay_gif(
            folder / "overlay.gif", spools.picture, spools.mask, len(masks), spacing_mm=shape, frames_per_second=rate
        )
    elif options.overlay == "avi":
        write_overlay_avi(folder / "overlay.avi", spools.picture, spools.mask, len(masks), shape, rate)
    numbers, table = TypeAdapter(Measurements).validate_python(measurements), FrameTable.from_columns(columns)
    write_contact_sheet(folder / "contact_sheet.png", numbers, table, spools.picture, spools.mask)
    if options.report:
        run = TypeAdapter(RunRecord).validate_python(provenance)
        write_clip_report(folder / "report.html", numbers, table, run, spools.picture, spools.mask)
    with open(folder / "frames.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values()))
    for name, content in (("measurements.json", measurements), ("run.json", provenance)):
        write_json(folder / name, content)


def read_outputs(folder: Path) -> Results:
    """Read back what :func:`write_outputs` wrote: clip identifier, measurements, columns, provenance.

    Raises:
        FileExistsError: when the folder holds something else.
    """
    try:
        measurements, provenance = (
            json.loads((folder / name).read_text()) for name in ("measurements.json", "run.json")
        )
        with open(folder / "frames.csv", newline="") as file:
            names, *rows = csv.reader(file)
        columns = {name: [_parse(name, row[place]) for row in rows] for place, name in enumerate(names)}
        return measurements["clip"]["id"], measurements, columns, provenance
    except (LookupError, OSError, TypeError, ValueError) as error:
        raise FileExistsError(
            f"{folder} holds no finished results; set overwrite, or choose another folder."
        ) from error


def check_formats(source: ClipSource, options: SegmentOptions) -> None:
    """Refuse DICOM results of a clip that is no DICOM before it is segmented.

    Raises:
        ValueError: when they are wanted.
        ClipReadError: when nothing can refer to it.
    """
    wanted = [name for name in options.formats if name.startswith("dicom")]
    if wanted and (source.path is None or source.path.is_dir() or not is_dicom(source.path)):
        raise ValueError(f"the clip is no DICOM, which {', '.join(wanted)} must refer to; choose another format.")
    if wanted:
        read_source(source.path)


def _write_dicom(folder: Path, options: SegmentOptions, spools: Spools, results: Results) -> None:
    _, measurements, _, provenance = results
    if "dicom-seg" in options.formats:
        write_dicom_segmentation(
            folder / "seg.dcm", spools.source.path, spools.masks, options.structures, options.allow_partial
        )
    if "dicom-sr" in options.formats:
        if measurements["mean"]["ef_percent"] is None:
            provenance["not_written"] = {"sr.dcm": measurements["ef_withheld"]}
        else:
            write_structured_report(folder / "sr.dcm", spools.source.path, measurements)


def _parse(name: str, text: str) -> Any:
    if name == "Filename":
        return text
    return {"": None, "True": True, "False": False}[text] if text in ("", "True", "False") else json.loads(text)
