"""EchoNet-Dynamic: four-chamber videos with the left ventricle traced at end-diastole and end-systole.

D. Ouyang et al., Nature 580:252-256, 2020, doi:10.1038/s41586-020-2145-8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import pandas as pd
from monai.config import PathLike
from monai.utils import look_up_option

from gdkvm_monai.data.datalists.echonet_tracings import SIDE, Tracing, read_table, read_tracings
from gdkvm_monai.data.datalists.kinds import advise_config

__all__ = ["EchoNetItem", "echonet_datalist"]

SECTIONS = {"training": ("TRAIN",), "validation": ("VAL",), "testing": ("TEST",), "all": ("TRAIN", "VAL", "TEST")}
LAYOUT = "FileList.csv, VolumeTracings.csv, and Videos/*.avi"
ROWS = 21
"""Lines of a complete tracing: the long axis and twenty chords."""

NUMBERS = ["EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames"]


class EchoNetItem(TypedDict):
    """An item of the datalist.

    Attributes:
        image: path of the video.
        tracings: lines of the tracings at ED and ES, see
            :attr:`~gdkvm_monai.data.datalists.echonet_tracings.Tracing.lines`;
            :class:`~gdkvm_monai.transforms.DrawTracingsd` draws the label.
        label_frames: frames of the tracings, 0-based.
        patient: name of the video; the data set has one of each patient.
        view: ``"4CH"``.
        ed_frame: 0-based; the frame with the larger traced area.
        es_frame: 0-based; it may come before ``ed_frame``.
        ef_percent: ejection fraction that the data set states.
        frame_rate_hz: frames per second.
    """

    image: str
    tracings: list[list[list[float]]]
    label_frames: list[int]
    patient: str
    view: str
    ed_frame: int
    es_frame: int
    ef_percent: float
    frame_rate_hz: float


class _LeftOut(Exception):
    """A video cannot be used, for the given reason."""


def echonet_datalist(
    root_dir: PathLike, section: str = "training", report: Callable[[str], object] | None = print
) -> list[EchoNetItem]:
    """List the traced videos of EchoNet-Dynamic.

    Tracings with other than 21 lines are kept and counted in the report, because they enclose the ventricle, too.

    Args:
        root_dir: folder with ``FileList.csv``, ``VolumeTracings.csv``, and ``Videos``.
        section: ``"training"``, ``"validation"``, ``"testing"`` (``Split`` in ``FileList.csv``), or ``"all"``.
        report: called with a summary of the listed videos and of those left out, with reasons and counts; ``None`` for
            no report.

    Raises:
        FileNotFoundError: if a table or every video is missing, or the folder holds another data set.
        ValueError: if a table is malformed.
    """
    look_up_option(section, SECTIONS)
    root = Path(root_dir)
    if advice := advise_config(root, "EchoNet-Dynamic"):
        raise FileNotFoundError(advice)
    for name in ("FileList.csv", "VolumeTracings.csv"):
        if not (root / name).is_file():
            raise FileNotFoundError(
                f"{root / name} does not exist; set dataset_dir to a copy of EchoNet-Dynamic with {LAYOUT}."
            )
    listed = read_table(root / "FileList.csv", ["FileName", *NUMBERS, "Split"], NUMBERS)
    tracings = read_tracings(root / "VolumeTracings.csv")
    chosen = listed[listed["Split"].str.strip().str.upper().isin(SECTIONS[section])]
    items, left_out = _items(chosen, tracings, root / "Videos")
    if not items:
        first = next((f" ({names[0]}: {reason})" for reason, names in left_out.items()), "")
        raise FileNotFoundError(f"no traced video for section {section} in {root}{first}; expected {LAYOUT}.")
    if report is not None:
        odd = [item["patient"] for item in items if any(len(lines) != ROWS for lines in item["tracings"])]
        unlisted = sorted(set(tracings) - set(listed["FileName"]))
        report(_summary(section, items, left_out, odd, unlisted))
    return items


def _items(
    chosen: pd.DataFrame, tracings: Mapping[str, Sequence[Tracing]], videos: Path
) -> tuple[list[EchoNetItem], dict[str, list[str]]]:
    """Return the usable videos, and the names of the others by reason."""
    items: list[EchoNetItem] = []
    left_out: dict[str, list[str]] = {}
    for row in chosen.to_dict("records"):
        try:
            items.append(_item(row, tracings.get(row["FileName"], ()), videos))
        except _LeftOut as reason:
            left_out.setdefault(str(reason), []).append(row["FileName"])
    return items, left_out


def _item(row: Mapping, traced: Sequence[Tracing], videos: Path) -> EchoNetItem:
    path = videos / f"{row['FileName']}.avi"
    size = int(row["FrameWidth"]), int(row["FrameHeight"])
    if not traced:
        raise _LeftOut("no tracing")
    if not path.is_file():
        raise _LeftOut("no video in Videos")
    if size != (SIDE, SIDE):
        raise _LeftOut(f"frames of {size[0]} x {size[1]} pixels instead of {SIDE} x {SIDE}, to which tracings refer")
    if len(traced) != 2:
        raise _LeftOut(f"traced frames: {len(traced)} instead of 2")
    es, ed = sorted(traced, key=lambda tracing: tracing.area)
    if es.area == 0 or es.area == ed.area:
        raise _LeftOut("a tracing without area" if es.area == 0 else "two traced areas of the same size")
    if not all(0 <= tracing.frame < row["NumberOfFrames"] for tracing in traced):
        raise _LeftOut("a tracing of a frame that the video does not have")
    return EchoNetItem(
        image=str(path),
        tracings=[ed.lines.tolist(), es.lines.tolist()],
        label_frames=[ed.frame, es.frame],
        patient=row["FileName"],
        view="4CH",
        ed_frame=ed.frame,
        es_frame=es.frame,
        ef_percent=float(row["EF"]),
        frame_rate_hz=float(row["FPS"]),
    )


def _summary(
    section: str,
    items: Sequence[EchoNetItem],
    left_out: Mapping[str, Sequence[str]],
    odd: Sequence[str],
    unlisted: Sequence[str],
) -> str:
    lines = [f"EchoNet-Dynamic {section}: {len(items)} videos, {sum(map(len, left_out.values()))} left out"]
    lines += [f"left out, {reason}: {_names(names)}" for reason, names in left_out.items()]
    if odd:
        lines.append(f"listed, a tracing with more or fewer than {ROWS} lines: {_names(odd)}")
    if unlisted:
        lines.append(f"ignored, tracings of videos that FileList.csv does not list: {_names(unlisted)}")
    return "\n  ".join(lines)


def _names(names: Sequence[str], most: int = 6) -> str:
    return f"{len(names)} ({', '.join(names[:most])}{', ...' if len(names) > most else ''})"
