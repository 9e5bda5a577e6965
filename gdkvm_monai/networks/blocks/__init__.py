from .decoder import Decoder
from .gated_delta_memory import GatedDeltaMemory
from .imagenet_weights import load_imagenet_weights
from .key_encoder import BACKBONES, KeyEncoder
from .key_pixel_feature_fusion import FUSIONS, KeyPixelFeatureFusion
from .value_encoder import ValueEncoder

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
