"""Kill a training run at random moments, resume it, and compare it with a run that was not killed.

    python benchmarks/kill_training.py --moments 20

A tiny network with dropout, a learning rate schedule, and averaged weights is trained on phantoms. Exits with 1 unless
every loss, every weight, the learning curve, and the model card are the same, bit for bit.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from ignite.engine import Engine, Events
from monai.bundle import ConfigWorkflow
from monai.engines import SupervisedTrainer

from gdkvm_monai.configs import find_config
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from gdkvm_monai.files import file_sha256

SETTINGS: dict[str, object] = {
    "epochs": 2,
    "iterations_per_epoch": 3,
    "checkpoint_interval": 1,
    "batch_size": 2,
    "frame_size": [32, 32],
    "amp_dtype": None,
    "device": "$torch.device('cpu')",
    "network_def#backbone": "resnet18",
    "network_def#width": 8,
    "network_def#key_channels": 8,
    "network_def#value_channels": 16,
    "network_def#decoder_width": 16,
    "network_def#dropout": 0.2,
}
RUNNING = os.WEXITED | os.WNOHANG | os.WNOWAIT
SAME = ("models/model.pt", "models/model_final.pt", "models/model.json", "training/learning_curve.csv")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each moment, and the number of runs that ended like the one that was not killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--num_workers", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # a process with several threads must not be forked
    moments, equal, kills = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings = PhantomSettings((3, 2, 1), size=(48, 48), frames=(4, 5))
        data = write_camus_phantom(root / "data", settings, progress=False)
        whole = Run(root / "whole", data, options.num_workers)
        whole.trainer()  # imports everything once, before the forks
        start = time.monotonic()
        whole.train()
        times = [start, *whole.times(), time.monotonic()]
        for number in range(options.moments):
            iteration = moments.randrange(len(times) - 1)
            moment = iteration, moments.uniform(0, times[iteration + 1] - times[iteration])
            run = Run(root / f"killed_{number}", data, options.num_workers)
            killed = run.train(kill_after=moment)
            before = len(run.losses())
            run.train(resume=True)
            same = run.equals(whole)
            equal, kills = equal + same, kills + killed
            state = f"killed after {before} iterations" if killed else "ended before it was killed"
            print(
                f"{moment[1]:.2f} s after iteration {moment[0]}: {state}, {'equal' if same else 'DIFFERENT'}",
                flush=True,
            )
    print(f"{kills} runs were killed; {equal} of {options.moments} are equal to the run that was not killed")
    return int(equal < options.moments)


class Run:
    """A training run in its own folder, in forked processes."""

    def __init__(self, root: Path, data: Path, num_workers: int) -> None:
        self.root, self.data, self.num_workers = root, data, num_workers

    def train(self, resume: bool = False, kill_after: tuple[int, float] | None = None) -> bool:
        """Train in a new process, and return whether it was killed: some seconds after an iteration."""
        process = os.fork()
        if process == 0:
            self._train(resume)
            os._exit(0)
        if kill_after is not None:
            iteration, seconds = kill_after
            while len(self.losses()) < iteration and os.waitid(os.P_PID, process, RUNNING) is None:
                time.sleep(0.002)
            time.sleep(seconds)
            os.kill(process, signal.SIGKILL)
        status = os.waitpid(process, 0)[1]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if status and not killed:
            raise RuntimeError(f"the training in {self.root} failed; see its output in {self.root / 'log.txt'}.")
        return killed

    def trainer(self, resume: bool = False) -> SupervisedTrainer:
        """Build the trainer from the bundle's configs."""
        flow = ConfigWorkflow(
            [str(find_config(name)) for name in ("train.json", "camus_stills.yaml")],
            logging_file=False,
            workflow_type="train",
            bundle_root=str(self.root),
            dataset_dir=str(self.data),
            **{**SETTINGS, "resume": resume, "num_workers": self.num_workers},
        )
        flow.initialize()
        return flow.trainer

    def _train(self, resume: bool) -> None:
        self.root.mkdir(exist_ok=True)
        with open(self.root / "log.txt", "a") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        try:
            trainer = self.trainer(resume)
            trainer.add_event_handler(Events.ITERATION_COMPLETED, self._log_loss)
            trainer.run()
        except Exception as error:
            print(repr(error), flush=True)
            os._exit(1)

    def _log_loss(self, engine: Engine) -> None:
        with open(self.root / "losses.txt", "a") as file:
            loss = float(engine.state.output[0]["loss"])
            file.write(f"{engine.state.iteration} {loss.hex()} {time.monotonic()}\n")

    def losses(self) -> list[tuple[int, str]]:
        """Return the different pairs of iteration and loss; an iteration that was repeated has one if it was equal."""
        return sorted({(int(line[0]), line[1]) for line in self._lines()})

    def times(self) -> list[float]:
        """Return when each iteration was completed, in seconds."""
        return [float(line[2]) for line in self._lines()]

    def _lines(self) -> list[list[str]]:
        path = self.root / "losses.txt"
        return [line.split() for line in path.read_text().splitlines()] if path.is_file() else []

    def equals(self, other: Run) -> bool:
        """Return whether both runs have the same losses and wrote the same files."""
        if self.losses() != other.losses():
            return False
        return all(_content(self.root / name) == _content(other.root / name) for name in SAME)


def _content(path: Path) -> object:
    if path.suffix == ".pt":
        return {name: value.numpy().tobytes() for name, value in torch.load(path, weights_only=True).items()}
    if path.suffix == ".json":  # the card may also list weights that were replaced
        card = json.loads(path.read_bytes())
        listed = card.pop("weights_sha256")
        return card, all(file_sha256(weights) in listed for weights in path.parent.glob("*.pt"))
    return path.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
