from .check_clip import CheckClipd
from .correction import AppendCorrectiond, KeepCorrectiond, LoadCorrectiond
from .frames import FromEDToESd, KeepLabelFramesd, PlaceLabelFramesd, SampleFramesd
from .load_clip import LoadClipd
from .sparse_labels import UnlabelEmptyFramesd

__all__ = [
    "AppendCorrectiond",
    "CheckClipd",
    "FromEDToESd",
    "KeepCorrectiond",
    "KeepLabelFramesd",
    "LoadClipd",
    "LoadCorrectiond",
    "PlaceLabelFramesd",
    "SampleFramesd",
    "UnlabelEmptyFramesd",
]
