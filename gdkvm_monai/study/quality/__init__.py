"""The quality check of a clip: ``good``, ``check``, or ``reject``, with the reasons."""

from gdkvm_monai.study.quality.evidence import Evidence
from gdkvm_monai.study.quality.training import training_data
from gdkvm_monai.study.quality.verdict import VERDICTS, judge

__all__ = ["VERDICTS", "Evidence", "judge", "training_data"]
