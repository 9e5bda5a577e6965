"""The table of ``benchmarks/few_patients.py``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.camus_stills import divergence
from gdkvm_monai.evaluation import compare_seeds
from gdkvm_monai.evaluation.paired import ITEM, compare
from gdkvm_monai.evaluation.result_tables import read_frame_table

COLUMNS = {
    "LV Dice": ("LV", "dice"),
    "LV HD95 mm": ("LV", "hd95"),
    "MYO Dice": ("MYO", "dice"),
    "LA Dice": ("LA", "dice"),
}
PAIRED = "LV Dice - as released [95 % interval]"


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes:
        label: how the network was trained.
        patients: number of training patients; 0 if it was not trained.
        folders: one per seed, each with ``eval`` and, if it was evaluated on the other site, ``elsewhere``.
    """

    label: str
    patients: int
    folders: Sequence[Path]

    @property
    def complete(self) -> list[Path]:
        """Folders of the seeds that did not diverge."""
        return [folder for folder in self.folders if not divergence(folder)]


def table(results: Sequence[Result]) -> str:
    """Return a Markdown table of means and SDs over seeds; the paired differences are from the first result.

    The difference is the mean over seeds for each frame, then over patients; its interval is that of the patients.
    """
    heads = ["training", "patients", "seeds", *COLUMNS, PAIRED, "LV Dice on the other site"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    baseline = left_ventricles(results[0].complete)
    for result in results:
        folders, lost = result.complete, len(result.folders) - len(result.complete)
        cells = ["diverged"] * len(COLUMNS) + ["", ""]
        if folders:
            cells = [scores(folders, "eval", *column) for column in COLUMNS.values()]
            cells += [difference(folders, baseline) if result is not results[0] else ""]
            cells += [scores(folders, "elsewhere", "LV", "dice")]
        seeds = f"{len(result.folders)}, {lost} diverged" if lost else f"{len(folders)}"
        start = [result.label, f"{result.patients}", seeds if result.patients else "-"]
        lines.append(f"| {' | '.join([*start, *cells])} |")
    return "\n".join(lines)


def scores(folders: Sequence[Path], place: str, structure: str, score: str) -> str:
    """Return mean and SD over seeds of a score of a structure, missed ones included; empty if not all have it."""
    files = [folder / place / "metrics.json" for folder in folders]
    if not all(file.is_file() for file in files):
        return ""
    groups = [json.loads(file.read_text())["scores"]["structure"] for file in files]
    values = [next(g for g in of if g["structure"] == structure)["scores"][score]["mean"] for of in groups]
    return compare_seeds({"": values})[""].cell(".4f" if score == "dice" else ".2f")


def left_ventricles(folders: Sequence[Path]) -> pd.DataFrame:
    """Return the LV Dice of every frame, averaged over seeds."""
    tables = pd.concat(read_frame_table(folder / "eval") for folder in folders)
    return tables[tables["structure"] == "LV"].groupby(list(ITEM), as_index=False)[["dice"]].mean()


def difference(folders: Sequence[Path], baseline: pd.DataFrame) -> str:
    """Return the paired difference of the LV Dice from the baseline, with its interval over patients."""
    paired = compare(left_ventricles(folders), baseline, "dice")
    return f"{paired.mean:+.4f} [{paired.low:+.4f}, {paired.high:+.4f}]"
