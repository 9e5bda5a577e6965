"""Count how often color flow is read as B-mode, and B-mode is refused as color flow.

    python benchmarks/color_flow.py --camus /path/to/camus --part report

Gray clips, which are phantoms and CAMUS pairs, are tinted, overlaid with colored text, bars, and an ECG, or with color
flow, and shown to :class:`~gdkvm_monai.data.mode.ColorFlow`, as clips and as stills. Thresholds were set on the part
``fit``; figures are those of ``report``, which has other patients. ``--real FILE`` adds clips, whose result is printed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from color_variants import B_MODE, COLOR_FLOW

from gdkvm_monai.data import ClipReader, ClipReadError, camus_datalist, open_clip
from gdkvm_monai.data.mode import ColorFlow
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip

FRAMES = 10
PATIENTS = 20
FIRST = {"fit": 0, "report": 200}
"""Seeds of phantoms, and places in CAMUS' training list."""


def gray_clips(camus: Path | None, part: str) -> Iterator[tuple[int, np.ndarray]]:
    """Yield a seed and a gray clip ``(T, rows, columns)`` of each patient of a part."""
    first = FIRST[part]
    for seed in range(first, first + PATIENTS):
        clip = render_phantom_clip(EchoPhantom(seed), beats=1, frame_rate_hz=25, size=(192, 192)).image
        yield seed, clip[..., :FRAMES].transpose(2, 1, 0)
    if camus is not None:
        reader = ClipReader()
        pairs = camus_datalist(camus, "training", "4CH", "stills", None)
        for number, item in enumerate(pairs[first : first + PATIENTS], first):
            yield 1000 + number, reader.read(item["image"]).pixels.transpose(2, 1, 0)[:, ::2, ::2]


def shows_flow(frames: np.ndarray) -> bool:
    """Whether RGB frames ``(T, rows, columns, 3)`` are taken for color flow, as a reader would."""
    flow = ColorFlow()
    return any(flow.add(frame) for frame in frames) or flow.in_still


def count(camus: Path | None, part: str) -> dict[str, Counter]:
    """Count clips and stills by variant, and those that are taken for color flow."""
    counts: dict[str, Counter] = {name: Counter() for name in (*B_MODE, *COLOR_FLOW)}
    for seed, gray in gray_clips(camus, part):
        for name, variant in {**B_MODE, **COLOR_FLOW}.items():
            frames = variant(gray, np.random.default_rng(seed))
            counts[name].update(clips=1, clip_flow=shows_flow(frames), still_flow=shows_flow(frames[-1:]))
    return counts


def table(counts: dict[str, Counter]) -> Iterator[str]:
    """Yield the lines of the table, with a sum for each mode."""
    yield f"{'variant':28} {'clips':>6} {'clips as flow':>14} {'stills as flow':>15}"
    for mode, names in (("B-mode", tuple(B_MODE)), ("color flow", tuple(COLOR_FLOW))):
        for name in (*names, mode):
            total = counts[name] if name in counts else sum((counts[each] for each in names), Counter())
            label = f"all {mode}" if name == mode else name
            yield f"{label:28} {total['clips']:6} {total['clip_flow']:14} {total['still_flow']:15}"


def main(words: Sequence[str] | None = None) -> None:
    """Print the table, and how each real clip is read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--camus", type=Path, help="folder of CAMUS")
    parser.add_argument("--part", choices=("fit", "report"), default="report")
    parser.add_argument("--real", type=Path, nargs="*", default=[], metavar="FILE", help="clips to read as they are")
    options = parser.parse_args(words)
    print("\n".join(table(count(options.camus, options.part))))
    for path in options.real:
        try:
            print(f"{path.name}: read, {open_clip(path).collect().meta.get('mode', 'unknown')}")
        except ClipReadError as error:
            print(f"{path.name}: refused, {str(error).replace(str(path), 'it')}")


if __name__ == "__main__":
    main()
