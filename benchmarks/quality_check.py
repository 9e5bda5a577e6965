"""How far the quality check can be trusted: wrong ejection fractions called good, and right ones that are not.

    python benchmarks/quality_check.py --dataset_dir /path/to/CAMUS --out quality --weights bundle/models/model.pt

Clips beat between the masks of a CAMUS pair, interpolated: expert masks, whole or damaged, and masks that the weights
found in clean and degraded images of validation patients. The true ejection fraction is that of the expert masks.
Thresholds were set on the patients with odd numbers; the table is of those with even numbers. Predictions are kept in
``--out``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from quality_damages import DAMAGES
from quality_images import DEGRADATIONS, Pair, Prediction, expert_pairs, predict
from quality_masks import RATE_HZ, MaskClip, beats, healthy, motionless

from gdkvm_monai.configs import released_weights
from gdkvm_monai.metrics.frame_measurements import measure_frame
from gdkvm_monai.study.clip_facts import ClipFacts
from gdkvm_monai.study.frame_table import frame_table
from gdkvm_monai.study.measure import Copies, measure_clip
from gdkvm_monai.study.measurements import ClipNumbers, Quality
from gdkvm_monai.study.pipeline import load_pipeline
from gdkvm_monai.study.quality import Evidence, judge
from gdkvm_monai.study.run_record import WeightsRecord
from gdkvm_monai.study.segmented_frame import SegmentedFrame

WRONG = 10.0
"""Error of the ejection fraction above which a result is wrong, in points."""

NEXT_PICTURE = 1e-9
"""What the intensities of a frame differ by from those of the last one, so that no picture counts as frozen."""

STRIDE = 2  # of the pixels that are measured, to save time
HEAD = "| clips | n | no EF | wrong | wrong called good | right | right not good | good | wrong among good |"
REASONS = "| reason | of the wrong | the only reason of | of the right | the only reason of |"
REGULAR = beats([0.85] * 3)


@dataclass(frozen=True)
class Case:
    """A measured clip: its group, patient, error of the ejection fraction (NaN without one), and the evidence."""

    group: str
    patient: str
    error: float
    numbers: ClipNumbers
    evidence: Evidence

    @property
    def wrong(self) -> bool:
        """Whether there is an ejection fraction, and it is wrong."""
        return abs(self.error) > WRONG


def main() -> None:
    """Measure all clips, judge them, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, nargs="+", default=[released_weights()], help="trained on CAMUS")
    parser.add_argument("--experts", type=int, default=60, help="training patients whose expert masks are used")
    parser.add_argument("--patients", type=int, nargs=2, default=(0, 50), help="validation patients: first, end")
    parser.add_argument("--kinds", nargs="+", choices=DEGRADATIONS, default=list(DEGRADATIONS), help="kinds of images")
    options = parser.parse_args()
    cases = list(all_cases(options))
    for part in ("odd", "even"):
        chosen = [case for case in cases if int(case.patient[-1]) % 2 == (part == "odd")]
        print_tables(f"patients with {part} numbers", chosen, [judge(case.numbers, case.evidence) for case in chosen])


def all_cases(options: argparse.Namespace) -> Iterator[Case]:
    """Measure all clips: of expert masks, then of the masks that each of the weights found."""
    record = load_pipeline(options.weights[0], device="cpu").provenance.weights
    for pair in islice(expert_pairs(options.dataset_dir, "training"), options.experts):
        yield from expert_cases(pair, record)
    for number, weights in enumerate(options.weights):
        pipeline = load_pipeline(weights, device="cpu")
        record = replace(pipeline.provenance.weights, domain="CAMUS", views=("4CH",))  # older cards do not say
        for pair in islice(expert_pairs(options.dataset_dir, "validation"), *options.patients):
            for kind in options.kinds:
                file = options.out / record.sha256[:16] / f"{pair.patient}_{kind}.npz"
                found = predict(pair, kind, pipeline, file)
                group = f"{kind} image" if not number else f"{kind} image, other weights"
                yield predicted_case(pair, group, found, record)


def expert_cases(pair: Pair, record: WeightsRecord) -> Iterator[Case]:
    """Clips of expert masks: whole, with unusual beats, damaged, and without motion."""
    rng = np.random.default_rng(int(pair.patient.removeprefix("patient")))
    masks, spacing_mm = _coarse(pair.label, pair.spacing_mm)
    true = true_ef(masks, spacing_mm)
    rhythms = {
        "whole": REGULAR,
        "irregular beats": beats(0.85 * rng.uniform(0.7, 1.3, 4)),
        "fast beats": beats([60 / rng.uniform(120, 200)] * 6),
        "short clip": beats([0.85, 0.85], start_s=rng.uniform(0, 0.4))[: int(0.7 * RATE_HZ)],
    }
    whole = healthy(masks, spacing_mm, REGULAR)
    clips = {name: whole.beating(curve) for name, curve in rhythms.items()}
    clips |= {name: damage(whole, rng) for name, damage in DAMAGES.items()}
    for name, clip in clips.items():
        yield _case(name, pair.patient, true, *measure(clip, record))
    yield _case("no motion", pair.patient, -np.inf, *measure(motionless(masks, spacing_mm, rng), record))


def predicted_case(pair: Pair, group: str, found: Prediction, record: WeightsRecord) -> Case:
    """A clip of predicted masks; the true ejection fraction is that of the expert masks."""
    masks, spacing_mm = _coarse(found.masks, pair.spacing_mm)
    clip = healthy(masks, spacing_mm, REGULAR)
    return _case(group, pair.patient, true_ef(*_coarse(pair.label, pair.spacing_mm)), *measure(clip, record, found))


def _case(group: str, patient: str, true: float, numbers: ClipNumbers, evidence: Evidence) -> Case:
    found = numbers.mean.ef_percent
    return Case(group, patient, np.nan if found is None else found - true, numbers, evidence)


def _coarse(masks: np.ndarray, spacing_mm: tuple[float, float]) -> tuple[np.ndarray, tuple[float, float]]:
    return masks[::STRIDE, ::STRIDE], (STRIDE * spacing_mm[0], STRIDE * spacing_mm[1])


def true_ef(masks: np.ndarray, spacing_mm: tuple[float, float]) -> float:
    """Ejection fraction of a pair of expert masks ``(H, W, 2)``, in percent."""
    edv, esv = (measure_frame(masks[..., end], spacing_mm).volume for end in (0, 1))
    return 100 * (edv - esv) / edv


def measure(clip: MaskClip, record: WeightsRecord, found: Prediction | None = None) -> tuple[ClipNumbers, Evidence]:
    """Measure a clip as ``gdkvm`` does; without a prediction there are no copies and no intensities."""
    copies, confidence, statistics, edge = Copies(), np.full(2, np.nan), np.full((2, 2), 0.2), np.nan
    if found is not None:
        volumes = [volume[0] + clip.contraction * (volume[1] - volume[0]) for volume in found.copy_volumes]
        copies, confidence, statistics = Copies(volumes, "copies"), found.confidence, found.statistics
        edge = float(found.edge)
    frames = [
        SegmentedFrame(
            clip.masks[mask].measured,
            True,
            float(np.interp(c, (0, 1), confidence)),
            *(statistics[round(c)] + number * NEXT_PICTURE),
        )
        for number, (mask, c) in enumerate(zip(clip.shown, clip.contraction))
    ]
    table = frame_table("0" * 16, frames, np.arange(len(frames)) / RATE_HZ, True)
    facts = _facts(clip, len(frames))
    return measure_clip(facts, table, copies=copies), Evidence(table, frames, edge, record)


def _facts(clip: MaskClip, count: int) -> ClipFacts:
    lateral, depth = clip.masks[0].pixels.shape
    return ClipFacts(
        id="0" * 16,
        view="4CH",
        frames=count,
        valid_frames=count,
        lateral_px=lateral,
        depth_px=depth,
        frame_time_ms=1000 / RATE_HZ,
        frame_time_source="option",
        frame_rate_hz=RATE_HZ,
        unusable_times=None,
        spacing_trust="ok",
        spacing_mm=clip.spacing_mm,
        partial=False,
        mode="B-mode",
        phantom=False,
        secondary_capture=False,
        tissue_regions=1,
        tissue_region=1,
        tissue_region_chosen=False,
    )


def print_tables(title: str, cases: Sequence[Case], verdicts: Sequence[Quality]) -> None:
    """Print one row for each group, for all, and for each reason."""
    print(f"\n{title}\n{HEAD}\n|---|---|---|---|---|---|---|---|---|")
    pairs = list(zip(cases, verdicts))
    groups = dict.fromkeys(case.group for case in cases)
    for name in (*groups, "all"):
        print_row(name, [pair for pair in pairs if name in (pair[0].group, "all")])
    print(f"\n{REASONS}\n|---|---|---|---|---|")
    wrong = [quality.codes for case, quality in pairs if case.wrong]
    right = [quality.codes for case, quality in pairs if abs(case.error) <= WRONG]
    for code in sorted({code for codes in (*wrong, *right) for code in codes}):
        counts = [f"{sum(code in x for x in part)} | {sum((code,) == x for x in part)}" for part in (wrong, right)]
        print(f"| `{code}` | {' | '.join(counts)} |")


def print_row(name: str, pairs: Sequence[tuple[Case, Quality]]) -> None:
    """Print the counts of one group."""
    good = [quality.verdict == "good" for _, quality in pairs]
    wrong = [case.wrong for case, _ in pairs]
    right = [abs(case.error) <= WRONG for case, _ in pairs]
    missed = sum(g and w for g, w in zip(good, wrong))
    lost = sum(r and not g for g, r in zip(good, right))
    none = len(pairs) - sum(wrong) - sum(right)
    cells = (len(pairs), none, sum(wrong), _share(missed, sum(wrong)), sum(right), _share(lost, sum(right)))
    print(f"| {name} | {' | '.join(map(str, cells))} | {sum(good)} | {_share(missed, sum(good))} |")


def _share(count: int, total: int) -> str:
    return f"{count} ({count / total:.1%})" if total else "0"


if __name__ == "__main__":
    main()
