"""A loss or a gradient that is not finite never reaches the weights, and weights that are not finite no file."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from pathlib import Path

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from monai.engines import SupervisedTrainer
from monai.engines.utils import IterationEvents
from monai.utils import ImageMetaKey, ensure_tuple
from torch import Tensor, nn

from gdkvm_monai.handlers.resumable import register_part
from gdkvm_monai.handlers.training_checkpoint import TrainingCheckpoint

__all__ = ["FiniteUpdates"]

ANOTHER = "the loss of another process is not finite"


class FiniteUpdates:
    """Stop training at a loss or a gradient that is not finite, before the weights change, and save the state.

    The error names the clips of the batch. Training also stops, without saving, after an update that makes weights
    overflow. Ignite's ``TerminateOnNan`` checks after the step, when the weights are
    already lost, and ends the run as if it were complete.

    Args:
        network: network that is trained; what a skipped batch did to its normalization statistics is undone.
        checkpoint: checkpoint to save before the error.
        skip: largest number of such batches to skip, with a warning each; 0 stops at the first one.

    Raises:
        ValueError: if ``skip`` is negative.
    """

    def __init__(self, network: nn.Module, checkpoint: TrainingCheckpoint, skip: int = 0) -> None:
        if skip < 0:
            raise ValueError(f"skip_nonfinite is {skip}, expected the largest number of batches to skip, or 0.")
        self.network, self.checkpoint, self.skip = network, checkpoint, skip
        self.skipped = 0
        self._buffers: list[Tensor] = []
        self.logger = logging.getLogger(type(self).__name__)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer of MONAI, before :class:`~gdkvm_monai.handlers.GradientClipping`."""
        register_part(engine, "finite_updates", self)
        engine.add_event_handler(Events.ITERATION_STARTED, self._keep_buffers)
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._check_weights)

    def state_dict(self) -> dict[str, int]:
        """Return the number of batches skipped so far."""
        return {"skipped": self.skipped}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Restore the number of skipped batches."""
        self.skipped = state_dict["skipped"]

    def __call__(self, engine: SupervisedTrainer) -> None:
        """Skip the update, or stop, if the loss or a gradient is not finite.

        Raises:
            FloatingPointError: if no further batch may be skipped.
        """
        wrong = self._what_is_not_finite(engine)
        if not wrong:
            return
        for buffer, kept in zip(self.network.buffers(), self._buffers):
            buffer.copy_(kept)
        engine.optimizer.zero_grad(set_to_none=True)  # an optimizer leaves parameters without a gradient as they are
        iteration = engine.state.iteration
        clips = "that process names them" if wrong == ANOTHER else ", ".join(_clips(engine.state.batch))
        if self.skipped < self.skip:
            self.skipped += 1
            self.logger.warning(
                f"skipped iteration {iteration} ({self.skipped} of at most {self.skip}): {wrong}; its clips are {clips}"
            )
            return
        engine.state.iteration -= 1  # this one is not complete
        at_end = engine.state.iteration % engine.state.epoch_length == 0
        self.checkpoint.save(engine, validated=at_end)
        raise FloatingPointError(
            f"{wrong} in iteration {iteration}, which did not change the weights; the cause is a clip of its batch "
            f"({clips}) or the learning rate. {self.checkpoint.path} holds iteration {iteration - 1}. If a clip is at "
            f"fault, skip its batch with --skip_nonfinite {self.skip + 10} --resume True; if not, {self._advice()}."
        )

    def _check_weights(self, engine: SupervisedTrainer) -> None:
        """Stop before weights that overflowed are saved or validated.

        Raises:
            FloatingPointError: if a weight is not finite.
        """
        weights = [weight.detach() for weight in self.network.parameters()]
        if torch.nn.utils.get_total_norm(weights, float("inf")).isfinite():
            return
        saved = self.checkpoint.saved
        kept = f"{self.checkpoint.path} holds iteration {saved}" if saved else "no iteration is saved"
        raise FloatingPointError(
            f"the weights are not finite after iteration {engine.state.iteration}, because the learning rate is too "
            f"high ({kept}); {self._advice()}."
        )

    def _advice(self) -> str:
        """Say how to go on with another learning rate, from the best weights so far if there are any."""
        weights = Path(self.checkpoint.weights_dir, "model.pt")
        start = f" from --initial_weights {weights}" if weights.is_file() else ""
        return (
            f"train again{start} in another --run_dir with a lower --learning_rate, which a resumed run cannot change"
        )

    def _keep_buffers(self) -> None:
        buffers = list(self.network.buffers())
        if not self._buffers:
            self._buffers = [torch.empty_like(buffer) for buffer in buffers]
        if buffers:
            torch._foreach_copy_(self._buffers, buffers)

    def _what_is_not_finite(self, engine: SupervisedTrainer) -> str:
        values = {"loss": engine.state.output["loss"].detach()}
        if engine.scaler is None:  # a gradient scaler itself skips gradients that overflow
            gradients = [parameter.grad for parameter in self.network.parameters() if parameter.grad is not None]
            values["norm of the gradient"] = torch.nn.utils.get_total_norm(gradients)
        numbers = torch.stack([value.float() for value in values.values()]).tolist()  # waits for the device once
        wrong = next((f"the {name} is {x}" for name, x in zip(values, numbers) if not math.isfinite(x)), "")
        if idist.get_world_size() > 1 and idist.all_reduce(int(bool(wrong)), "MAX") and not wrong:
            wrong = ANOTHER
        return wrong


def _clips(batch: Mapping) -> list[str]:
    """Return the files of a batch, or the number of its items if they are unknown."""
    names = getattr(batch["image"], "meta", {}).get(ImageMetaKey.FILENAME_OR_OBJ)
    return [str(name) for name in ensure_tuple(names)] if names else [f"{len(batch['image'])} without file names"]
