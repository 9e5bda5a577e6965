"""Tables of the scores on damaged clips, with paired intervals, for ``damaged_clips.py``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.damaged_cases import FRAMES, START, Damage
from benchmarks.damaged_scores import SCORES
from gdkvm_monai.evaluation.bootstrap import mean_over_patients
from gdkvm_monai.evaluation.paired import compare

__all__ = ["memory_table", "score_table"]

ITEM = ("patient", "kind", "length")
ALL = "all damages"


def score_table(scores: pd.DataFrame, name: str, names: Sequence[str], each: bool = False) -> str:
    """Return a Markdown table of one score: a row for each group of damages, a column for each network.

    Every network but the first is followed by the paired difference of the first minus it, with the 95 % bootstrap
    interval over patients.

    Args:
        scores: a row for each network, patient, and damage.
        name: one of ``SCORES``.
        names: networks in order.
        each: whether there is a row for every kind and length instead of one for each kind and one for each length.
    """
    lines = [f"**{SCORES[name]}**", "", f"| damage | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for label, rows in _groups(scores, each):
        if rows[name].notna().any():
            lines.append(f"| {label} | {' | '.join(_cell(rows, name, names[0], other) for other in names)} |")
    return "\n".join(lines)


def _groups(scores: pd.DataFrame, each: bool) -> list[tuple[str, pd.DataFrame]]:
    damaged = scores[scores["length"] > 0]
    groups = [("none", scores[scores["length"] == 0])]
    kinds, lengths = list(damaged["kind"].unique()), sorted(damaged["length"].unique())
    if each:
        pairs = [(kind, length) for kind in kinds for length in lengths]
        groups += [(f"{k}, {_frames(n)}", damaged[(damaged["kind"] == k) & (damaged["length"] == n)]) for k, n in pairs]
    else:
        groups += [(kind, damaged[damaged["kind"] == kind]) for kind in kinds]
        groups += [(_frames(length), damaged[damaged["length"] == length]) for length in lengths]
    return [*groups, (ALL, damaged)]


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _cell(rows: pd.DataFrame, name: str, first: str, other: str) -> str:
    own = rows[rows["network"] == other]
    mean = mean_over_patients(own[name].tolist(), own["patient"].tolist())
    if np.isnan(mean):
        return "-"
    if other == first:
        return _number(mean, name)
    paired = compare(rows[rows["network"] == first], own, name, ITEM)
    ends = "few patients" if np.isnan(paired.low) else f"{_number(paired.low, name)}, {_number(paired.high, name)}"
    return f"{_number(mean, name)}; {_number(paired.mean, name, '+')} ({ends})"


def _number(value: float, name: str, sign: str = "") -> str:
    return f"{value:{sign}.1f}" if name == "ef_error" else f"{value:{sign}.3f}"


def memory_table(memories: pd.DataFrame, names: Sequence[str]) -> str:
    """Return a Markdown table of the memory's means before, in, and after the longest damage of each kind.

    Args:
        memories: a row for each network, patient, damage, and frame.
        names: networks in order.
    """
    values = [name for name in memories.columns if name not in ("network", "source", *ITEM, "frame")]
    lines = [f"| network | damage | frame | {' | '.join(values)} |", "|---|---|---|" + "---|" * len(values)]
    for network in names:
        own = memories[memories["network"] == network]
        for kind, of_kind in own.groupby("kind", sort=False):
            length = int(of_kind["length"].max())
            rows = of_kind[of_kind["length"] == length]
            ends = dict.fromkeys((START - 1, Damage(kind, length).frames[-1], FRAMES - 1))
            for frame in ends:
                means = rows[rows["frame"] == frame][values].mean()
                cells = ["-" if np.isnan(mean) else f"{mean:.3g}" for mean in means]
                lines.append(f"| {network} | {kind} {length} | {frame} | {' | '.join(cells)} |")
    return "\n".join(lines)
