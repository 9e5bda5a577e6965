"""A MONAI Deploy application: clips of a folder through the exported bundle, segmentations and reports out.

python app.py --input STUDY --output OUT --model dist/echo_video_gdkvm_segmentation
"""

from __future__ import annotations

import logging
from pathlib import Path

from monai.deploy.core import Application, IOType
from monai.deploy.core.domain import Image
from monai.deploy.operators.monai_bundle_inference_operator import IOMapping, MonaiBundleInferenceOperator
from operators import ClipReaderOperator, ResultWriterOperator, find_clips

__all__ = ["EchoSegmentationApp"]


class EchoSegmentationApp(Application):
    """Reader, bundle, and writer, connected by the clip and its masks."""

    def compose(self) -> None:
        """Create and connect the operators."""
        context = Application.init_app_context(self.argv)
        bundle = Path(context.model_path)
        context.models = None  # to the SDK, a folder is a model without a network; the operator reads models/model.ts
        reader = ClipReaderOperator(self, clips=find_clips(Path(context.input_path)), name="reader")
        network = MonaiBundleInferenceOperator(
            self,
            app_context=context,
            input_mapping=[IOMapping("image", Image, IOType.IN_MEMORY)],
            output_mapping=[IOMapping("pred", Image, IOType.IN_MEMORY)],
            bundle_path=bundle,
            name="network",
        )
        weights = bundle / "models" / "model.pt"
        writer = ResultWriterOperator(self, output=Path(context.output_path), weights=weights, name="writer")
        self.add_flow(reader, network, {("image", "image")})
        self.add_flow(network, writer, {("pred", "pred")})
        self.add_flow(reader, writer, {("path", "path")})


if __name__ == "__main__":
    logging.getLogger("monai.deploy").setLevel(logging.WARNING)
    EchoSegmentationApp().run()
