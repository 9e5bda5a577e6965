"""The folder with the biplane results of one patient, beside the folders of both clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from gdkvm_monai.files import write_json
from gdkvm_monai.folders import atomic_folder
from gdkvm_monai.study.biplane import measure_biplane
from gdkvm_monai.study.biplane_record import BiplaneMeasurements, read_biplane
from gdkvm_monai.study.report.biplane_page import write_biplane_report
from gdkvm_monai.study.results_folder import read_results
from gdkvm_monai.study.segmentation import SegmentationResult

__all__ = ["remeasure_biplane", "write_biplane"]


def write_biplane(out: Path, measured: BiplaneMeasurements, results: Mapping[str, SegmentationResult]) -> Path:
    """Write ``biplane.json`` and ``report.html`` to a folder in ``out``, which appears or is replaced as a whole.

    Args:
        out: results folder.
        measured: result of :func:`~gdkvm_monai.study.biplane.measure_biplane`.
        results: the results that were measured together, by view.

    Returns:
        The path of ``biplane.json``; its folder is named after both clips.
    """
    with atomic_folder(out / measured.id, overwrite=True) as folder:
        folder.mkdir()
        write_json(folder / "biplane.json", asdict(measured))
        reports = {view: result.folder and result.folder / "report.html" for view, result in results.items()}
        numbers = {view: result.measurements for view, result in results.items()}
        write_biplane_report(folder / "report.html", measured, numbers, reports)
    return out / measured.id / "biplane.json"


def remeasure_biplane(out: Path, clip_id: str) -> list[Path]:
    """Measure again all pairs of views in a results folder of which one clip has changed.

    Returns:
        The paths of the new ``biplane.json``.

    Raises:
        FileExistsError: if the results of the other view are not there any more; other pairs are measured before.
    """
    written: list[Path] = []
    outdated: list[str] = []
    for path in sorted(out.glob("[!.]*/biplane.json")):
        views = read_biplane(path).views
        if clip_id not in views.values():
            continue
        try:
            found = {
                view: SegmentationResult(**vars(read_results(out / id)), folder=out / id) for view, id in views.items()
            }
        except FileExistsError as error:
            outdated.append(f"{path.parent} still holds the numbers before this edit, because {error}")
        else:
            written.append(write_biplane(out, measure_biplane(found), found))
    if outdated:
        raise FileExistsError(" ".join(outdated))
    return written
