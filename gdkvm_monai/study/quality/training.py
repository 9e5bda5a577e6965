"""Checks of the clip against what the weights were trained on: domain, view, and intensities."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gdkvm_monai.labels import VIEW_NAMES
from gdkvm_monai.networks.card import PHANTOM, UNKNOWN
from gdkvm_monai.study.measurements import ClipNumbers, Reason, TrainingData
from gdkvm_monai.study.quality.evidence import Evidence
from gdkvm_monai.study.run_record import WeightsRecord

FAINT_SHARE = 0.25
"""Share of the median contrast of a clip's frames below which a frame is faint."""

__all__ = ["check_domain", "check_intensity", "check_view", "training_data"]


def training_data(weights: WeightsRecord, view: str | None) -> TrainingData:
    """Return what the weights were trained on, and which views are assumed if none is stated."""
    return TrainingData(weights.domain, weights.views, weights.views if view is None else ())


def check_domain(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the weights have seen patients or, if the file says that it shows a phantom, phantoms."""
    domain = evidence.weights.domain
    subject = PHANTOM if numbers.clip.phantom else "patient"
    if domain == UNKNOWN:
        text = f"it is unknown whether the weights have ever seen a {subject}: their model card states no domain."
    elif subject == PHANTOM and PHANTOM not in domain:
        text = f"the clip shows a phantom; the weights were trained on {domain} and have never seen one."
    elif subject != PHANTOM and domain == PHANTOM:
        text = "the weights were trained on phantoms only and have never seen a patient."
    else:
        return
    yield Reason("weights_domain", "check", text)


def check_view(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the stated view was in the training data; an unstated view is assumed to be."""
    view, known = numbers.clip.view, evidence.weights.views
    if view is not None and known and view not in known:
        names = " and ".join(VIEW_NAMES[name] for name in known)
        yield Reason(
            "weights_view", "check", f"the view is {VIEW_NAMES[view]}; the weights were trained on {names} clips only."
        )


def check_intensity(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that brightness and contrast are within their range in training, and that no frame is faint.

    A network with a memory draws a plausible heart into a frame that shows next to nothing.
    """
    yield from _faint_frames(evidence)
    valid = [frame for frame in evidence.frames if frame.valid]
    for name, label in (("intensity_mean", "mean brightness"), ("intensity_sd", "contrast")):
        ends = getattr(evidence.weights, name)
        value = float(np.mean([getattr(frame, name) for frame in valid])) if valid else np.nan
        if ends is not None and valid and not ends[0] <= value <= ends[1]:
            yield Reason(
                "intensity",
                "check",
                f"the {label} is {value:.2f}, outside the range seen in training, {ends[0]:.2f} to {ends[1]:.2f}.",
            )


def _faint_frames(evidence: Evidence) -> Iterator[Reason]:
    contrasts = np.array([frame.intensity_sd if frame.valid else np.nan for frame in evidence.frames])
    if np.isnan(contrasts).all():
        return
    faint = np.flatnonzero(contrasts < FAINT_SHARE * np.nanmedian(contrasts))
    if len(faint):
        others = " and others" if len(faint) > 1 else ""
        yield Reason(
            "intensity",
            "check",
            f"a frame shows next to nothing: its contrast is below {100 * FAINT_SHARE:.0f}% of the clip's median "
            f"(frame {faint[0]}{others}).",
        )
