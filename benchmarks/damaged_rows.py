"""What the memories of a table's rows make of damaged frames: phantoms whose truth is known, mean and SD over seeds.

    python -m benchmarks.tables table4 --data phantom --seeds 3
    python -m benchmarks.damaged_rows table4 --data phantom --seeds 3

The trainings are those of ``benchmarks.tables`` with the same options; a missing one is an error. The clips and scores
are those of ``benchmarks.damaged_clips``: 30 frames, some of them blank, noisy, shadowed, or blurred from the sixth on.
Scores are kept with the trainings, and only missing ones are computed. ``damaged.md`` is written beside the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.camus_stills import divergence
from benchmarks.damaged_cases import FRAMES, LENGTHS, Case, Damage, phantoms
from benchmarks.damaged_clips import by_network, measure
from benchmarks.damaged_networks import Subject
from benchmarks.tables import Study, arguments
from gdkvm_monai.evaluation import compare_seeds
from gdkvm_monai.files import write_text
from gdkvm_monai.study.pipeline import load_pipeline

KINDS = ("blank", "noise", "shadow", "blur")
SIZE, SEED = (128, 128), 0
SERIES = ("effective rank", "smallest singular value")
LOWER = ("EF error", "roughness")
FORMATS = {"EF error": ".1f", "effective rank": ".1f", "smallest singular value": ".1e"}


def main() -> None:
    """Measure what is missing, then print and write the table."""
    parser = arguments(__doc__)
    parser.add_argument("--phantoms", type=int, default=6)
    options = parser.parse_args()
    if options.phantoms < 1:
        parser.error(f"--phantoms is {options.phantoms}, expected at least 1.")
    study = Study.chosen(parser, options)
    cases = list(phantoms(options.phantoms, SIZE, SEED))
    found = {
        label: [summary(scores(folder, cases)) for folder in of if not divergence(folder)]
        for label, of in study.runs.items()
    }
    text = table(found)
    print(text)
    write_text(study.results / "damaged.md", text + "\n")


def scores(folder: Path, cases: Sequence[Case]) -> Iterator[dict]:
    """Score the last weights of one training on every clip and damage; the file of scores is kept in its folder."""
    damages = [Damage(), *(Damage(*cell) for cell in product(KINDS, LENGTHS))]
    subject = Subject(folder.name, load_pipeline(folder / "models" / "model_final.pt"))
    return measure(folder, "damaged", (subject.identity, by_network(subject, SEED)), cases, damages)


def summary(rows: Iterator[dict]) -> dict[str, float]:
    """Return the means of one training over phantoms and kinds.

    Dice of the left ventricle on undamaged clips, on damaged frames by their number, and on the five frames after them;
    error of the ejection fraction and roughness of damaged clips; what the state is after the last undamaged frame, and
    after 20 blank ones.
    """
    kept = pd.DataFrame([{**row, **row["scores"]} for row in rows])
    damaged = kept[kept["length"] > 0]
    found = {"clean": kept[kept["length"] == 0]["lv_damaged"].mean()}
    found |= {f"{n} damaged": damaged[damaged["length"] == n]["lv_damaged"].mean() for n in LENGTHS}
    found |= {"after": damaged["lv_after"].mean(), "EF error": damaged["ef_error"].mean()}
    found["roughness"] = damaged["roughness"].mean()
    blank = Damage("blank", max(LENGTHS))
    places = {"": (kept["length"] == 0, FRAMES - 1), ", blank": (kept["kind"] == "blank", blank.frames[-1])}
    for name, (when, (rows_then, frame)) in product(SERIES, places.items()):
        of = kept[rows_then & kept["length"].isin((0, blank.length))]["memory"]
        found[name + when] = float(np.mean([m[name][frame] for m in of])) if all(of) and len(of) else np.nan
    return found


def table(found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return a Markdown table, a row for each label with the mean and SD over its trainings; ties as in ``tables``."""
    columns = list(next(seed for of in found.values() for seed in of))
    cells = {label: [] for label in found}
    for column in columns:
        values = {label: [seed[column] for seed in of] for label, of in found.items() if of}
        values = {label: of for label, of in values.items() if not np.isnan(of).any()}
        state = column.startswith(SERIES)
        compared = compare_seeds(values, column in LOWER) if values else {}
        for label, own in cells.items():
            cell = compared[label].cell(FORMATS.get(column.split(",")[0], ".3f")) if label in compared else "-"
            own.append(cell.split(",")[0] if state else cell)  # a state is neither better nor worse
    lines = [f"| row | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    return "\n".join([*lines, *(f"| {label} | {' | '.join(own)} |" for label, own in cells.items())])


if __name__ == "__main__":
    main()
