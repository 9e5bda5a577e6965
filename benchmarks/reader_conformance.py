"""Read a folder of clips and compare each with what it must give.

``python benchmarks/reader_conformance.py FOLDER [EXPECTATIONS.json ...] [--reference CLIP ...]``

Without expectation files, ``FOLDER/expect_*.json`` are used. Each holds an object ``{file: expectation}``. ``file`` is
a path relative to the folder, or the end of one, with or without ``.dcm``. An expectation is a text or an object:

- A text lists accepted outcomes, separated by `` or ``; what follows ``,``, ``:``, ``;``, or ``(`` is a comment and is
  not checked. ``same``, ``lossy``, and ``scaled`` compare the pixels with those of any reference: equal, a mean
  difference of at most 3 gray levels, or a correlation of at least 0.999. ``clear`` is a ``ClipReadError`` that names a
  cause. ``70 frames`` or ``one frame`` compares the number of frames, ``70 @20`` also the milliseconds between them,
  ``20 ms`` only these; ``unknown`` and ``unknown time`` expect that no time is stated, ``absent`` and ``conflict`` this
  trust in the spacing. If no outcome is met and one of them is something else, the clip counts as ``not judged``.
- An object, such as ``{"frames": 70, "spacing_mm": [0.7, 0.5], "frame_time_ms": 20, "partial": false}``, states values
  of the metadata, within 1 %; ``{"error": "word"}`` expects a ``ClipReadError`` that contains the word.

Files that are not in the folder count as ``absent``. Exits with status 1 if a clip does not match.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np

from gdkvm_monai.data import Clip, ClipReadError, open_clip

WORDS = {"one": 1}
CAUSELESS = "is damaged in a way that raised"
PIXELS = ("same", "lossy", "scaled")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("expectations", type=Path, nargs="*", help="default: FOLDER/expect_*.json")
    parser.add_argument(
        "--reference", type=Path, nargs="+", default=[], help="clips that `same`, `lossy`, and `scaled` refer to"
    )
    args = parser.parse_args()
    sources = args.expectations or sorted(args.folder.glob("expect_*.json"))
    references = [read(path).pixels for path in args.reference]
    files = {str(path.relative_to(args.folder)): path for path in args.folder.rglob("*") if path.is_file()}
    counts: dict[str, Counter] = {}
    for source in sources:
        counts[source.stem] = Counter()
        for name, expected in json.loads(source.read_text()).items():
            verdict, found = check(find(name, files), expected, references)
            counts[source.stem][verdict] += 1
            if verdict == "mismatch":
                print(f"{name}: expected {expected}; found {found}", flush=True)
    print_table(counts)
    return int(any(count["mismatch"] for count in counts.values()))


def find(name: str, files: dict[str, Path]) -> Path | None:
    """Return the file of an expectation: its path, or the only one that ends like it."""
    ends = [path for key, path in files.items() if f"/{key}".endswith((f"/{name}", f"/{name}.dcm"))]
    return ends[0] if len(ends) == 1 else None


def read(path: Path) -> Clip | ClipReadError:
    """Return the clip, or the error that refused it; any other error passes."""
    try:
        return open_clip(path).collect()
    except ClipReadError as error:
        return error


def check(path: Path | None, expected: str | dict, references: list[np.ndarray]) -> tuple[str, str]:
    """Return the verdict on a clip and what it gave."""
    if path is None:
        return "absent", ""
    got = read(path)
    found = str(got) if isinstance(got, ClipReadError) else summary(got)
    if isinstance(expected, dict):
        return ("match" if matches_values(got, expected) else "mismatch"), found
    outcomes = [re.split(r"[,:;(]", part)[0].strip() for part in re.split(r",? or ", expected)]
    results = [matches_outcome(got, outcome, references) for outcome in outcomes]
    if any(results):
        return "match", found
    return ("not judged" if None in results else "mismatch"), found


def summary(clip: Clip) -> str:
    time = clip.meta.get("frame_time_ms", "unknown")
    return f"{clip.pixels.shape} {clip.pixels.dtype}, {time} ms, spacing {clip.meta['spacing_trust']}"


def matches_outcome(got: Clip | ClipReadError, outcome: str, references: list[np.ndarray]) -> bool | None:
    """Return whether a clip is one of the accepted outcomes, or ``None`` if the outcome cannot be judged."""
    if outcome == "clear":
        return isinstance(got, ClipReadError) and CAUSELESS not in str(got)
    count = re.fullmatch(r"(\w+)(?: frames?)?(?: @([\d.]+))?", outcome)
    number = WORDS.get(count[1]) or (int(count[1]) if count[1].isdigit() else None) if count else None
    step = re.fullmatch(r"([\d.]+) ms", outcome)
    if outcome in PIXELS:
        if not references:
            return None
        return isinstance(got, Clip) and any(matches_pixels(got, outcome, reference) for reference in references)
    if outcome in ("unknown", "unknown time"):
        values = {"frame_time_ms": None}
    elif outcome in ("absent", "conflict"):
        values = {"spacing_trust": outcome}
    elif step:
        values = {"frame_time_ms": float(step[1])}
    elif number:
        values = {"frames": number} | ({"frame_time_ms": float(count[2])} if count[2] else {})
    else:
        return None
    return matches_values(got, values)


def matches_pixels(got: Clip, outcome: str, reference: np.ndarray) -> bool:
    if got.pixels.shape != reference.shape:
        return False
    pixels, expected = got.pixels.astype(float), reference.astype(float)
    if outcome == "scaled":
        return np.corrcoef(pixels.ravel(), expected.ravel())[0, 1] >= 0.999
    return np.abs(pixels - expected).mean() <= (3 if outcome == "lossy" else 0)


def matches_values(got: Clip | ClipReadError, expected: dict) -> bool:
    if "error" in expected or isinstance(got, ClipReadError):
        return isinstance(got, ClipReadError) and expected.get("error", "\0") in str(got)
    found = dict(got.meta) | {"frames": got.pixels.shape[-1], "spacing_mm": np.linalg.norm(got.affine[:3, :2], axis=0)}
    return all(agrees(found.get(key), value) for key, value in expected.items())


def agrees(found, expected) -> bool:
    if expected is None or found is None or isinstance(expected, (str, bool)):
        return found == expected
    return np.allclose(found, expected, rtol=0.01)


def print_table(counts: dict[str, Counter]) -> None:
    columns = ("match", "mismatch", "not judged", "absent")
    counts = counts | {"all": sum(counts.values(), Counter())}
    print(f"{'expectations':<24}" + "".join(f"{column:>12}" for column in columns))
    for name, count in counts.items():
        print(f"{name:<24}" + "".join(f"{count[column]:>12}" for column in columns))


if __name__ == "__main__":
    raise SystemExit(main())
