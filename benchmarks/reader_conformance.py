"""Read a folder of clips whose right content is known, and print how many are read right.

    python benchmarks/reader_conformance.py /path/to/clips --expected benchmarks/conformance/real_clips.json

The JSON file names clips relative to the folder (``pydicom:`` names an example file of that package), and what each may
give: a list of alternatives, see :class:`Expected`. ``{"error": "text"}`` allows a ``ClipReadError`` with that text. A
clip that is not there is counted as absent. The exit code is 1 if any clip gives something else.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from gdkvm_monai.data import Clip, ClipReadError, open_clip

STRICT = ConfigDict(extra="forbid")
SAME, LOSSY, LINEAR = 0.99, 4.0, 0.999
"""Share of the pixels that differ by at most one gray level, for clips with a colored mark on gray pictures; largest
mean difference of gray levels after lossy compression; and smallest correlation of scaled values."""


@dataclass(frozen=True, config=STRICT)
class Expected:
    """What a clip may give; what is ``None`` is not checked.

    Attributes:
        error: text in the error; all else is then not checked.
        pixels: ``same`` as the reference, ``close`` after lossy compression, or ``scaled`` linearly.
        shape: lateral and depth pixels, and frames.
        frames: number of frames.
        frame_time_ms: mean time between frames, ``"unknown"`` if there must be none.
        end_ms: onset of the last of unevenly spaced frames.
        spacing_mm: lateral and depth spacing.
        spacing_trust: ``ok``, ``scaled``, ``absent``, or ``conflict``.
        partial: whether the result must say that frames are missing.
    """

    error: str | None = None
    pixels: Literal["same", "close", "scaled"] | None = None
    shape: tuple[int, int, int] | None = None
    frames: int | None = None
    frame_time_ms: float | Literal["unknown"] | None = None
    end_ms: float | None = None
    spacing_mm: tuple[float, float] | None = None
    spacing_trust: str | None = None
    partial: bool | None = None


@dataclass(frozen=True, config=STRICT)
class Conformance:
    """Content of the JSON file: the clips' alternatives by path, and a clip whose pixels they are compared with."""

    clips: dict[str, list[Expected]]
    reference: str | None = None


def main() -> int:
    """Read all clips, print the table and every difference, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expected", type=Path, required=True)
    options = parser.parse_args()
    known = TypeAdapter(Conformance).validate_json(options.expected.read_bytes())
    reference = open_clip(options.folder / known.reference).collect().pixels if known.reference else None
    counts: dict[str, Counter] = {}
    for name, allowed in known.clips.items():
        outcome, differences = check(options.folder, name, allowed, reference)
        counts.setdefault(Path(name).suffix.lower() or "pydicom", Counter())[outcome] += 1
        if outcome == "wrong":
            print(f"{name}: {'; or '.join(differences)}")
    print(table(counts))
    return int(any(count["wrong"] for count in counts.values()))


def check(folder: Path, name: str, allowed: Sequence[Expected], reference: np.ndarray | None) -> tuple[str, list[str]]:
    """Return ``read``, ``refused``, ``absent``, or ``wrong``, and how the clip differs from each alternative."""
    path = _find(folder, name)
    if path is None:
        return "absent", []
    try:
        clip = open_clip(path).collect()
    except ClipReadError as error:
        texts = [expected.error for expected in allowed if expected.error is not None]
        wrong = not any(text.lower() in str(error).lower() for text in texts)
        return ("wrong", [f"refused: {error}"]) if wrong else ("refused", [])
    except Exception as error:  # a reader declares no other error
        return "wrong", [f"{type(error).__name__}: {error}"]
    differences = [", ".join(differ(clip, expected, reference)) for expected in allowed if expected.error is None]
    if differences and not all(differences):
        return "read", []
    return "wrong", differences or ["it was read, expected an error"]


def differ(clip: Clip, expected: Expected, reference: np.ndarray | None) -> list[str]:
    """List what differs from one alternative."""
    spacing, meta = np.abs(np.diag(clip.affine)[:2]), clip.meta
    onsets = [float(word) for word in meta.get("frame_times_ms", "").split()]
    step = meta.get("frame_time_ms", "unknown")
    found = {
        "shape": (clip.pixels.shape, expected.shape),
        "frames": (clip.pixels.shape[-1], expected.frames),
        "frame_time_ms": (step, expected.frame_time_ms),
        "end_ms": (onsets[-1] - onsets[0] if onsets else None, expected.end_ms),
        "spacing_mm": (tuple(np.round(spacing, 4).tolist()), expected.spacing_mm),
        "spacing_trust": (meta["spacing_trust"], expected.spacing_trust),
        "partial": (meta["partial"], expected.partial),
    }
    differences = [
        f"{name} is {value}, not {wanted}"
        for name, (value, wanted) in found.items()
        if wanted is not None and not _equal(value, wanted)
    ]
    if expected.pixels is not None:
        differences += _pixel_difference(clip.pixels, reference, expected.pixels)
    return differences


def _pixel_difference(pixels: np.ndarray, reference: np.ndarray, how: str) -> list[str]:
    if pixels.shape != reference.shape:
        return [f"the shape is {pixels.shape}, not {reference.shape}"]
    if how == "scaled":
        value = float(np.corrcoef(pixels.ravel(), reference.ravel())[0, 1])
        return [] if value >= LINEAR else [f"the correlation with the reference is {value:.4f}"]
    apart = np.abs(pixels.astype(float) - reference)
    value = float(np.quantile(apart, SAME) if how == "same" else apart.mean())
    return [] if value <= (1 if how == "same" else LOSSY) else [f"gray levels differ by {value:.1f} ({how})"]


def _equal(value: object, wanted: object) -> bool:
    if value is None or isinstance(value, str) or isinstance(wanted, str):
        return value == wanted
    return np.shape(value) == np.shape(wanted) and bool(np.allclose(value, wanted, rtol=0.005, atol=1e-3))


def _find(folder: Path, name: str) -> Path | None:
    """Return the path of a clip; ``None`` if it is not there, or its package does not include it."""
    if not name.startswith("pydicom:"):
        return folder / name if (folder / name).exists() else None
    import pydicom.examples

    return Path(pydicom.examples.get_path(name.removeprefix("pydicom:")))


def table(counts: dict[str, Counter]) -> str:
    """Return the number of clips of every format by outcome."""
    outcomes = ("read", "refused", "wrong", "absent")
    rows = [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]
    lines = [f"{name:10}" + "".join(f"{count[outcome]:9}" for outcome in outcomes) for name, count in rows]
    return "\n".join(["format    " + "".join(f"{outcome:>9}" for outcome in outcomes), *lines])


if __name__ == "__main__":
    raise SystemExit(main())
