"""Gates and state of the memory over training, as a table and a plot (GDKVM, Figs. 9 and 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from monai.config import PathLike
from monai.engines.utils import IterationEvents
from torch import Tensor, nn

from gdkvm_monai.files import write_csv
from gdkvm_monai.handlers.memory_watch import MemoryWatch, Written
from gdkvm_monai.handlers.resumable import register_part
from gdkvm_monai.networks.blocks import GatedDeltaMemory
from gdkvm_monai.networks.layers import effective_rank
from gdkvm_monai.visualize.memory_curves import BANDS, plot_memory_curves

__all__ = ["MemoryCurves"]

QUANTILES = sorted({0.5, *(quantile for band in BANDS for quantile in band)})


class MemoryCurves:
    """Write ``memory_curves.csv`` with every record, and ``memory_curves.png`` after every epoch of a trainer.

    They hold, for every ``interval``-th iteration: quantiles of ``alpha`` and ``beta`` over the batch, frames, and
    entries, and of the gradients of the loss with respect to them; the Pearson correlation of the gradient of ``beta``
    with that of ``alpha``, summed over keys; and the effective rank and the Frobenius norm of the state after the
    first and the last frame, as means over the batch. In distributed training, the first process writes its own.

    Args:
        output_dir: folder for both files; created if missing.
        network: network with a :class:`~gdkvm_monai.networks.blocks.GatedDeltaMemory`, not wrapped for several GPUs.
        interval: iterations between two records.

    Raises:
        ValueError: if the network has no such memory, or the interval is not positive.
    """

    def __init__(self, output_dir: PathLike, network: nn.Module, interval: int = 10) -> None:
        memory = next((part for part in network.modules() if isinstance(part, GatedDeltaMemory)), None)
        if memory is None:
            raise ValueError(
                f"network is a {type(network).__name__}, expected one with a GatedDeltaMemory; "
                "leave out the overlay that records it."
            )
        if interval < 1:
            raise ValueError(f"interval is {interval}, expected 1 or more iterations between two records.")
        self.output_dir, self.interval, self.watch = Path(output_dir), interval, MemoryWatch(memory)
        self.series: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer of MONAI."""
        register_part(engine, "memory_curves", self)
        engine.add_event_handler(Events.ITERATION_STARTED(every=self.interval), self.watch.start)
        engine.add_event_handler(IterationEvents.FORWARD_COMPLETED, self.watch.stop)
        engine.add_event_handler(Events.ITERATION_COMPLETED(every=self.interval), self.record)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.plot)

    def state_dict(self) -> dict[str, list[tuple[int, float]]]:
        """Return what was recorded so far: iterations and values by series."""
        return dict(self.series)

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Restore the record of an interrupted run."""
        self.series = defaultdict(list, {name: list(points) for name, points in state_dict.items()})

    def record(self, engine: Engine) -> None:
        """Summarize the writes of an iteration."""
        for name, value in _summaries(self.watch.writes, self.watch.names).items():
            self.series[name].append((engine.state.iteration, value))
        self.write()

    @idist.one_rank_only()
    def write(self) -> None:
        """Write the table so far, on the first process; a run that fails before its epoch ends leaves it, too."""
        points = [(name, *point) for name, series in self.series.items() for point in series]
        columns = ("series", "iteration", "value")
        write_csv(self.output_dir / "memory_curves.csv", [dict(zip(columns, point)) for point in points], columns)

    @idist.one_rank_only()
    def plot(self) -> None:
        """Write the plot, on the first process."""
        plot_memory_curves(self.series, self.output_dir / "memory_curves.png")


def _summaries(writes: Sequence[Written], names: Sequence[str]) -> dict[str, float]:
    """Return the numbers of one iteration by series."""
    summaries = {}
    for name in names:
        summaries |= _quantiles(name, [write.gates[name] for write in writes])
        summaries |= _quantiles(f"{name} gradient", [w.gradients[name] for w in writes if name in w.gradients])
    both = [write.gradients for write in writes if len(write.gradients) == 2]
    if both:
        alpha, beta = (torch.cat([of[name].float().sum(2).flatten() for of in both]) for name in ("alpha", "beta"))
        summaries["correlation"] = float(torch.corrcoef(torch.stack([alpha, beta]))[0, 1])
    for place, write in (("first", writes[0]), ("last", writes[-1])):
        state = write.state.float()
        summaries[f"effective rank, {place} frame"] = float(effective_rank(state).mean())
        summaries[f"norm, {place} frame"] = float(torch.linalg.matrix_norm(state).mean())
    return summaries


def _quantiles(name: str, parts: Sequence[Tensor]) -> dict[str, float]:
    if not parts:
        return {}
    values = torch.cat([part.flatten() for part in parts]).float().sort().values
    indices = [
        round(quantile * (len(values) - 1)) for quantile in QUANTILES
    ]  # torch.quantile takes 16 M values at most
    return {f"{name} q{quantile:g}": float(values[index]) for quantile, index in zip(QUANTILES, indices)}
