"""The weights that a training run produces: the best and the last ones, as plain state dicts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import ignite.distributed as idist
from ignite.engine import Engine, Events
from monai.config import PathLike
from monai.networks.utils import get_state_dict
from torch import nn

from gdkvm_monai.networks.checkpoint import write_checkpoint
from gdkvm_monai.networks.recorded_weights import record_weights

__all__ = ["WeightsSaver"]


class WeightsSaver:
    """Save the validated network: ``model.pt`` when the key metric is the best so far, and ``model_final.pt`` always.

    Attach it to an evaluator with a key metric; the evaluator decides which value is the best. Both files are replaced
    atomically: MONAI's ``CheckpointSaver`` writes to the file itself, and removes the last weights before it writes
    new ones.

    Args:
        folder: folder for both files; created if missing.
        network: network to save, for example a weight average; may be wrapped for several GPUs.
        best: name of the file with the best weights.
        last: name of the file with the last weights.
    """

    def __init__(
        self, folder: PathLike, network: nn.Module, best: str = "model.pt", last: str = "model_final.pt"
    ) -> None:
        self.best, self.last = Path(folder) / best, Path(folder) / last
        self.network = network

    def attach(self, engine: Engine) -> None:
        """Attach to an evaluator."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.save_best)
        engine.add_event_handler(Events.COMPLETED, self.save_last)

    def save_best(self, engine: Engine) -> None:
        """Save the weights if this validation is the best so far."""
        if engine.state.best_metric_epoch == engine.state.epoch:
            self._save(self.best)

    def save_last(self, engine: Engine) -> None:
        """Save the weights after a complete validation."""
        self._save(self.last)

    @idist.one_rank_only()
    def _save(self, path: Path) -> None:
        write_checkpoint(path, get_state_dict(self.network), before=partial(record_weights, path))
