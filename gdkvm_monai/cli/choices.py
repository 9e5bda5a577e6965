"""Choices of command-line options.

The packages that define them take seconds to import, and ``--help`` must not wait for them; a test keeps both equal.
"""

from __future__ import annotations

MASK_FORMATS = ("nifti", "png", "npz", "dicom-seg", "dicom-sr")
OVERLAYS = ("gif", "avi", "none")
CLIP_FORMATS = ("dicom", "avi", "mp4", "nifti", "mhd", "npy", "png")
DATA_SETS = ("camus", "echonet")
QUALITIES = ("good", "medium", "poor")
NETWORK_FORMATS = ("onnx", "torchscript", "torch_export")
BUNDLE_FORMATS = ("torchscript", "torch_export")
ENGINES = ("auto", "eager", "compiled", "cuda_graph", "onnxruntime", "openvino", "onnxruntime_int8", "openvino_int8")
VERSIONS = ("mirror", "scales")
NETWORK_FORMS = ("clip", "step")
BUNDLE_NAME = "echo_video_gdkvm_segmentation"
BUNDLE_COMMANDS = (
    "run",
    "run_workflow",
    "verify_metadata",
    "verify_net_in_out",
    "ckpt_export",
    "onnx_export",
    "trt_export",
    "init_bundle",
    "download",
    "download_large_files",
)
