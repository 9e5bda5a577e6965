"""Operators of MONAI Deploy around the bundle: a DICOM clip in; a segmentation (SEG) and a report (SR) out.

The SDK's own loader makes a volume of single images and loses the spacing of an ultrasound clip, which its header gives
for each region; its own writers need such a volume.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from monai.deploy.conditions import CountCondition
from monai.deploy.core import Fragment, Image, Operator, OperatorSpec

from gdkvm_monai import ClipReader
from gdkvm_monai.study.dicom_segmentation import write_dicom_segmentation
from gdkvm_monai.study.given_masks import measure_masks
from gdkvm_monai.study.report_content import has_numbers
from gdkvm_monai.study.structured_report import write_structured_report

__all__ = ["ClipReaderOperator", "ResultWriterOperator", "find_clips"]


def find_clips(folder: Path) -> list[Path]:
    """Return the DICOM files of a folder and its subfolders, in order.

    Raises:
        FileNotFoundError: if there are none.
    """
    clips = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix.lower() in ("", ".dcm")]
    if not clips:
        raise FileNotFoundError(f"{folder} holds no DICOM file; put multi-frame ultrasound clips into it.")
    return clips


class ClipReaderOperator(Operator):
    """Read one DICOM clip at each tick.

    Outputs:
        image: pixels ``(H, W, T)``: lateral, depth, time, with the metadata of the reader.
        path: the clip's file.
    """

    def __init__(self, fragment: Fragment, *args, clips: list[Path], **kwargs) -> None:
        self.clips = iter(clips)
        super().__init__(fragment, CountCondition(fragment, len(clips)), *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the outputs."""
        spec.output("image")
        spec.output("path")

    def compute(self, op_input, op_output, context) -> None:
        """Read the next clip."""
        path = next(self.clips)
        reader = ClipReader()
        op_output.emit(Image(*reader.get_data(reader.read(path))), "image")
        op_output.emit(path, "path")


class ResultWriterOperator(Operator):
    """Write ``NAME.seg.dcm`` and, if something was measured, ``NAME.sr.dcm`` for each clip.

    Inputs:
        pred: masks ``(T, W, H)``, the SDK's order.
        path: the clip's file.
    """

    def __init__(self, fragment: Fragment, *args, output: Path, weights: Path, **kwargs) -> None:
        self.output, self.weights = output, weights
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the inputs."""
        spec.input("pred")
        spec.input("path")

    def compute(self, op_input, op_output, context) -> None:
        """Write the files of one clip, named after a hash of it."""
        path = op_input.receive("path")
        masks = np.swapaxes(op_input.receive("pred").asnumpy(), 0, 2)  # (H, W, T)
        measurements = measure_masks(path, masks, self.weights)
        self.output.mkdir(parents=True, exist_ok=True)
        name = measurements.clip.id
        frames = np.moveaxis(masks, -1, 0)
        segmentation = write_dicom_segmentation(self.output / f"{name}.seg.dcm", path, frames)
        if has_numbers(measurements):
            write_structured_report(self.output / f"{name}.sr.dcm", path, measurements, segmentation)
