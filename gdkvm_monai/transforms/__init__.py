from gdkvm_monai.transforms.affine import RandAffineFramesd
from gdkvm_monai.transforms.arg_max import ArgMaxd
from gdkvm_monai.transforms.check_clip import CheckClipd
from gdkvm_monai.transforms.correction import AppendCorrectiond, KeepCorrectiond, LoadCorrectiond
from gdkvm_monai.transforms.crop import CropToRegiond
from gdkvm_monai.transforms.damage import RandDamageFramesd
from gdkvm_monai.transforms.draw_tracings import DrawTracingsd
from gdkvm_monai.transforms.edge_pair import RandEdgePaird
from gdkvm_monai.transforms.frames import FromEDToESd, KeepLabelFramesd, PlaceLabelFramesd, SampleFramesd
from gdkvm_monai.transforms.gray import MarkInvalidFramesd, RefuseInvalidFramesd, ScaleToGrayd
from gdkvm_monai.transforms.load_clip import LoadImageClipd
from gdkvm_monai.transforms.motion import PairMotiond
from gdkvm_monai.transforms.moving_pair import ClipVariation, RandMovingPaird
from gdkvm_monai.transforms.resize import ResizeFramesd
from gdkvm_monai.transforms.sparse_labels import UnlabelEmptyFramesd

__all__ = [
    "AppendCorrectiond",
    "ArgMaxd",
    "CheckClipd",
    "ClipVariation",
    "CropToRegiond",
    "DrawTracingsd",
    "FromEDToESd",
    "KeepCorrectiond",
    "KeepLabelFramesd",
    "LoadImageClipd",
    "LoadCorrectiond",
    "MarkInvalidFramesd",
    "PairMotiond",
    "PlaceLabelFramesd",
    "RandAffineFramesd",
    "RandDamageFramesd",
    "RandEdgePaird",
    "RandMovingPaird",
    "RefuseInvalidFramesd",
    "ResizeFramesd",
    "SampleFramesd",
    "ScaleToGrayd",
    "UnlabelEmptyFramesd",
]
