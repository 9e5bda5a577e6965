"""What a memory is for: masks in and after damaged frames of clips whose truth is known, and smoothness of real cines.

    python -m benchmarks.damaged_clips --weights GDKVM=bundle/models/model.pt U-Net=runs/unet/models/model_final.pt \
        --zero_readout --dataset_dir /path/to/CAMUS --out runs/damaged [--patients 5] [--cines CLIP ...]

Clips of 30 frames at 20 Hz are made from the ED/ES pairs of the official validation patients and as phantoms. Some
frames from the sixth on are blank, noisy, shadowed, blurred, dark, or frozen. Every network is compared with the first
by paired intervals over patients; without any network, the last true mask or the last mask of the first network is
copied into the damaged frames. Scores are kept in OUT by network, damage, and patient: the same command continues an
interrupted run, and more patients, kinds, or lengths add to it. Use another OUT for another seed or frame size.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from benchmarks.damaged_cases import KINDS, LENGTHS, START, Case, Damage, moving_pairs, phantoms
from benchmarks.damaged_cines import cine_table
from benchmarks.damaged_networks import Course, Subject, load_subjects
from benchmarks.damaged_scores import SCORES, score
from benchmarks.damaged_tables import memory_table, score_table
from gdkvm_monai.evaluation.bootstrap import FEW_PATIENTS
from gdkvm_monai.files import plain, write_csv, write_json, write_text

BATCH = 10
Segment = Callable[[Sequence[Case], Damage], tuple[Sequence[Tensor], Sequence[Course]]]


def main() -> None:
    """Measure what is missing, and print and write the tables."""
    options = parse()
    subjects = load_subjects(options.weights, options.zero_readout, options.device)
    write_settings(options)
    cases = [*phantoms(options.phantoms, options.size, options.seed)]
    if options.dataset_dir:
        cases += moving_pairs(options.dataset_dir, options.patients, options.size, options.seed, options.held_out)
    damages = [Damage(), *(Damage(*cell) for cell in product(options.kinds, options.lengths))]
    ways = {subject.name: (subject.identity, by_network(subject, options.seed)) for subject in subjects}
    ways["copy of the last true mask"] = "", copies_of_truth
    first = subjects[0]
    ways[f"copy of the last mask, {first.name}"] = first.identity, copies_of_masks(first)
    rows = [row for name, way in ways.items() for row in measure(options.out, name, way, cases, damages)]
    text = tables(rows, list(ways), options.out)
    if options.cines:
        text += "\n\n" + cine_table(options.cines, subjects)
    print(text)
    write_text(options.out / "tables.md", text + "\n")


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", nargs="+", required=True, metavar="NAME=PATH", help="the first is the reference")
    parser.add_argument("--zero_readout", action="store_true", help="also measure GDKVM with a readout of zeros")
    parser.add_argument("--dataset_dir", type=Path, help="CAMUS; phantoms alone without it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--patients", type=int, default=50, help="validation patients")
    parser.add_argument("--held_out", action="store_true", help="patients of holdout.yaml instead, for choices")
    parser.add_argument("--phantoms", type=int, default=10)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument("--lengths", nargs="*", type=int, choices=LENGTHS, default=LENGTHS)
    parser.add_argument("--size", nargs=2, type=int, default=(128, 128), help="of the clips, in pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", help="by default CUDA if available")
    parser.add_argument("--cines", nargs="*", type=Path, default=(), help="real clips")
    options = parser.parse_args()
    pairs = [entry.partition("=") for entry in options.weights]
    if wrong := [entry for entry, pair in zip(options.weights, pairs) if not all(pair)]:
        parser.error(f"--weights {wrong[0]}: expected NAME=PATH.")
    options.weights = {name: Path(path) for name, _, path in pairs}
    if len(options.weights) < len(pairs):
        parser.error("--weights has a name twice; give every network its own.")
    options.size = tuple(options.size)
    return options


def write_settings(options: argparse.Namespace) -> None:
    """Keep what decides the clips beside their scores.

    Raises:
        ValueError: if the folder has scores of other clips.
    """
    settings, file = {"seed": options.seed, "size": list(options.size)}, options.out / "settings.json"
    if file.is_file() and (kept := json.loads(file.read_text())) != settings:
        raise ValueError(f"{options.out} has scores for {kept}, not for {settings}; use another folder.")
    options.out.mkdir(parents=True, exist_ok=True)
    write_json(file, settings)


def measure(
    out: Path, name: str, way: tuple[str, Segment], cases: Sequence[Case], damages: Sequence[Damage]
) -> Iterator[dict]:
    """Score all cases with all damages, except those in ``OUT/NAME.json``, where the scores are kept."""
    (identity, segment), file = way, out / f"{name}.json"
    kept = json.loads(file.read_text()) if file.is_file() else {}
    if kept.get("identity") != identity:
        kept = {"identity": identity, "cells": {}}
    for damage in damages:
        cell = kept["cells"].setdefault(damage.name, {})
        missing = [case for case in cases if case.patient not in cell]
        for batch in (missing[start : start + BATCH] for start in range(0, len(missing), BATCH)):
            masks, courses = segment(batch, damage)
            for number, case in enumerate(batch):
                course = courses[number] if courses else {}
                cell[case.patient] = plain({"scores": score(masks[number], case, damage), "memory": course})
        if missing:
            write_json(file, kept)
            print(f"{name}: {damage.name}", flush=True)
        for case in cases:
            item = {"network": name, "source": case.source, "patient": case.patient}
            yield {**item, "kind": damage.kind, "length": damage.length, **cell[case.patient]}


def by_network(subject: Subject, seed: int) -> Segment:
    """Segment damaged clips with a network."""
    return lambda cases, damage: subject.segment(torch.stack([damage.apply(case, seed) for case in cases]))


def copies_of_truth(cases: Sequence[Case], damage: Damage) -> tuple[list[Tensor], list[Course]]:
    """Return true masks, of which the last one before the damage is copied into the damaged frames."""
    return [_copied(case.label[0], damage) for case in cases], []


def copies_of_masks(subject: Subject) -> Segment:
    """Segment undamaged clips, and copy the last mask before the damage into the damaged frames."""

    found: dict[str, Tensor] = {}

    def segment(cases: Sequence[Case], damage: Damage) -> tuple[list[Tensor], list[Course]]:
        if new := [case for case in cases if case.patient not in found]:
            masks, _ = subject.segment(torch.stack([case.image for case in new]))
            found.update(zip([case.patient for case in new], masks))
        return [_copied(found[case.patient], damage) for case in cases], []

    return segment


def _copied(masks: Tensor, damage: Damage) -> Tensor:
    copied = masks.clone()
    if damage.length:
        copied[..., list(damage.frames)] = masks[..., START - 1, None]
    return copied


def tables(rows: Sequence[dict], names: Sequence[str], out: Path) -> str:
    """Write ``scores.csv`` and ``memory.csv``, and return all tables."""
    item = ("network", "source", "patient", "kind", "length")
    scores = [{**{key: row[key] for key in item}, **row["scores"]} for row in rows]
    memories = [
        {**{key: row[key] for key in item}, "frame": frame, **dict(zip(row["memory"], values))}
        for row in rows
        for frame, values in enumerate(zip(*row["memory"].values()))
    ]
    write_csv(out / "scores.csv", scores)
    table, parts = pd.DataFrame(scores).astype(dict.fromkeys(SCORES, float)), []
    for source in table["source"].unique():
        own = table[table["source"] == source]
        count = own["patient"].nunique()
        few = (
            f"; intervals of fewer than {FEW_PATIENTS} may hold less often than they say"
            if count < FEW_PATIENTS
            else ""
        )
        parts.append(f"## {source}: {count} clips{few}")
        parts += [score_table(own, name, names) for name in SCORES]
        parts += [
            "### Every damage",
            *(score_table(own, name, names, each=True) for name in ("lv_damaged", "lv_after")),
        ]
    if memories:
        write_csv(out / "memory.csv", memories)
        parts += ["## Memory", memory_table(pd.DataFrame(memories), names)]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
