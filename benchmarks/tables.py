"""The papers' tables: every row trained and evaluated with one budget, on phantoms or on CAMUS ED/ES pairs.

    python -m benchmarks.tables table4 --data phantom --seeds 3
    python -m benchmarks.tables table3 --data camus_stills --dataset_dir /path/to/CAMUS

``table3`` and ``table4`` are GDKVM's, ``vivim`` is Vivim's Table III, and ``baselines`` compares with MONAI's networks
frame by frame, a ConvLSTM U-Net, and softmax matching. A training that diverges is a result. On CAMUS, the network is
that of ``light.yaml``. On phantoms, it is that of ``small_network.yaml`` at 64x64, and half of the training clips have
damaged frames; ``benchmarks.damaged_rows`` then measures what each memory makes of such frames.

The table and the plots are written to ``OUT/TABLE DATA ITERATIONS``; a run with existing results is not repeated, and
an unfinished one is resumed. Additional arguments are passed to training and evaluation, for example
``--num_patients=[20,6,1]``; the row ``Vivim, full`` needs ``--affine_weights`` of ``vivim_affine.yaml`` and is then run
alone, with ``--rows``.

Scores in the last column are the paper's own, on its data and with its networks, and cannot be compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.camus_stills import (
    BASE,
    ONE_RATE,
    divergence,
    finished,
    plot_learning_curves,
    table,
    train_and_evaluate,
)
from benchmarks.table_plots import plot_memories, plot_scores
from benchmarks.table_rows import TABLES, Row
from gdkvm_monai.files import write_text

DATA = {
    "phantom": (
        ["train.json", "phantom.yaml", "small_network.yaml", "damaged_frames.yaml"],
        [
            *("--clips=half_sequence", "--views=['2CH','4CH']", "--num_patients=[60,10,1]", "--frame_size=[64,64]"),
            *("--labeled_frames=$None", "--amp_dtype=$None", "--batch_size=4"),
        ],
    ),
    "camus_stills": (list(BASE), list(ONE_RATE)),
}
"""Base configs, and overrides, of each kind of data."""

FULL = "Vivim, full"
"""The only row with affine weights."""

BUDGET = {"phantom": 300, "camus_stills": 2100}
VALIDATED_EVERY = 100


@dataclass(frozen=True)
class Study:
    """A table on one kind of data: its rows and where their trainings are.

    Attributes:
        table: one of ``TABLES``.
        data: one of ``DATA``.
        dataset_dir: CAMUS, or the folder of the phantoms.
        out: folder of all tables.
        iterations: length of each training.
        seeds: number of trainings of each row.
        labels: labels of the chosen rows.
    """

    table: str
    data: str
    dataset_dir: Path
    out: Path
    iterations: int
    seeds: int
    labels: Sequence[str]

    @classmethod
    def chosen(cls, parser: argparse.ArgumentParser, options: argparse.Namespace) -> Study:
        """Check the options of :func:`arguments`, and fill in those that were left out."""
        labels = [row.label for row in TABLES[options.table]]
        if unknown := [label for label in options.rows or () if label not in labels]:
            parser.error(f"{options.table} has no row {', '.join(unknown)}; its rows are {'; '.join(labels)}.")
        if options.data == "camus_stills" and not options.dataset_dir:
            parser.error("camus_stills needs --dataset_dir, the folder of CAMUS.")
        if options.seeds < 1:
            parser.error(f"--seeds is {options.seeds}, expected at least 1; each row is trained once for each seed.")
        dataset_dir = options.dataset_dir or options.out / "phantoms"
        iterations = BUDGET[options.data] if options.iterations is None else options.iterations
        where = (options.table, options.data, dataset_dir, options.out)
        return cls(*where, iterations, options.seeds, options.rows or labels)

    @property
    def rows(self) -> list[Row]:
        """The chosen rows."""
        return [row for row in TABLES[self.table] if row.label in self.labels]

    @property
    def runs(self) -> dict[str, list[Path]]:
        """Folders of the trainings of each row by its label; tables share them."""
        root = self.out / f"{self.data} {self.iterations}"
        return {row.label: [root / f"{row.run} {seed}" for seed in range(self.seeds)] for row in self.rows}

    def with_finished(self) -> Study:
        """Add the rows whose trainings have all ended, in this process or in another."""
        every = replace(self, labels=[row.label for row in TABLES[self.table]])
        ended = [label for label, of in every.runs.items() if all(map(finished, of))]
        return replace(self, labels=[*self.labels, *ended])

    @property
    def results(self) -> Path:
        """Folder of the table and its plots."""
        return self.out / f"{self.table} {self.data} {self.iterations}"


def main() -> None:
    """Run the missing trainings, then print and write the table, and draw the plots."""
    parser = arguments(__doc__)
    options, overrides = parser.parse_known_args()
    study = Study.chosen(parser, options)
    base, changes = DATA[study.data]
    budget = [f"--{name}={value}" for name, value in epochs(study.iterations).items()]
    for row in study.rows:
        for seed, folder in enumerate(study.runs[row.label]):
            own = [text for text in overrides if row.label == FULL or not text.startswith("--affine_weights")]
            settings = [*changes, *budget, f"--seed={seed}", *own]
            train_and_evaluate(row.recipe, folder, study.dataset_dir, settings, base)
    whole = study.with_finished()
    write(whole.results, whole.rows, whole.runs, base)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of what names a table, its rows, and their trainings."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--data", choices=DATA, default="phantom")
    parser.add_argument("--dataset_dir", type=Path, help="CAMUS, or a folder for the phantoms (default: in OUT)")
    parser.add_argument("--out", type=Path, default=Path("runs/tables"))
    parser.add_argument("--iterations", type=int, help=f"of each training, default {BUDGET}")
    parser.add_argument("--seeds", type=int, default=3, help="number of trainings of each row")
    parser.add_argument("--rows", nargs="+", help="labels of some rows, for example to train others in another process")
    return parser


def epochs(iterations: int) -> dict[str, int]:
    """Split a budget into epochs of about ``VALIDATED_EVERY`` iterations.

    Raises:
        ValueError: if the budget is not a multiple of the number of epochs.
    """
    count = max(1, iterations // VALIDATED_EVERY)
    if iterations < 1 or iterations % count:
        raise ValueError(
            f"iterations is {iterations}, expected what equal epochs of about {VALIDATED_EVERY} add up to; choose 200."
        )
    return {"epochs": count, "iterations_per_epoch": iterations // count}


def write(folder: Path, rows: Sequence[Row], runs: Mapping[str, Sequence[Path]], base: Sequence[str] = BASE) -> None:
    """Print and write the table, and draw scores, learning curves, and the course of the memories."""
    lines = table(runs, {row.label: row.recipe for row in rows}, base).split("\n")
    cells = ["cited", "---", *(row.cited for row in rows)]
    text = "\n".join(f"{line} {cell} |" for line, cell in zip(lines, cells))
    ends = [f"- {name}, seed {seed}: {divergence(run)}" for name, of in runs.items() for seed, run in enumerate(of)]
    text = "\n".join([text, "", *(end for end in ends if not end.endswith(": "))])
    print(text)
    write_text(folder / "table.md", text)
    complete = {name: [run for run in of if not divergence(run)] for name, of in runs.items()}
    plot_scores({name: of for name, of in complete.items() if of}, folder / "scores.png")
    plot_learning_curves({name: of[0] for name, of in complete.items() if of}, folder / "learning_curves.png")
    memories = {name: of[0] / "training" / "memory_curves.csv" for name, of in runs.items()}
    plot_memories({name: path for name, path in memories.items() if path.is_file()}, folder / "memories.png")


if __name__ == "__main__":
    main()
