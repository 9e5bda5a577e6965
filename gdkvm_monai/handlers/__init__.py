from gdkvm_monai.handlers.checkpoint_loader import CheckpointLoader
from gdkvm_monai.handlers.clips_for_display import ClipsForDisplay
from gdkvm_monai.handlers.early_stopping import EarlyStopping
from gdkvm_monai.handlers.frozen_modules import FrozenModules
from gdkvm_monai.handlers.gradient_clipping import GradientClipping
from gdkvm_monai.handlers.imagenet_loader import ImageNetLoader
from gdkvm_monai.handlers.learning_curve import LearningCurve
from gdkvm_monai.handlers.results_writer import ResultsWriter
from gdkvm_monai.handlers.weights_card import WeightsCard

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
]
