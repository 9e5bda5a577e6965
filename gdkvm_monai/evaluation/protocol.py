"""Protocol of an evaluation: versions and rules."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field

import monai
import numpy as np
import torch

import gdkvm_monai
from gdkvm_monai.evaluation.bootstrap import RESAMPLES
from gdkvm_monai.evaluation.ejection_fraction import BIPLANE_RULE

__all__ = ["Protocol"]

RULES = {
    "decision": "argmax of the class probabilities on the scored grid, no component filter",
    "empty masks": "one empty: Dice and IoU 0, distances the field-of-view diagonal; both empty: not counted",
    "means": "over patients, of each patient's own mean",
    "intervals": f"95 %, studentized bootstrap of patients, {RESAMPLES} resamples, seed 0; missed items by Wilson",
    "biplane and agreement": BIPLANE_RULE,
}


@dataclass(frozen=True)
class Protocol:
    """Versions, rules, and settings with which results were obtained.

    Attributes:
        stated: settings of the evaluation, for example its checkpoint, as values that JSON can represent.
        gdkvm_monai: version of this package.
        monai: version of MONAI.
        torch: version of PyTorch.
        numpy: version of NumPy.
        python: version of Python.
    """

    stated: Mapping[str, object] = field(default_factory=dict)
    gdkvm_monai: str = gdkvm_monai.__version__
    monai: str = monai.__version__
    torch: str = torch.__version__
    numpy: str = np.__version__
    python: str = platform.python_version()

    def entries(self) -> dict[str, object]:
        """Return the entries of ``protocol`` in ``metrics.json``: versions, rules, and settings."""
        versions = {name: value for name, value in vars(self).items() if name != "stated"}
        return {**versions, **RULES, **self.stated}
