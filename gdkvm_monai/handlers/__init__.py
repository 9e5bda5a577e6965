from .checkpoint_loader import CheckpointLoader
from .clips_for_display import ClipsForDisplay
from .early_stopping import EarlyStopping
from .frozen_modules import FrozenModules
from .gradient_clipping import GradientClipping
from .imagenet_loader import ImageNetLoader
from .learning_curve import LearningCurve
from .results_writer import ResultsWriter
from .shared_handler import shared_handler
from .weights_card import WeightsCard

__all__ = [
    "CheckpointLoader",
    "ClipsForDisplay",
    "EarlyStopping",
    "FrozenModules",
    "GradientClipping",
    "ImageNetLoader",
    "LearningCurve",
    "ResultsWriter",
    "WeightsCard",
    "shared_handler",
]
