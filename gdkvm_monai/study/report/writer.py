"""The report of one clip: a single HTML file with the clip, its contours, curves and numbers, to be read offline."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from gdkvm_monai.files import replace_file
from gdkvm_monai.study.report.page import beat_frames, fill_page, shown_beat
from gdkvm_monai.visualize.clip_curves import percent_positions, time_axis
from gdkvm_monai.visualize.clip_frames import (
    ASSUMED_RATE_HZ,
    aspect_spacing,
    contours,
    picture_size,
    sample_frames,
    upright,
)

__all__ = ["write_clip_report"]

QUALITIES, LARGEST_BYTES = (80, 65, 50, 35), 36_000
"""Qualities of JPEG, of which the first is taken that makes a picture small enough, and what is small enough."""

COLUMNS = ("Frame", "time_s", "valid") + tuple(
    f"{name}_{unit}" for unit in ("px", "cm2") for name in ("LV", "MYO", "LA")
) + ("LV_volume_ml", "LV_volume_relative")  # fmt: skip


def write_clip_report(
    path: str | os.PathLike,
    measurements: Mapping[str, Any],
    frames: Mapping[str, Sequence],
    provenance: Mapping[str, Any],
    picture: Callable[[int], np.ndarray],
    mask: Callable[[int], np.ndarray],
    max_frames: int = 120,
) -> None:
    """Write the results of one clip as an HTML file that needs neither network nor server and sends nothing.

    The file holds at most ``max_frames`` pictures, among them all of ED and ES, or, where these are too many, those of
    the beat that is shown; curves and numbers are those of every frame. It is written piece by piece, one picture in
    memory at a time, and takes its place when it is complete.

    Args:
        path: file to write, ``.html``.
        measurements: numbers of the clip, as ``measurements.json`` holds them; what is unknown is ``None``.
        frames: equally long columns, one value per frame: ``Frame``, ``time_s``, ``valid``, the areas ``LV_px``,
            ``LV_cm2`` (likewise ``MYO`` and ``LA``), ``LV_volume_ml`` and ``LV_volume_relative`` (share of the largest
            volume); what is unknown is ``None``.
        provenance: how the numbers were computed, nested as wanted.
        picture: gives the frame ``t`` as gray values ``(H, W)``, lateral and depth, uint8.
        mask: gives its class indices ``(H, W)``.
        max_frames: most pictures to embed, at least 3 where there is a beat.

    Raises:
        ValueError: if a column is missing or of another length, a number is not finite, ``max_frames`` is too
            small, or a picture and its mask differ in shape.
    """
    count = _check(frames)
    phases = {"ED": measurements["phases"]["ed_frames"], "ES": measurements["phases"]["es_frames"]}
    keep = {*phases["ED"], *phases["ES"], *beat_frames(measurements["beats"])}
    if len({0, *keep}) > max_frames:
        keep = beat_frames([shown_beat(measurements["beats"])]) if measurements["beats"] else []
    shown, step = sample_frames(count, max_frames, keep)
    clip = measurements["clip"]
    size = picture_size((clip["lateral_px"], clip["depth_px"]), aspect_spacing(clip))
    paths = [_svg_paths(_checked(mask, t, clip), size) for t in shown]
    data = _clip_data(frames, shown, paths, phases)
    head, tail = fill_page(measurements, frames, provenance, embed_json(data), size, shown, step, phases)
    with replace_file(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as file:
        file.write(head)
        for piece in _pictures(picture, clip, shown, size):
            file.write(piece)
        file.write(tail)


def embed_json(value: Any) -> str:
    r"""Write JSON that may stand inside a ``<script>``.

    Raises:
        ValueError: if a number is not finite.

    Example:
        >>> embed_json("</script>")
        '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _check(frames: Mapping[str, Sequence]) -> int:
    lengths = {name: len(frames[name]) if name in frames else 0 for name in COLUMNS}
    if len(set(lengths.values())) != 1 or not lengths["Frame"]:
        raise ValueError(f"the columns of frames must be there, not empty and equally long, got {lengths}.")
    return lengths["Frame"]


def _checked(source: Callable[[int], np.ndarray], frame: int, clip: Mapping[str, Any]) -> np.ndarray:
    array = np.asarray(source(frame))
    if array.shape != (clip["lateral_px"], clip["depth_px"]):
        raise ValueError(
            f"frame {frame} has {array.shape} pixels, the measurements state {clip['lateral_px']} x {clip['depth_px']} "
            "(lateral x depth); give pictures and masks on the clip's own grid."
        )
    return array


def _svg_paths(mask: np.ndarray, size: tuple[int, int]) -> dict[str, str]:
    def line(points: np.ndarray) -> str:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points[:-1]) + "Z"

    return {name: "".join(map(line, polygons)) for name, polygons in contours(mask, size).items()}


def _clip_data(
    frames: Mapping[str, Sequence], shown: Sequence[int], paths: Sequence[Mapping[str, str]], phases: Mapping[str, Any]
) -> dict[str, Any]:
    times, unit = time_axis(frames)
    starts = sorted(set(phases["ED"]) & set(shown)) or [shown[0]]
    return {
        "shown": list(shown),
        "times": times if unit == "s" else None,
        "rate": ASSUMED_RATE_HZ,
        "percent": [round(x, 3) for x in percent_positions(times)],
        "valid": [bool(valid) for valid in frames["valid"]],
        "columns": {name: list(frames[name]) for name in COLUMNS[3:]},
        "contours": list(paths),
        "start": starts[0],
    }


def _pictures(
    picture: Callable[[int], np.ndarray], clip: Mapping[str, Any], shown: Sequence[int], size: tuple[int, int]
) -> Iterator[str]:
    for index, frame in enumerate(shown):
        code = base64.b64encode(_jpeg(upright(_checked(picture, frame, clip), size))).decode("ascii")
        yield f'{"," if index else ""}"data:image/jpeg;base64,{code}"\n'


def _jpeg(picture: Image.Image) -> bytes:
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= LARGEST_BYTES:
            break
    return buffer.getvalue()
