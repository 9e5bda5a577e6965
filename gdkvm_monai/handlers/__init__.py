from .checkpoint_loader import CheckpointLoader
from .gradient_clipping import GradientClipping
from .imagenet_loader import ImageNetLoader
from .learning_curve import LearningCurve

__all__ = ["CheckpointLoader", "GradientClipping", "ImageNetLoader", "LearningCurve"]
