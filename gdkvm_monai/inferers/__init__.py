from gdkvm_monai.inferers.autocast_inferer import AutocastInferer
from gdkvm_monai.inferers.correction_inferer import CorrectionInferer, segment_with_correction
from gdkvm_monai.inferers.stream_session import StreamSession

__all__ = ["AutocastInferer", "CorrectionInferer", "StreamSession", "segment_with_correction"]
