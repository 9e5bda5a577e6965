"""A training run of the bundle that takes one iteration for each line of its standard input, for ``training_speed.py``.

    python benchmarks/training_worker.py '{"config_files": ["train.json"], "settings": {}, "gradients": "file.pt"}'

After each iteration, it prints the seconds of its parts as JSON. The gradients of the first iteration are written to a
file. Package and bundle are those of ``PYTHONPATH``, so that commits can be compared. On the CPU, seconds are those
that the process computed, so that other work on the machine counts little; on a GPU, it is waited for at each mark.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from ignite.engine import Engine, Events
from monai.bundle import ConfigWorkflow
from monai.engines.utils import IterationEvents

import gdkvm_monai

MARKS = {
    "data": Events.GET_BATCH_COMPLETED,
    "start": Events.ITERATION_STARTED,
    "forward": IterationEvents.LOSS_COMPLETED,
    "backward": IterationEvents.BACKWARD_COMPLETED,
    "optimizer": IterationEvents.MODEL_COMPLETED,
}
"""The event at whose first handler each part ends."""


class Timer:
    """Waits for a line before each iteration, and prints the seconds of the parts of the one before."""

    def __init__(self, engine: Engine, gradients: Path) -> None:
        self.gradients = gradients
        self.times: dict[str, float] = {}
        for name, event in MARKS.items():
            engine.add_event_handler(event, self.mark, name)
            handlers = engine._event_handlers[event]
            handlers.insert(0, handlers.pop())
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self.mark, "checks")  # the last handler
        engine.add_event_handler(Events.GET_BATCH_STARTED, self.next_iteration)

    def mark(self, engine: Engine, name: str) -> None:
        """Note when a part ended, and keep the first gradients."""
        if engine.state.device.type == "cuda":
            torch.cuda.synchronize()
        self.times[name] = time.perf_counter() if engine.state.device.type == "cuda" else time.process_time()
        if name == "backward" and engine.state.iteration == 1:
            torch.save({key: value.grad.cpu() for key, value in engine.network.named_parameters()}, self.gradients)

    def next_iteration(self, engine: Engine) -> None:
        """Print the parts of the last iteration, and wait for the next."""
        if self.times:
            self.mark(engine, "end")
            print(json.dumps(self.parts()), flush=True)
        if not sys.stdin.readline():
            sys.exit()
        self.mark(engine, "begin")

    def parts(self) -> dict[str, float]:
        """Return the seconds of each part and of the whole iteration."""
        at = self.times
        parts = {
            "data": at["data"] - at["begin"],
            "forward": at["forward"] - at["start"],
            "backward": at["backward"] - at["forward"],
            "optimizer": at["optimizer"] - at["checks"],
        }
        whole = at["end"] - at["begin"]
        return {**parts, "rest": whole - sum(parts.values()), "whole": whole}


def main() -> None:
    """Train until the standard input ends."""
    options = json.loads(sys.argv[1])
    configs = Path(gdkvm_monai.__file__).parents[1] / "bundle" / "configs"
    files = [str(configs / name) for name in options["config_files"]]
    flow = ConfigWorkflow(files, logging_file=False, workflow_type="train", **options["settings"])
    flow.initialize()
    trainer = flow.trainer
    Timer(trainer, Path(options["gradients"]))
    trainer.run()


if __name__ == "__main__":
    main()
