"""Agreement of the ejection fractions of an evaluation with the reference masks and with what the data set records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gdkvm_monai.evaluation.ejection_fraction import QUANTITIES, PatientEjectionFraction
from gdkvm_monai.metrics.agreement import Agreement, measure_agreement
from gdkvm_monai.visualize.agreement import plot_agreement, save_figure

__all__ = ["agreement_by_quality", "measure_agreements", "plot_agreements"]

Pairs = Sequence[tuple[float, float]]


def measure_agreements(table: Sequence[PatientEjectionFraction]) -> dict[str, Agreement]:
    """Measure the agreement of each method with the reference masks, and of its EF with the recorded one.

    Beside the agreement with a recorded EF stands that of the reference masks with the same EF. It shows how much of
    the difference is due to the method, and is the best that predicted masks can be expected to reach. A recorded EF is
    named with the view for which it was recorded.

    Args:
        table: rows that are not ``counted`` are left out.

    Returns:
        Agreement by method and comparison, for comparisons with at least two complete pairs.
    """
    compared = {
        f"{method}: {name}": pairs
        for method, rows in _by_method(table).items()
        for name, pairs in (*_against_reference(rows), *_against_recorded(rows))
    }
    return {name: measure_agreement(*zip(*pairs)) for name, pairs in compared.items() if _complete(pairs) > 1}


def agreement_by_quality(table: Sequence[PatientEjectionFraction]) -> dict[str, dict[str, Agreement]]:
    """Measure the agreement with the reference masks for each recorded image quality; empty if none is known.

    The quality of a biplane measurement is that of both views, for example ``"Good+Poor"``, and one that was recorded
    for another view names it, for example ``"Good (2CH)"``.
    """
    qualities = dict.fromkeys(row.image_quality for row in table)
    rows = {quality: [row for row in table if row.image_quality == quality] for quality in qualities}
    return {quality: _of_ef(rows[quality]) for quality in qualities if "unknown" not in quality}


def plot_agreements(table: Sequence[PatientEjectionFraction], folder: Path) -> None:
    """Plot the agreement of each method's EF with the reference masks if at least two pairs are complete."""
    for method, rows in _by_method(table).items():
        values = [(row.predicted.ef_percent, row.reference.ef_percent) for row in rows]
        if _complete(values) > 1:
            title = f"EF, {method}, view {rows[0].views}: predicted against reference masks"
            save_figure(plot_agreement(*zip(*values), "EF", "%", title), folder / f"ef_{method}")


def _of_ef(rows: Sequence[PatientEjectionFraction]) -> dict[str, Agreement]:
    return {name: numbers for name, numbers in measure_agreements(rows).items() if "ef_percent against ref" in name}


def _against_reference(rows: Sequence[PatientEjectionFraction]) -> Iterator[tuple[str, Pairs]]:
    for quantity in QUANTITIES:
        pairs = [(getattr(row.predicted, quantity), getattr(row.reference, quantity)) for row in rows]
        yield f"{quantity} against reference masks", pairs


def _against_recorded(rows: Sequence[PatientEjectionFraction]) -> Iterator[tuple[str, Pairs]]:
    known = [row for row in rows if np.isfinite(row.recorded_ef_percent)]
    for view in dict.fromkeys(row.recorded_view for row in known):
        stated = [row for row in known if row.recorded_view == view]
        for side, name in (("predicted", "ef_percent"), ("reference", "ef_percent of the reference masks")):
            pairs = [(getattr(row, side).ef_percent, row.recorded_ef_percent) for row in stated]
            yield f"{name} against the EF recorded for {view}", pairs


def _by_method(table: Sequence[PatientEjectionFraction]) -> dict[str, list[PatientEjectionFraction]]:
    counted = [row for row in table if row.counted]
    return {
        method: [row for row in counted if row.method == method] for method in dict.fromkeys(r.method for r in counted)
    }


def _complete(pairs: Pairs) -> int:
    return int(np.isfinite(pairs).all(axis=1).sum())
