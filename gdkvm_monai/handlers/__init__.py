from gdkvm_monai.handlers.better_metric import BetterMetric
from gdkvm_monai.handlers.checkpoint_loader import CheckpointLoader
from gdkvm_monai.handlers.clips_for_display import ClipsForDisplay
from gdkvm_monai.handlers.early_stopping import EarlyStopping
from gdkvm_monai.handlers.epoch_validation import EpochValidation
from gdkvm_monai.handlers.executed_config import executed_config
from gdkvm_monai.handlers.finite_updates import FiniteUpdates
from gdkvm_monai.handlers.freed_memory import keep_freed_memory
from gdkvm_monai.handlers.frozen_modules import FrozenModules
from gdkvm_monai.handlers.gradient_checkpointing import GradientCheckpointing
from gdkvm_monai.handlers.gradient_clipping import GradientClipping
from gdkvm_monai.handlers.imagenet_loader import ImageNetLoader
from gdkvm_monai.handlers.iteration_seeds import IterationSeeds
from gdkvm_monai.handlers.learning_curve import LearningCurve
from gdkvm_monai.handlers.memory_curves import MemoryCurves
from gdkvm_monai.handlers.results_writer import ResultsWriter
from gdkvm_monai.handlers.training_checkpoint import TrainingCheckpoint
from gdkvm_monai.handlers.training_run import TrainingRun
from gdkvm_monai.handlers.weight_average import WeightAverage
from gdkvm_monai.handlers.weights_card import WeightsCard, refuse_release
from gdkvm_monai.handlers.weights_saver import WeightsSaver

__all__ = [
    "BetterMetric",
    "CheckpointLoader",
    "ClipsForDisplay",
    "EarlyStopping",
    "EpochValidation",
    "FiniteUpdates",
    "FrozenModules",
    "GradientCheckpointing",
    "GradientClipping",
    "ImageNetLoader",
    "IterationSeeds",
    "LearningCurve",
    "MemoryCurves",
    "ResultsWriter",
    "TrainingCheckpoint",
    "TrainingRun",
    "WeightAverage",
    "WeightsCard",
    "WeightsSaver",
    "executed_config",
    "keep_freed_memory",
    "refuse_release",
]
