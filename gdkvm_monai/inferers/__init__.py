from .autocast_inferer import AutocastInferer
from .stream_session import StreamSession

__all__ = ["AutocastInferer", "StreamSession"]
