from .checkpoint_loader import CheckpointLoader
from .gradient_clipping import GradientClipping
from .imagenet_loader import ImageNetLoader
from .learning_curve import LearningCurve
from .results_writer import ResultsWriter

__all__ = ["CheckpointLoader", "GradientClipping", "ImageNetLoader", "LearningCurve", "ResultsWriter"]
