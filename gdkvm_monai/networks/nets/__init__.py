from .frame_by_frame import FrameByFrame
from .gdkvm import GDKVM, GDKVMState

__all__ = ["GDKVM", "FrameByFrame", "GDKVMState"]
