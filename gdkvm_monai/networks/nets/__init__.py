from gdkvm_monai.networks.nets.conv_lstm_unet import ConvLSTMUNet
from gdkvm_monai.networks.nets.frame_by_frame import FrameByFrame
from gdkvm_monai.networks.nets.gdkvm import GDKVM, GDKVMState
from gdkvm_monai.networks.nets.space_time_memory import SpaceTimeMemory

__all__ = ["GDKVM", "ConvLSTMUNet", "FrameByFrame", "GDKVMState", "SpaceTimeMemory"]
