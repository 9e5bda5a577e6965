"""A signal ends training after its iteration; nothing is lost, and the command that continues is printed."""

from __future__ import annotations

import os
import signal
import threading

import ignite.distributed as idist
import pytest
import torch
from ignite.engine import Events
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import ValidationHandler
from torch import nn

from gdkvm_monai.data import TrainingLoader
from gdkvm_monai.handlers import IterationSeeds, TrainingCheckpoint
from gdkvm_monai.handlers.stop_signals import StopSignals


class Training:
    """Two epochs of three iterations, each followed by a validation of two."""

    def __init__(self, path, resume: bool = False) -> None:
        torch.manual_seed(0)
        network, device = nn.Linear(4, 1), torch.device("cpu")
        self.losses: list[float] = []
        self.validations: list[int] = []
        items = [{"image": torch.full((4,), float(i)), "label": torch.ones(1)} for i in range(6)]
        self.evaluator = SupervisedEvaluator(device, TrainingLoader(items[:2]), network, decollate=False)
        optimizer = torch.optim.SGD(network.parameters(), 0.01)
        loader = TrainingLoader(items, batch_size=2)
        self.trainer = SupervisedTrainer(device, 2, loader, network, optimizer, nn.MSELoss(), decollate=False)
        self.trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: self.losses.append(engine.state.output["loss"].item())
        )
        ValidationHandler(1, self.evaluator).attach(self.trainer)
        self.evaluator.add_event_handler(
            Events.EPOCH_COMPLETED, lambda: self.validations.append(self.trainer.state.iteration)
        )
        self.checkpoint = TrainingCheckpoint(path, evaluator=self.evaluator, resume=resume)
        self.checkpoint.attach(self.trainer)
        IterationSeeds().attach(self.trainer)
        self.stop_signals = StopSignals(self.trainer, self.checkpoint)


def send(number: int):
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("iteration", [1, 3, 5])
def test_a_signal_in_an_iteration_saves_it_and_ends_the_process(tmp_path, capsys, number, code, iteration):
    first, whole = Training(tmp_path / "checkpoint.pt"), Training(tmp_path / "whole.pt")
    first.trainer.add_event_handler(Events.ITERATION_STARTED(once=iteration), send(number))
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as stopped:
        first.stop_signals.run()
    assert stopped.value.code == code and signal.getsignal(number) is before
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and f"iteration {iteration} of 6" in line and line.endswith("--resume True\n")
    assert str(tmp_path / "checkpoint.pt") in line and signal.Signals(number).name in line
    second = Training(tmp_path / "checkpoint.pt", resume=True)
    second.stop_signals.run()
    whole.stop_signals.run()
    assert len(first.losses) == iteration and first.losses + second.losses == whole.losses
    assert first.validations + second.validations == whole.validations == [3, 6]


def test_a_signal_in_a_validation_repeats_only_this_validation(tmp_path, capsys):
    first = Training(tmp_path / "checkpoint.pt")
    first.evaluator.add_event_handler(Events.ITERATION_STARTED(once=1), send(signal.SIGTERM))
    with pytest.raises(SystemExit):
        first.stop_signals.run()
    assert first.validations == [] and len(first.losses) == 3 and "iteration 3 of 6" in capsys.readouterr().err
    second = Training(tmp_path / "checkpoint.pt", resume=True)
    second.stop_signals.run()
    assert second.validations == [3, 6] and len(second.losses) == 3


def test_a_second_signal_ends_the_process_at_once(tmp_path):
    training = Training(tmp_path / "checkpoint.pt")
    for _ in range(2):
        training.trainer.add_event_handler(Events.ITERATION_STARTED(once=2), send(signal.SIGINT))
    with pytest.raises(SystemExit) as stopped:
        training.stop_signals.run()
    assert stopped.value.code == 130 and len(training.losses) == 1


def test_all_processes_stop_when_one_of_them_receives_a_signal(tmp_path, monkeypatch):
    training = Training(tmp_path / "checkpoint.pt")
    monkeypatch.setattr(idist, "get_world_size", lambda: 2)
    monkeypatch.setattr(idist, "get_rank", lambda: 1)
    answers = iter([0, int(signal.SIGTERM)])  # another process receives it in the second iteration
    monkeypatch.setattr(idist, "all_reduce", lambda value, op: max(value, next(answers)))
    monkeypatch.setattr("torch.distributed.all_gather_object", lambda found, own: found.__setitem__(1, own))
    with pytest.raises(SystemExit) as stopped:
        training.stop_signals.run()
    assert stopped.value.code == 143 and len(training.losses) == 2


def test_outside_of_the_main_thread_training_runs_without_signals(tmp_path):
    training = Training(tmp_path / "checkpoint.pt")
    thread = threading.Thread(target=training.stop_signals.run)
    thread.start()
    thread.join()
    assert len(training.losses) == 6
