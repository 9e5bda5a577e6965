"""Ejection fractions of simulated beats: regular, irregular, and ectopic rhythm, noise of 1 to 3 % of the volume.

    python benchmarks/simulated_beats.py [--clips 20] [--seed 0]

Clips last 0.7 to 6 s and start anywhere in a beat. The tables state how many of the complete beats (from end-diastole
to end-diastole) get an ejection fraction, how many of these are within 3 points of the truth, how often a clip with a
contraction gets none, how often a ventricle that does not move gets one, and which rhythm is found.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from beat_curves import RHYTHMS, Cell, SimulatedClip, draw_clip, draw_still_clip

from gdkvm_monai.metrics import find_phases, measure_beats
from gdkvm_monai.metrics.rhythm import judge_rhythm
from gdkvm_monai.study.quality.numbers import EF_RANGE, HEART_RATE_BPM, LARGEST_SPREAD

RATES_HZ, RATES_BPM, NOISE = (25, 50, 100), (40, 60, 80, 110, 150, 180, 220), (0.01, 0.02, 0.03)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20, metavar="N", help="clips of each kind (default: 20)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cells = [Cell(*kind) for kind in product(RATES_HZ, RATES_BPM, RHYTHMS, NOISE)]
    beating = simulate(cells, options.clips, options.seed)
    print_accuracy(beating)
    still_cells = [Cell(rate_hz, 60, "regular", noise) for rate_hz, noise in product(RATES_HZ, NOISE)]
    rng = np.random.default_rng(options.seed)
    still = {
        memory: [measure(cell, draw_still_clip(rng, cell, memory)) for cell in still_cells * 10 * options.clips]
        for memory in (0.0, 0.5, 0.8)
    }
    short_cells = [Cell(rate_hz, 40, "regular", noise) for rate_hz, noise in product(RATES_HZ, NOISE)]
    short = simulate(short_cells, 20 * options.clips, options.seed, duration_s=1.2)  # of 1.5 s
    print_others(beating, still, short)


def print_accuracy(outcomes: Sequence[Outcome]) -> None:
    """Print the share of complete beats reported and of reported beats within 3 points, for all kinds of clips."""

    def entry(**kind: object) -> str:
        chosen = [one for one in outcomes if all(getattr(one.cell, name) == value for name, value in kind.items())]
        reported, close = accuracy(chosen)
        return f"{reported:.0%} / {close:.1%}"

    per_rate = {f"{rate_hz} Hz": rate_hz for rate_hz in RATES_HZ}
    print("Complete beats reported / reported beats within 3 points:")
    print_table("beats per minute", RATES_BPM, per_rate, lambda bpm, hz: entry(rate_bpm=bpm, rate_hz=per_rate[hz]))
    print_table("rhythm", RHYTHMS, per_rate, lambda rhythm, hz: entry(rhythm=rhythm, rate_hz=per_rate[hz]))
    print_table("noise", NOISE, per_rate, lambda noise, hz: entry(noise=noise, rate_hz=per_rate[hz]))
    goal = [one for one in outcomes if one.cell.rate_hz >= 50 and one.cell.rate_bpm <= 180]
    for name, part in (("all", outcomes), ("at least 50 Hz and at most 180 beats per minute", goal)):
        reported, close = accuracy(part)
        count = sum(len(one.errors) for one in part)
        print(f"\n{name}: {reported:.1%} reported, {close:.1%} of {count} reported beats within 3 points")


def print_others(
    beating: Sequence[Outcome], still: Mapping[float, Sequence[Outcome]], short: Sequence[Outcome]
) -> None:
    """Print how often an ejection fraction is wrongly withheld or given, and how often a rhythm is found."""
    whole = [one for one in beating if one.complete]
    shares = {
        **{
            f"no motion, noise with a correlation of {memory} from frame to frame: ejection fraction without a flag": [
                one.unflagged for one in outcomes
            ]
            for memory, outcomes in still.items()
        },
        "EF 15 % or more, at least one complete beat: withheld": [one.withheld for one in whole],
        "clips of 0.8 beats: called less than one beat": [one.below_one_beat for one in short],
        "clips with a complete beat: called less than one beat": [one.below_one_beat for one in whole],
    }
    for name, values in shares.items():
        print(f"\n{name}: {np.mean(values):.2%} of {len(values)}", end="")
    judged = [one.rhythms for one in beating if one.rhythms[0] != "unknown"]
    found = ("regular", "ectopic", "irregular", "unknown")

    def entry(true: str, name: str) -> str:
        among = [other for rhythm, other in judged if rhythm == true]
        return f"{among.count(name) / max(len(among), 1):.0%} of {len(among)}"

    print("\n")
    print_table("simulated rhythm of at least two complete beats, found as", RHYTHMS, found, entry)


@dataclass(frozen=True)
class Outcome:
    """What was found in one clip: numbers of beats, errors of the reported ejection fractions, and its rhythm."""

    cell: Cell
    complete: int
    reported: int
    errors: tuple[float, ...]
    withheld: bool
    unflagged: bool
    below_one_beat: bool
    rhythms: tuple[str, str]


def measure(cell: Cell, clip: SimulatedClip) -> Outcome:
    """Measure one clip; a beat is reported if it has an ejection fraction that is not called uncertain or cut off."""
    phases = find_phases(clip.volume_ml, clip.time_s)
    result = measure_beats(clip.volume_ml, phases)
    reported, errors = set(), []
    for beat in result.beats:
        if beat.concern in ("", "odd_interval") or (beat.concern == "clip_end" and beat.in_mean):
            ed = int(np.abs(clip.ed_s - clip.time_s[beat.ed_frame]).argmin())
            es = int(np.abs(clip.es_s - clip.time_s[beat.es_frame]).argmin())
            errors.append(beat.ef_percent - clip.ef_percent[es])
            reported |= {es} if ed == es else set()
    complete, rhythm, rate = clip.complete, judge_rhythm(phases.rr).name, phases.heart_rate_bpm
    below_one_beat = len(phases.ed) < 2 and len(phases.es) < 2
    averaged = [beat for beat in result.beats if beat.in_mean]
    (slowest, fastest), (lowest, highest) = HEART_RATE_BPM, EF_RANGE
    flags = [below_one_beat, rhythm in ("ectopic", "irregular"), rate < slowest or rate > fastest]
    flags += [result.ef_sd_percent > LARGEST_SPREAD]
    flags += [not lowest <= beat.ef_percent <= highest or beat.concern == "uncertain" for beat in averaged]
    return Outcome(
        cell=cell,
        complete=len(complete),
        reported=len(reported.intersection(map(int, complete))),
        errors=tuple(errors),
        withheld=bool(np.isnan(result.ef_percent)),
        unflagged=bool(averaged) and not any(flags),
        below_one_beat=below_one_beat,
        rhythms=(clip.rhythm, rhythm),
    )


def simulate(cells: Sequence[Cell], clips: int, seed: int, **fixed: float) -> list[Outcome]:
    """Measure ``clips`` clips of each cell."""
    rng = np.random.default_rng(seed)
    return [measure(cell, draw_clip(rng, cell, **fixed)) for cell in cells for _ in range(clips)]


def accuracy(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Return the share of complete beats that are reported and the share of reported beats within 3 points."""
    errors = np.concatenate([outcome.errors for outcome in outcomes])
    complete = sum(outcome.complete for outcome in outcomes)
    close = float((np.abs(errors) <= 3).mean()) if len(errors) else np.nan
    return sum(outcome.reported for outcome in outcomes) / max(complete, 1), close


def print_table(title: str, rows: Sequence[object], columns: Sequence[object], value: Callable) -> None:
    """Print a Markdown table whose entries are ``value(row, column)``."""
    print(f"\n| {title} | {' | '.join(map(str, columns))} |\n|---|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {row} | {' | '.join(value(row, column) for column in columns)} |")


if __name__ == "__main__":
    main()
