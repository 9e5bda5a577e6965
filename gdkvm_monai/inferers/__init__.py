from gdkvm_monai.inferers.autocast_inferer import AutocastInferer
from gdkvm_monai.inferers.averaged_inferer import AveragedInferer
from gdkvm_monai.inferers.correction_inferer import CorrectionInferer, segment_with_correction
from gdkvm_monai.inferers.stream_session import StreamSession

__all__ = ["AutocastInferer", "AveragedInferer", "CorrectionInferer", "StreamSession", "segment_with_correction"]
