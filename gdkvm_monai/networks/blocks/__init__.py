from gdkvm_monai.networks.blocks.decoder import Decoder
from gdkvm_monai.networks.blocks.gated_delta_memory import GatedDeltaMemory
from gdkvm_monai.networks.blocks.imagenet_weights import load_imagenet_weights
from gdkvm_monai.networks.blocks.key_encoder import BACKBONES, KeyEncoder
from gdkvm_monai.networks.blocks.key_pixel_feature_fusion import FUSIONS, KeyPixelFeatureFusion
from gdkvm_monai.networks.blocks.value_encoder import ValueEncoder

__all__ = [
    "BACKBONES",
    "FUSIONS",
    "Decoder",
    "GatedDeltaMemory",
    "KeyEncoder",
    "KeyPixelFeatureFusion",
    "ValueEncoder",
    "load_imagenet_weights",
]
