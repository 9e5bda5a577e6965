"""The quality check of a clip: ``good``, ``check``, or ``reject``, with the reasons."""

from gdkvm_monai.study.quality.evidence import Evidence
from gdkvm_monai.study.quality.training import training_data
from gdkvm_monai.study.quality.verdict import VERDICTS, conclude, judge

__all__ = ["VERDICTS", "Evidence", "conclude", "judge", "training_data"]
