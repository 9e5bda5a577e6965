from gdkvm_monai.networks.nets.conv_lstm_unet import ConvLSTMUNet
from gdkvm_monai.networks.nets.frame_by_frame import FrameByFrame
from gdkvm_monai.networks.nets.gdkvm import GDKVM, GDKVMState
from gdkvm_monai.networks.nets.space_time_memory import SpaceTimeMemory
from gdkvm_monai.networks.nets.vivim import Vivim

__all__ = ["GDKVM", "ConvLSTMUNet", "FrameByFrame", "GDKVMState", "SpaceTimeMemory", "Vivim"]
