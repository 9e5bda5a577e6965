"""What a training run leaves beside its weights, so that it can be understood and repeated."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import ignite.distributed as idist
import torch
from monai.engines import Evaluator, Trainer

import gdkvm_monai
from gdkvm_monai.files import plain, write_json

__all__ = ["RunRecipe"]

PACKAGES = ("torch", "monai", "pytorch-ignite", "numpy")


@dataclass(frozen=True)
class RunRecipe:
    """Writer of ``config.json``, ``run.json``, and ``metrics.json``.

    Attributes:
        folder: folder to write to; created if missing.
        config: executed config as JSON text, with all overlays and overrides: ``config.json`` alone repeats the run.
        command: command that started the run.
    """

    folder: Path
    config: str
    command: Sequence[str] = field(default_factory=lambda: tuple(sys.orig_argv))

    def keep_in(self, folder: Path) -> None:
        """Copy what an earlier run in the same folder left to where its state and weights are kept."""
        if self.folder.is_dir():
            shutil.copytree(self.folder, folder / "training", ignore=shutil.ignore_patterns(".*", "models", "replaced"))

    def write_start(self, resumed_at: int, weights: Mapping[str, str] | None = None) -> None:
        """Write the config, and the command and versions of this start; those of earlier starts are kept on resuming.

        Args:
            resumed_at: iteration at which an earlier run is continued, 0 for a new run.
            weights: what the weights of a new run start from, by the names of the model card's fields.
        """
        path = self.folder / "run.json"
        earlier = json.loads(path.read_bytes())["starts"] if resumed_at and path.is_file() else []
        start = {
            "utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "iteration": resumed_at,
            **({} if resumed_at else weights or {}),
            "command": list(self.command),
            "processes": idist.get_world_size(),
            "threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "versions": {
                "gdkvm_monai": gdkvm_monai.__version__,
                "python": platform.python_version(),
                **{name: importlib.metadata.version(name) for name in PACKAGES},
            },
        }
        write_json(path, {"starts": [*earlier, start]})
        config = json.loads(self.config)
        config.pop("_meta_", None)
        write_json(self.folder / "config.json", config)

    def write_metrics(self, trainer: Trainer, evaluator: Evaluator | None, seconds: float) -> None:
        """Write the scores of the last and of the best validation.

        Args:
            trainer: trainer after an epoch.
            evaluator: its validator, if any.
            seconds: duration of training so far, with all its starts.
        """
        content: dict[str, object] = {
            "iteration": trainer.state.iteration,
            "epoch": trainer.state.epoch,
            "seconds": round(seconds, 1),
        }
        if evaluator is not None and evaluator.state.key_metric_name:
            state = evaluator.state
            content["key_metric"] = state.key_metric_name
            content["best"] = {"epoch": state.best_metric_epoch, state.key_metric_name: float(state.best_metric)}
            content["last"] = {name: float(value) for name, value in state.metrics.items()}
        write_json(self.folder / "metrics.json", plain(content))
