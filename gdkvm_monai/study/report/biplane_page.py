"""The biplane report: one HTML file with ED and ES of both views and the volumes of both planes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gdkvm_monai.files import write_text
from gdkvm_monai.labels import COLORS, STRUCTURES
from gdkvm_monai.study.biplane_record import BiplaneMeasurements
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.report.embedded import EmbeddedPictures, read_pictures
from gdkvm_monai.study.report.environment import load_environment

__all__ = ["write_biplane_report"]

PHASES = {"ED": "End-diastole", "ES": "End-systole"}


@dataclass(frozen=True)
class PlaneStill:
    """One frame of one view.

    Attributes:
        phase: ``End-diastole`` or ``End-systole``.
        frame: frame of the clip, counted from 0.
        length_mm: length of the ventricle; ``None`` if unknown.
        url: ``data:`` URL of the picture; empty if the clip has no report, or the report does not hold the frame.
        size: columns and rows of the picture.
        contours: SVG path of each structure.
    """

    phase: str
    frame: int
    length_mm: float | None
    url: str
    size: tuple[int, int]
    contours: Mapping[str, str]


def write_biplane_report(
    path: Path,
    biplane: BiplaneMeasurements,
    measurements: Mapping[str, Measurements],
    reports: Mapping[str, Path | None],
) -> None:
    """Write an HTML file that needs no network and holds no script. The write is atomic.

    Args:
        path: file to write, ``.html``.
        biplane: measurements of both views together.
        measurements: measurements of each view, ``"4CH"`` and ``"2CH"``.
        reports: clip report of each view, from which the pictures are taken; ``None`` if there is none.
    """
    pictures = {
        view: read_pictures(report) if report is not None and report.is_file() else None
        for view, report in reports.items()
    }
    stills = {view: _stills(biplane, view, pictures.get(view)) for view in ("4CH", "2CH")} if biplane.beats else {}
    page = load_environment().get_template("biplane_report.html")
    text = page.render(
        biplane=biplane,
        measurements=measurements,
        stills=stills,
        structures=list(STRUCTURES),
        colors={name: COLORS[label] for name, (label,) in STRUCTURES.items()},
    )
    write_text(path, text)


def _stills(biplane: BiplaneMeasurements, view: str, pictures: EmbeddedPictures | None) -> list[PlaneStill]:
    stills = []
    for phase, frame in zip(PHASES, biplane.beats[view]):
        held = pictures is not None and frame in pictures.urls
        stills.append(
            PlaneStill(
                phase=PHASES[phase],
                frame=frame,
                length_mm=biplane.lengths_mm.get(phase, {}).get(view),
                url=pictures.urls[frame] if held else "",
                size=pictures.size if held else (1, 1),
                contours=pictures.contours[frame] if held else {},
            )
        )
    return stills
