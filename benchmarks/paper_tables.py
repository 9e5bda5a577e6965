"""Results of evaluations in the form of the paper's Tables 1, 2, and 5, below the paper's own rows.

    python benchmarks/paper_tables.py --data echonet "GDKVM, light"=runs/echonet/eval

Each argument is a name with the ``output_dir`` of an ``evaluating`` run. mDice and mIoU are percentages; HD and ASD are
in the unit of the data, mm for CAMUS and pixels for EchoNet-Dynamic. Scores are means over the structures of
each structure's mean over patients, found structures only. The paper's rows are cited and cannot be compared: it states
neither its patients nor the grid of its scores, and its HD and ASD carry no unit.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

STRUCTURES = {"camus": ("LV", "MYO", "LA"), "echonet": ("LV",)}
SCORES = {"dice": 100, "iou": 100, "hd": 1, "asd": 1}
"""Scores of Table 1, with the factor of its unit."""

PAPER_SCORES = {
    "camus": {"GDKVM (paper)": (95.11, 92.97, 3.05, 1.98), "MemSAM (paper)": (93.63, 90.97, 3.47, 2.60)},
    "echonet": {"GDKVM (paper)": (93.46, 90.86, 2.38, 1.36), "MemSAM (paper)": (92.71, 89.90, 2.56, 1.51)},
}
PAPER_EF = {
    "camus": {"GDKVM (paper)": (0.904, -0.19, 11.3), "MemSAM (paper)": (0.878, -0.89, 12.3)},
    "echonet": {"GDKVM (paper)": (0.872, -0.70, 9.15), "MemSAM (paper)": (0.859, 1.09, 9.44)},
}
"""Correlation, bias, and SD of the ejection fraction in points: Tables 2 and 5."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=STRUCTURES, required=True)
    parser.add_argument("results", nargs="+", metavar="NAME=FOLDER", type=result)
    options = parser.parse_args()
    metrics = {name: json.loads((folder / "metrics.json").read_text()) for name, folder in options.results}
    print(score_table(metrics, options.data), ef_table(metrics, options.data), sep="\n\n")


def result(text: str) -> tuple[str, Path]:
    """Split ``NAME=FOLDER``."""
    name, separator, folder = text.rpartition("=")
    if not (separator and name and (Path(folder) / "metrics.json").is_file()):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAME=FOLDER with metrics.json in FOLDER; pass the output_dir of an evaluating run."
        )
    return name, Path(folder)


def score_table(metrics: dict[str, dict], data: str) -> str:
    """Return Table 1 for one data set in Markdown."""
    lines = ["| method | patients | mDice % | mIoU % | HD | ASD |", "|---" * 6 + "|"]
    lines += [f"| {name} | | {' | '.join(f'{n:.2f}' for n in row)} |" for name, row in PAPER_SCORES[data].items()]
    for name, content in metrics.items():
        of = {group["structure"]: group for group in content["scores"]["structure"]}
        if missing := [structure for structure in STRUCTURES[data] if structure not in of]:
            raise SystemExit(
                f"{name} has no scores of {', '.join(missing)}; choose the --data that it was evaluated on."
            )
        groups = [of[structure] for structure in STRUCTURES[data]]
        units = {group["unit"] for group in groups}
        cells = [
            f"{factor * statistics.mean(group['scores'][score]['found']['mean'] for group in groups):.2f}"
            + ("" if factor > 1 else f" {'/'.join(sorted(units))}")
            for score, factor in SCORES.items()
        ]
        lines.append(f"| {name} | {min(group['n_patients'] for group in groups)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ef_table(metrics: dict[str, dict], data: str) -> str:
    """Return Table 2 or 5 in Markdown, with a row for each EF of each evaluation."""
    lines = ["| method | EF | n | corr | bias ± SD, points |", "|---" * 5 + "|"]
    for name, (corr, bias, sd) in PAPER_EF[data].items():
        lines.append(f"| {name} | not stated | | {corr:.3f} | {bias:+.2f} ± {sd:.2f} |")
    for name, content in metrics.items():
        compared = {key: found for key, found in content["agreement"].items() if "ef_percent" in key}
        if not compared:
            lines.append(f"| {name} | none: agreement needs several patients | | | |")
        for comparison, found in compared.items():
            numbers = f"{found['n']} | {found['r']:.3f} | {found['bias']:+.2f} ± {found['sd']:.2f}"
            lines.append(f"| {name} | {comparison.replace(': ef_percent', ',')} | {numbers} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
