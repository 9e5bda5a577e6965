from gdkvm_monai.networks.nets.frame_by_frame import FrameByFrame
from gdkvm_monai.networks.nets.gdkvm import GDKVM, GDKVMState

__all__ = ["GDKVM", "FrameByFrame", "GDKVMState"]
