"""The values that fill the templates of the clip report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gdkvm_monai.labels import COLORS, STRUCTURES
from gdkvm_monai.metrics.reference_ranges import SOURCE
from gdkvm_monai.study.curves import Values, shown_phases, time_axis
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import AreasCm2, Beat, Measurements
from gdkvm_monai.study.report.beat_notes import describe_beats
from gdkvm_monai.study.report.notes import Notes, collect_notes
from gdkvm_monai.study.report.pictures import Pictures, RandomAccess, first_measured_beat
from gdkvm_monai.study.report.plot import Plots, lay_out_plots, percent_positions
from gdkvm_monai.study.report.provenance import describe_defaults, describe_run
from gdkvm_monai.study.report.ranges import RangeRow, range_rows
from gdkvm_monai.study.run_record import RunRecord
from gdkvm_monai.visualize.clip_frames import ASSUMED_RATE_HZ

__all__ = ["ClipData", "ReportContext", "Still", "gather"]


@dataclass(frozen=True)
class Still:
    """The frame of end-diastole or end-systole of one beat, with its picture, contours, and measurements."""

    name: str
    frame: int
    url: str
    contours: Mapping[str, str]
    time_s: float | None
    volume_ml: float | None
    area_cm2: AreasCm2
    area_px: Mapping[str, int]


@dataclass(frozen=True)
class ClipData:
    """The data that the script of the page reads.

    Attributes:
        shown: embedded frames.
        times: start of every frame of the clip in seconds, or ``None`` if unknown.
        rate: frames per second for a clip without times.
        percent: position of every frame on the time axis, 0 to 100.
        valid: whether each frame is valid.
        plots: one value per frame for each structure, for each plot.
        contours: SVG path of each structure for every embedded frame.
        start: frame to show first.
    """

    shown: list[int]
    times: list[float] | None
    rate: float
    percent: list[float]
    valid: Sequence[bool]
    plots: list[Mapping[str, Values]]
    contours: list[dict[str, str]]
    start: int


@dataclass(frozen=True)
class ReportContext:
    """The names that the templates use.

    Attributes:
        measurements: measurements of the clip.
        structures: names of all structures, the left ventricle first.
        colors: red, green, and blue of each structure, 0 to 255.
        phases: frames of ``ED`` and ``ES``.
        pictures: embedded frames.
        picture_urls: their ``data:`` URLs, created one by one while the page is written.
        curves: volume and areas over time, as coordinates.
        stills: ED and ES of one beat; empty if there is none.
        still_beat: index of that beat.
        notes: why numbers are missing, and what was assumed.
        beat_notes: which beats are not in the mean, and why.
        ranges: reference ranges beside the measured values.
        range_source: publication of the ranges.
        provenance: name and text of each entry of ``run.json``, without options at their defaults.
        default_options: the same for these options.
        surroundings: whether the pictures show what is beside the sector; empty if unknown.
        data: data for the script.
    """

    measurements: Measurements
    structures: list[str]
    colors: Mapping[str, tuple[int, int, int]]
    phases: Mapping[str, Sequence[int]]
    pictures: Pictures
    picture_urls: Iterator[str]
    curves: Plots
    stills: list[Still]
    still_beat: int
    notes: Notes
    beat_notes: list[str]
    ranges: list[RangeRow]
    range_source: str
    provenance: list[tuple[str, str]]
    default_options: list[tuple[str, str]]
    surroundings: str
    data: ClipData


def gather(
    measurements: Measurements,
    frames: FrameTable,
    run: RunRecord,
    pictures: Pictures,
    picture: RandomAccess,
    contours: list[dict[str, str]],
) -> ReportContext:
    """Gather the values for the report of one clip.

    Args:
        measurements: see :func:`~gdkvm_monai.study.report.writer.write_clip_report`.
        frames: see there.
        run: see there.
        pictures: frames to embed.
        picture: gives the gray values of a frame.
        contours: SVG path of each structure for each of the frames to embed.
    """
    phases = shown_phases(measurements)
    beats = measurements.beats
    still_beat = first_measured_beat(beats)
    curves = lay_out_plots(frames, measurements.structures, phases)
    drawn = dict(zip(pictures.frames, contours))
    stills = _stills(beats[still_beat], frames, pictures, picture, drawn) if beats else []
    return ReportContext(
        measurements=measurements,
        structures=list(STRUCTURES),
        colors={name: COLORS[label] for name, (label,) in STRUCTURES.items()},
        phases=phases,
        pictures=pictures,
        picture_urls=pictures.data_urls(picture, {still.frame: still.url for still in stills}),
        curves=curves,
        stills=stills,
        still_beat=still_beat,
        notes=collect_notes(measurements, run.weights.views),
        beat_notes=describe_beats(beats),
        ranges=range_rows(measurements),
        range_source=SOURCE,
        provenance=describe_run(run),
        default_options=describe_defaults(run),
        surroundings=run.surroundings or "",
        data=_clip_data(frames, pictures.frames, curves, contours, phases["ED"]),
    )


def _stills(
    beat: Beat, frames: FrameTable, pictures: Pictures, picture: RandomAccess, contours: Mapping[int, Mapping[str, str]]
) -> list[Still]:
    def still(name: str, frame: int, volume_ml: float | None, area_cm2: AreasCm2) -> Still:
        area_px = {structure: areas[frame] for structure, areas in frames.area_px.items()}
        url = pictures.data_url(picture, frame)
        return Still(name, frame, url, contours[frame], frames.time_s[frame], volume_ml, area_cm2, area_px)

    return [
        still("End-diastole", beat.ed_frame, beat.edv_ml, beat.ed_area_cm2),
        still("End-systole", beat.es_frame, beat.esv_ml, beat.es_area_cm2),
    ]


def _clip_data(
    frames: FrameTable, shown: list[int], curves: Plots, contours: list[dict[str, str]], ed_frames: Sequence[int]
) -> ClipData:
    times, unit = time_axis(frames)
    return ClipData(
        shown=shown,
        times=times if unit == "s" else None,
        rate=ASSUMED_RATE_HZ,
        percent=[round(place, 3) for place in percent_positions(times)],
        valid=frames.valid,
        plots=[plot.values for plot in curves.plots],
        contours=contours,
        start=min(set(ed_frames) & set(shown), default=shown[0]),
    )
