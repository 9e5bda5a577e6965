"""Engines that run the step of a network: PyTorch, compiled PyTorch, CUDA graphs, ONNX Runtime, and OpenVINO."""

from .cache import CACHE_VARIABLE, CachedStep, cache_folder
from .check import LEAST_AGREEMENT, Check, check_clip, compare_steps
from .choice import AUTO, ChosenEngine, EngineRequest, choose_engine
from .cuda_graph import CudaGraphStep
from .quantize import quantize_convolutions, quantize_step
from .steps import ENGINES, EXPORTED, QUANTIZED, SteppedNetwork, check_installed, compiled_step, open_step

__all__ = [
    "AUTO",
    "CACHE_VARIABLE",
    "ENGINES",
    "EXPORTED",
    "LEAST_AGREEMENT",
    "QUANTIZED",
    "CachedStep",
    "Check",
    "ChosenEngine",
    "CudaGraphStep",
    "EngineRequest",
    "SteppedNetwork",
    "cache_folder",
    "check_clip",
    "check_installed",
    "choose_engine",
    "compare_steps",
    "compiled_step",
    "open_step",
    "quantize_convolutions",
    "quantize_step",
]
