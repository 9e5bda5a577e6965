"""The folder of results of an evaluation: tables, numbers with their intervals, plots."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import monai
import numpy as np
import torch

import gdkvm_monai
from gdkvm_monai.evaluation import summarize
from gdkvm_monai.evaluation.agreement import measure_agreement
from gdkvm_monai.evaluation.diagnostics import summarize_diagnostics
from gdkvm_monai.evaluation.ejection_fraction import ef_table
from gdkvm_monai.visualize.agreement import plot_agreement, save_figure

__all__ = ["ClipResult", "write_evaluation"]

STRATA = (
    ("structure",),
    ("structure", "phase"),
    ("structure", "view"),
    ("structure", "image_quality"),
    ("structure", "ef_class"),
)
QUANTITIES = ("ef_percent", "edv_ml", "esv_ml")


@dataclass(frozen=True)
class ClipResult:
    """Scores and the end-diastolic and end-systolic masks of one clip.

    Attributes:
        patient: identifier of the patient.
        view: ``"2CH"``, ``"4CH"`` or ``"unknown"``.
        image_quality: as the data set grades it.
        dataset_ef_percent: ejection fraction that the data set states, or NaN.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None``.
        rows: rows of :func:`~gdkvm_monai.metrics.score_clip`.
        ends_are_phases: whether the first frame is end-diastole and the last one end-systole.
        prediction_ends: class indices ``(H, W, 2)`` of the first and the last frame.
        label_ends: the same of the reference.
        num_frames: frames of the clip.
        diagnostics: what :func:`~gdkvm_monai.evaluation.diagnostics.diagnose_clip` found in the whole clip; empty for
            none.
    """

    patient: str
    view: str
    image_quality: str
    dataset_ef_percent: float
    spacing_mm: tuple[float, float] | None
    rows: list[dict]
    ends_are_phases: bool
    prediction_ends: np.ndarray
    label_ends: np.ndarray
    num_frames: int
    diagnostics: dict = field(default_factory=dict)


def write_evaluation(clips: Sequence[ClipResult], output_dir: Path, protocol: Mapping[str, Any]) -> str:
    """Write the results of an evaluation.

    Args:
        clips: one per patient and view.
        output_dir: folder that gets ``per_frame.csv``, ``ef_per_patient.csv``, ``diagnostics.csv``, ``metrics.json``
            and the agreement plots.
        protocol: what the results state about how they came about.

    Returns:
        A table for the terminal.

    Raises:
        ValueError: when no frame was scored.
    """
    rows = [row for clip in clips for row in _frame_rows(clip)]
    if not rows:
        raise ValueError("no annotated frame was evaluated; check the labels and label_frames of the data.")
    output_dir.mkdir(parents=True, exist_ok=True)
    _write_csv(output_dir / "per_frame.csv", rows)
    ejection_fractions = ef_table(clips)
    agreement = {}
    if ejection_fractions:
        _write_csv(output_dir / "ef_per_patient.csv", ejection_fractions)
        agreement = _agreement(ejection_fractions, output_dir)
    diagnosed = [{"patient": c.patient, "view": c.view, **c.diagnostics} for c in clips if c.diagnostics]
    diagnostics = {}
    if diagnosed:
        _write_csv(output_dir / "diagnostics.csv", diagnosed)
        diagnostics = summarize_diagnostics(diagnosed)
    groups = {" x ".join(by): summarize(rows, by) for by in STRATA}
    results = {
        "protocol": {**_protocol(), **protocol},
        "counts": {"clips": len(clips), "patients": len({clip.patient for clip in clips}), "items": len(rows)},
        "scores": groups,
        "agreement": agreement,
        "diagnostics": diagnostics,
    }
    (output_dir / "metrics.json").write_text(json.dumps(plain(results), indent=2) + "\n")
    lines = [_table(groups["structure x phase"] + groups["structure"], agreement)]
    lines += [_diagnostics_line(diagnostics)] if diagnostics else []
    return "\n".join([*lines, f"written to {output_dir}"])


def _frame_rows(clip: ClipResult) -> list[dict]:
    ends = {0: "ED", clip.num_frames - 1: "ES"} if clip.ends_are_phases else {}
    ef = clip.dataset_ef_percent
    ef_class = "unknown" if np.isnan(ef) else "< 40 %" if ef < 40 else "40-55 %" if ef <= 55 else "> 55 %"
    spacing = clip.spacing_mm or (1.0, 1.0)
    return [
        {
            "patient": clip.patient,
            "view": clip.view,
            "frame": row["frame"],
            "phase": ends.get(row["frame"], "between" if ends else "unknown"),
            **{key: value for key, value in row.items() if key != "frame"},
            "spacing_axis0": spacing[0],
            "spacing_axis1": spacing[1],
            "image_quality": clip.image_quality,
            "ef_class": ef_class,
        }
        for row in clip.rows
    ]


def _agreement(table: Sequence[Mapping[str, Any]], output_dir: Path) -> dict[str, dict]:
    """Agreement of every method's EF and volumes with the reference masks', and of EF with the data set's own."""
    results: dict[str, dict] = {}
    for method in dict.fromkeys(row["method"] for row in table):
        rows = [row for row in table if row["method"] == method]
        pairs = {
            f"{quantity} against reference masks": (f"predicted_{quantity}", f"reference_{quantity}")
            for quantity in QUANTITIES
        }
        pairs["ef_percent against the data set's"] = ("predicted_ef_percent", "dataset_ef_percent")
        for name, (predicted, reference) in pairs.items():
            values = [row[predicted] for row in rows], [row[reference] for row in rows]
            if np.isfinite(values).all(axis=0).sum() > 1:
                results[f"{method}: {name}"] = asdict(measure_agreement(*values))
                if name.startswith("ef_percent against reference"):
                    save_figure(plot_agreement(*values, "EF", "%"), output_dir / f"ef_{method}")
    return results


def _protocol() -> dict[str, str]:
    return {
        "gdkvm_monai": gdkvm_monai.__version__,
        "monai": monai.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "decision": "argmax of the class probabilities on the scored grid, no component filter",
        "empty masks": "one empty: Dice and IoU 0, distances the field-of-view diagonal; both empty: not counted",
        "intervals": "95 %, patient-level bootstrap, 2000 resamples, seed 0",
    }


def _table(groups: Sequence[Mapping[str, Any]], agreement: Mapping[str, Mapping]) -> str:
    unit = groups[0].get("unit", "px")
    header = f"{'structure':<10}{'phase':<9}{'n':>5}{'empty':>6}{'Dice [95 % interval]':>26}{'IoU':>8}"
    lines = [header + f"{'HD ' + unit:>9}{'HD95 ' + unit:>10}{'ASD ' + unit:>9}"]
    for group in groups:
        scores = group["scores"]
        dice = f"{scores['dice']['mean']:.4f} [{scores['dice']['low']:.4f}, {scores['dice']['high']:.4f}]"
        lines.append(
            f"{group['structure']:<10}{group.get('phase', 'all'):<9}"
            f"{group['n_valid']:>5}{group['n_one_empty']:>6}{dice:>26}"
            f"{scores['iou']['mean']:>8.4f}{scores['hd']['mean']:>9.2f}{scores['hd95']['mean']:>10.2f}"
            f"{scores['asd']['mean']:>9.2f}"
        )
    for name, numbers in agreement.items():
        lines.append(
            f"{name}: n {numbers['n']} (excluded {numbers['n_excluded']}), bias {numbers['bias']:+.2f}, "
            f"limits {numbers['lower_limit']:+.2f} to {numbers['upper_limit']:+.2f}, MAE {numbers['mae']:.2f}, "
            f"r {numbers['r']:.3f}"
        )
    return "\n".join(lines)


def _diagnostics_line(diagnostics: Mapping[str, Any]) -> str:
    parts = []
    for name, anatomy in diagnostics["anatomy"].items():
        if anatomy["frames"]:
            parts.append(f"{anatomy['valid']} of {anatomy['frames']} {name} frames are anatomically valid")
    flicker = diagnostics["motion"]["predicted"]["area_jump_mean"]
    if flicker["n_clips"]:
        parts.append(f"mean area jump {100 * flicker['mean']:.1f} % of the largest area in {flicker['n_clips']} clips")
    return "diagnostics, not accuracy: " + "; ".join(parts)


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)


def plain(value: Any) -> Any:
    """Return what JSON can hold: NaN becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)
