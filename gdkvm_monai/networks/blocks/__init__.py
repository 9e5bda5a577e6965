from gdkvm_monai.networks.blocks.affine_estimator import AffineEstimator
from gdkvm_monai.networks.blocks.conv_lstm import ConvLSTM, ConvLSTMState
from gdkvm_monai.networks.blocks.decoder import DECODERS, Decoder, LightDecoder, make_decoder
from gdkvm_monai.networks.blocks.efficientnet_lite0 import EfficientNetLite0
from gdkvm_monai.networks.blocks.frame_gate import WRITE_GATES, FrameGate
from gdkvm_monai.networks.blocks.frame_transformer import (
    ConvolutionalFeedForward,
    FrameAttention,
    PatchEmbedding,
    per_frame,
)
from gdkvm_monai.networks.blocks.gated_delta_memory import GatedDeltaMemory
from gdkvm_monai.networks.blocks.imagenet_weights import load_imagenet_weights
from gdkvm_monai.networks.blocks.key_encoder import BACKBONES, ResNetKeyEncoder, make_key_encoder
from gdkvm_monai.networks.blocks.key_pixel_feature_fusion import FUSIONS, KeyPixelFeatureFusion
from gdkvm_monai.networks.blocks.key_position import KeyPosition
from gdkvm_monai.networks.blocks.multiscale_head import BoundaryHead, MultiscaleHead
from gdkvm_monai.networks.blocks.previous_mask import PreviousMask
from gdkvm_monai.networks.blocks.readout_norm import READOUT_NORMS, ReadoutNorm, make_readout_norm
from gdkvm_monai.networks.blocks.softmax_memory import SoftmaxMemory
from gdkvm_monai.networks.blocks.spatiotemporal_mamba import (
    ABLATIONS,
    DIRECTIONS,
    SelectiveStateSpace,
    SpatiotemporalMamba,
)
from gdkvm_monai.networks.blocks.temporal_mamba_block import Scale, TemporalMambaBlock
from gdkvm_monai.networks.blocks.unet import UNetDecoder, UNetKeyEncoder, unet_parts
from gdkvm_monai.networks.blocks.value_encoder import (
    VALUE_ENCODERS,
    ResNetValueEncoder,
    SharedValueEncoder,
    make_value_encoder,
)

__all__ = [
    "ABLATIONS",
    "BACKBONES",
    "DECODERS",
    "DIRECTIONS",
    "FUSIONS",
    "READOUT_NORMS",
    "VALUE_ENCODERS",
    "WRITE_GATES",
    "AffineEstimator",
    "BoundaryHead",
    "ConvLSTM",
    "ConvLSTMState",
    "ConvolutionalFeedForward",
    "Decoder",
    "EfficientNetLite0",
    "FrameAttention",
    "FrameGate",
    "GatedDeltaMemory",
    "KeyPixelFeatureFusion",
    "KeyPosition",
    "LightDecoder",
    "MultiscaleHead",
    "PatchEmbedding",
    "PreviousMask",
    "ReadoutNorm",
    "ResNetKeyEncoder",
    "ResNetValueEncoder",
    "Scale",
    "SelectiveStateSpace",
    "SharedValueEncoder",
    "SoftmaxMemory",
    "SpatiotemporalMamba",
    "TemporalMambaBlock",
    "UNetDecoder",
    "UNetKeyEncoder",
    "load_imagenet_weights",
    "make_decoder",
    "make_key_encoder",
    "make_readout_norm",
    "make_value_encoder",
    "per_frame",
    "unet_parts",
]
