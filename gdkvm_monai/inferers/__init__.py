from .autocast_inferer import AutocastInferer
from .correction_inferer import CorrectionInferer, segment_with_correction
from .stream_session import StreamSession

__all__ = ["AutocastInferer", "CorrectionInferer", "StreamSession", "segment_with_correction"]
