from .check_clip import CheckClipd
from .frames import FromEDToESd, KeepLabelFramesd, PlaceLabelFramesd, SampleFramesd
from .load_clip import LoadClipd

__all__ = ["CheckClipd", "FromEDToESd", "KeepLabelFramesd", "LoadClipd", "PlaceLabelFramesd", "SampleFramesd"]
