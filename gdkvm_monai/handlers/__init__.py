from .gradient_clipping import GradientClipping
from .imagenet_loader import ImageNetLoader

__all__ = ["GradientClipping", "ImageNetLoader"]
