"""The results folder of one clip, which is either complete or absent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import gdkvm_monai
from gdkvm_monai.folders import atomic_folder
from gdkvm_monai.study.corrected_folder import ORIGINAL, finish_replacement
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.measurements_file import read_measurements
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import Pipeline
from gdkvm_monai.study.run_record import RunRecord, read_run

__all__ = ["ClipResults", "fingerprint", "read_results", "results_folder"]


@dataclass(frozen=True)
class ClipResults:
    """The results of one clip, without its masks.

    Attributes:
        measurements: content of ``measurements.json``.
        frames: content of ``frames.csv``.
        provenance: content of ``run.json``.
    """

    measurements: Measurements
    frames: FrameTable
    provenance: RunRecord

    @property
    def clip_id(self) -> str:
        """First 16 digits of the SHA-256 of the clip."""
        return self.measurements.clip.id


def fingerprint(pipeline: Pipeline, options: SegmentOptions) -> str:
    """Return the hash of everything that determines a clip's results: weights, config, engine, options, and version."""
    network = asdict(pipeline.provenance)
    del network["engine"]["reason"]  # it holds times, which differ from run to run
    decisive = [network, asdict(options), gdkvm_monai.__version__]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


@contextmanager
def results_folder(out: Path, clip_id: str, wanted: str, overwrite: bool) -> Iterator[tuple[Path, ClipResults | None]]:
    """Yield an empty folder, which takes its final name if nothing is raised, or a finished folder with its results.

    The folder is filled under a hidden name, ``.gdkvm-*``. A killed process leaves it behind; nothing reads it, and you
    can delete it once no run is writing to ``out``.

    Args:
        out: folder for the results of all clips.
        clip_id: identifier of the clip, the name of its folder.
        wanted: fingerprint of the requested results.
        overwrite: replace finished results.

    Raises:
        FileExistsError: if there are results of other weights, other options, or another version, or results that
            were edited by hand are to be replaced.
    """
    final = out / clip_id
    if overwrite and (final / ORIGINAL).exists():
        raise FileExistsError(f"{final} holds results that were edited by hand; move it elsewhere to segment again.")
    if final.exists() and not overwrite:
        try:
            results = read_results(final)
        except FileExistsError as error:
            raise FileExistsError(
                f"{final} holds no finished results of this version; set overwrite, or choose another folder."
            ) from error
        if results.provenance.fingerprint != wanted:
            raise FileExistsError(
                f"{final} holds results of other weights or options; set overwrite, or choose another folder."
            )
        yield final, results
        return
    with atomic_folder(final, overwrite=True) as folder:
        folder.mkdir()
        yield folder, None


def read_results(folder: Path) -> ClipResults:
    """Read the results of a finished clip; a correction that was interrupted is completed first.

    Raises:
        FileExistsError: if the folder does not hold finished results of this version.
    """
    finish_replacement(folder)
    try:
        return ClipResults(
            read_measurements(folder / "measurements.json"),
            FrameTable.read_csv(folder / "frames.csv"),
            read_run(folder / "run.json"),
        )
    except (LookupError, OSError, ValueError) as error:
        raise FileExistsError(
            f"{folder} holds no finished results of this version, expected the folder of one clip, which gdkvm named "
            "after the clip's identifier."
        ) from error
