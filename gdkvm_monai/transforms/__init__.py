from .check_clip import CheckClipd
from .frames import FromEDToESd, KeepLabelFramesd, PlaceLabelFramesd, SampleFramesd

__all__ = ["CheckClipd", "FromEDToESd", "KeepLabelFramesd", "PlaceLabelFramesd", "SampleFramesd"]
