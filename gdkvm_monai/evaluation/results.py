"""The results folder of an evaluation: tables, metrics with intervals, and plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gdkvm_monai.evaluation.clip_result import ClipResult, frame_table
from gdkvm_monai.evaluation.diagnostics import DiagnosticsSummary, summarize_diagnostics
from gdkvm_monai.evaluation.ef_agreement import agreement_by_quality, measure_agreements, plot_agreements
from gdkvm_monai.evaluation.ejection_fraction import ef_table
from gdkvm_monai.evaluation.protocol import Protocol
from gdkvm_monai.evaluation.results_text import format_results
from gdkvm_monai.evaluation.summary import GroupSummary, summarize
from gdkvm_monai.files import plain, write_csv, write_json
from gdkvm_monai.metrics.agreement import Agreement

__all__ = ["Counts", "EvaluationResults", "write_evaluation"]

STRATA = (
    ("structure",),
    ("structure", "phase"),
    ("structure", "view"),
    ("structure", "image_quality"),
    ("structure", "ef_class"),
)


@dataclass(frozen=True)
class Counts:
    """Number of clips, patients, and items evaluated; an item is one structure in one frame."""

    clips: int
    patients: int
    items: int


@dataclass(frozen=True)
class EvaluationResults:
    """The content of ``metrics.json``.

    Attributes:
        protocol: versions, rules, and settings.
        counts: number of clips, patients, and items.
        scores: groups of scores by stratum, for example ``"structure x phase"``.
        agreement: agreement by method and comparison; empty if no ejection fraction was measured.
        agreement_by_quality: agreement of the EF with the reference masks, by image quality.
        diagnostics: summary of the diagnostics, or ``None`` if no clip has any.
    """

    protocol: Protocol
    counts: Counts
    scores: Mapping[str, Sequence[GroupSummary]]
    agreement: Mapping[str, Agreement]
    agreement_by_quality: Mapping[str, Mapping[str, Agreement]]
    diagnostics: DiagnosticsSummary | None

    def entries(self) -> dict[str, object]:
        """Return the entries of ``metrics.json``."""
        return {
            "protocol": self.protocol.entries(),
            "counts": asdict(self.counts),
            "scores": {name: [group.entry() for group in groups] for name, groups in self.scores.items()},
            "agreement": self.agreement,
            "agreement x image_quality": self.agreement_by_quality,
            "diagnostics": self.diagnostics or {},
        }


def write_evaluation(clips: Sequence[ClipResult], output_dir: Path, stated: Mapping[str, object]) -> str:
    """Write the results of an evaluation.

    Args:
        clips: each identified by its patient, view, and clip.
        output_dir: folder for ``per_frame.csv``, ``ef_per_patient.csv``, ``diagnostics.csv``, ``metrics.json``, and
            the agreement plots.
        stated: additional entries of the protocol, as values that JSON can represent.

    Returns:
        A table for the terminal.

    Raises:
        ValueError: if no frame was scored, or two clips have the same patient, view, and name.
    """
    for key, count in Counter(clip.key for clip in clips).items():
        if count > 1:
            raise ValueError(
                f"{count} clips are patient {key[0]}, view {key[1]}, {key[2]!r}; name each one differently."
            )
    table = frame_table(clips)
    if table.empty:
        raise ValueError("no annotated frame was evaluated; check the labels and label_frames of the data.")
    ejection_fractions = ef_table(clips)
    diagnosed = [clip for clip in clips if clip.diagnostics is not None]
    results = EvaluationResults(
        protocol=Protocol(stated),
        counts=Counts(len(clips), len({clip.patient for clip in clips}), len(table)),
        scores={" x ".join(by): summarize(table, by) for by in STRATA},
        agreement=measure_agreements(ejection_fractions),
        agreement_by_quality=agreement_by_quality(ejection_fractions),
        diagnostics=(
            summarize_diagnostics([clip.diagnostics for clip in diagnosed], [clip.patient for clip in diagnosed])
            if diagnosed
            else None
        ),
    )
    write_csv(output_dir / "per_frame.csv", table.to_dict("records"))
    if ejection_fractions:
        write_csv(output_dir / "ef_per_patient.csv", [row.columns() for row in ejection_fractions])
        plot_agreements(ejection_fractions, output_dir)
    if diagnosed:
        rows = [
            {"patient": clip.patient, "view": clip.view, "clip": clip.clip, **clip.diagnostics.columns()}
            for clip in diagnosed
        ]
        write_csv(output_dir / "diagnostics.csv", rows)
    write_json(output_dir / "metrics.json", plain(results.entries()))
    groups = [*results.scores["structure x phase"], *results.scores["structure"]]
    text = format_results(groups, results.agreement, results.agreement_by_quality, results.diagnostics)
    return f"{text}\nwritten to {output_dir}"
