"""Diagnostics of an evaluation, beside its accuracy: could each frame be a heart, and does the clip move smoothly?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdkvm_monai.evaluation import bootstrap_interval
from gdkvm_monai.labels import BACKGROUND, STRUCTURES, UNLABELED
from gdkvm_monai.metrics import check_anatomy, measure_temporal_consistency
from gdkvm_monai.metrics.anatomy import LEAK

__all__ = ["DENSE_FRAMES", "diagnose_clip", "summarize_diagnostics"]

DENSE_FRAMES = 5
"""Frames of a clip from which on its motion is judged."""

CHECKS = ("valid", "without_lv", "in_parts", "with_holes", "leaking", "la_apart")
MOTION = tuple(f"{name}_{of}" for name in ("area_jump", "center_jump", "next_dice") for of in ("mean", "worst"))


def diagnose_clip(
    prediction: np.ndarray, label: np.ndarray, spacing_mm: Sequence[float] | None = None
) -> dict[str, float | int | str]:
    """Check the anatomy of every frame and, in a clip of ``DENSE_FRAMES`` or more, the motion of the ventricle.

    Args:
        prediction: class indices ``(H, W, T)``; every frame is checked, annotated or not.
        label: class indices ``(H, W, T)``; annotated frames are checked by the same rules, for comparison.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None``.

    Returns:
        For ``predicted`` and ``reference``: ``..._frames``, the number of frames checked, and the numbers of them that
        are ``valid`` (see :func:`~gdkvm_monai.metrics.check_anatomy`), ``without_lv``, ``in_parts``, ``with_holes``,
        ``leaking`` and ``la_apart``; then the means and worst values of
        :func:`~gdkvm_monai.metrics.measure_temporal_consistency`, NaN where frames are few or neighbors are not
        annotated; ``unit`` of ``center_jump``.
    """
    result: dict[str, float | int | str] = {"unit": "px" if spacing_mm is None else "mm"}
    for name, clip in (("predicted", prediction), ("reference", label)):
        annotated = ~(clip == UNLABELED).any(axis=(0, 1))
        checks = [_check(clip[..., frame]) for frame in np.flatnonzero(annotated)]
        result[f"{name}_frames"] = len(checks)
        result |= {f"{name}_{check}": sum(frame[check] for frame in checks) for check in CHECKS}
        motion = dict.fromkeys(MOTION, np.nan)
        if clip.shape[-1] >= DENSE_FRAMES:
            motion = measure_temporal_consistency(clip, spacing_mm)
        result |= {f"{name}_{key}": motion[key] for key in MOTION}
    return result


def summarize_diagnostics(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Average the diagnostics of clips, with patient-level 95 % bootstrap intervals.

    Args:
        rows: one per clip: ``patient`` and what :func:`diagnose_clip` returns.

    Returns:
        ``anatomy`` and ``motion``, each with ``predicted`` and ``reference``: the numbers of frames summed over clips
        and ``valid_share``, and of the motion each value's ``mean``, ``low``, ``high`` and ``n_clips``, the clips in
        which it is defined.
    """
    patients = [row["patient"] for row in rows]
    anatomy: dict[str, Any] = {}
    motion: dict[str, Any] = {"unit": "/".join(sorted({row["unit"] for row in rows}))}
    for name in ("predicted", "reference"):
        counts = {key: int(sum(row[f"{name}_{key}"] for row in rows)) for key in ("frames", *CHECKS)}
        shares = [row[f"{name}_valid"] / (row[f"{name}_frames"] or np.nan) for row in rows]
        anatomy[name] = {**counts, "valid_share": _describe(shares, patients)}
        motion[name] = {key: _describe([row[f"{name}_{key}"] for row in rows], patients) for key in MOTION}
    return {"anatomy": anatomy, "motion": motion}


def _check(frame: np.ndarray) -> dict[str, bool]:
    """What is wrong with one frame; cropped to what it holds, which changes no check and saves time."""
    rows, columns = np.nonzero(frame != BACKGROUND)
    if len(rows):
        frame = frame[max(rows.min() - 2, 0) : rows.max() + 3, max(columns.min() - 2, 0) : columns.max() + 3]
    found = check_anatomy(frame)
    both = found["LV_parts"] > 0 and found["LA_parts"] > 0
    return {
        "valid": bool(found["valid"]),
        "without_lv": found["LV_parts"] == 0,
        "in_parts": any(found[f"{name}_parts"] > 1 for name in STRUCTURES),
        "with_holes": any(found[f"{name}_holes"] > 0 for name in STRUCTURES),
        "leaking": bool(found["lv_leak"] > LEAK),
        "la_apart": both and not found["la_touches_lv"],
    }


def _describe(values: Sequence[float], patients: Sequence[str]) -> dict[str, float | int]:
    finite = [value for value in values if np.isfinite(value)]
    low, high = bootstrap_interval(values, patients)
    return {"mean": float(np.mean(finite)) if finite else np.nan, "low": low, "high": high, "n_clips": len(finite)}
