"""The state of training is saved when an iteration is complete, and restored once."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Events
from ignite.handlers.ema_handler import EMAHandler
from monai.engines import SupervisedTrainer
from torch import nn

from gdkvm_monai.data import TrainingLoader
from gdkvm_monai.handlers import IterationSeeds, TrainingCheckpoint
from gdkvm_monai.handlers.checkpoint_file import CheckpointFile


class Training:
    """Two epochs of three iterations with dropout, a schedule, and averaged weights."""

    def __init__(self, path, **options) -> None:
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5), nn.Linear(3, 1))
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=0.1)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, 0.1, total_steps=10)
        self.average = EMAHandler(self.network, momentum=0.1, momentum_warmup=0.5, warmup_iters=5)
        self.losses: list[float] = []
        checkpoint = TrainingCheckpoint(path, lr_scheduler=self.schedule, weight_average=self.average, **options)
        items = [{"image": torch.full((4,), float(i)), "label": torch.ones(1)} for i in range(6)]
        self.trainer = SupervisedTrainer(
            torch.device("cpu"),
            2,
            TrainingLoader(items, batch_size=2),
            self.network,
            self.optimizer,
            nn.MSELoss(),
            decollate=False,
        )
        self.trainer.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        self.average.attach(self.trainer)
        checkpoint.attach(self.trainer)
        IterationSeeds().attach(self.trainer)

    def _step(self, engine) -> None:
        self.losses.append(engine.state.output["loss"].item())
        self.schedule.step()

    def run(self, stop_in: int = 0) -> None:
        """Run, and stop in an iteration before its update."""
        if stop_in:
            started = Events.ITERATION_STARTED(once=stop_in)
            self.trainer.add_event_handler(started, lambda: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                self.trainer.run()
        else:
            self.trainer.run()

    def weights(self) -> list[torch.Tensor]:
        return [*self.network.state_dict().values(), *self.average.ema_model.state_dict().values()]


def iterations(path) -> int:
    return torch.load(path, weights_only=True)["parts"]["trainer"]["iteration"]


@pytest.mark.parametrize(
    ("interval", "stop_in", "saved"), [(1, 3, 2), (2, 3, 2), (2, 4, 3), (2, 6, 4), (0, 6, 3), (100, 5, 3)]
)
def test_training_that_was_stopped_ends_like_training_that_was_not(tmp_path, interval, stop_in, saved):
    whole, first = Training(tmp_path / "whole.pt"), Training(tmp_path / "checkpoint.pt", interval=interval)
    whole.run()
    first.run(stop_in)
    assert iterations(tmp_path / "checkpoint.pt") == saved
    second = Training(tmp_path / "checkpoint.pt", interval=interval, resume=True)
    torch.manual_seed(77)
    second.run()
    assert first.losses[:saved] + second.losses == whole.losses
    assert all(map(torch.equal, second.weights(), whole.weights()))


def test_a_second_run_of_the_trainer_does_not_go_back_to_the_checkpoint(tmp_path):
    Training(tmp_path / "checkpoint.pt", interval=1).run(stop_in=3)
    training = Training(tmp_path / "checkpoint.pt", interval=1, resume=True)
    training.run()
    training.trainer.state.max_epochs = 3
    training.run()
    assert training.trainer.state.iteration == 9 and len(training.losses) == 4 + 3


def test_a_run_that_forgets_to_resume_keeps_the_state_of_the_earlier_one(tmp_path, caplog):
    path, whole = tmp_path / "checkpoint.pt", Training(tmp_path / "whole.pt")
    whole.run()
    Training(path).run(stop_in=5)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/model.pt").write_bytes(b"weights")
    Training(path).run(stop_in=2)
    assert (tmp_path / "models/model_replaced.pt").read_bytes() == b"weights"
    assert "checkpoint_replaced.pt" in caplog.text and "--resume True" in caplog.text
    (tmp_path / "checkpoint_replaced.pt").replace(path)
    resumed = Training(path, resume=True)
    resumed.run()
    assert resumed.losses == whole.losses[-len(resumed.losses) :] and len(resumed.losses) < len(whole.losses)


def test_a_checkpoint_of_another_config_is_refused_with_the_change(tmp_path):
    Training(tmp_path / "checkpoint.pt", interval=1, config='{"epochs": 2}').run(stop_in=3)
    training = Training(tmp_path / "checkpoint.pt", resume=True, config='{"epochs": 4}')
    with pytest.raises(ValueError, match="epochs was 2 and is 4"):
        training.run()
    assert training.losses == []


def test_an_incomplete_state_is_refused_by_the_name_of_its_file(tmp_path):
    CheckpointFile(tmp_path / "checkpoint.pt").write({})
    with pytest.raises(ValueError, match="checkpoint.pt is not the checkpoint of a training run; delete it"):
        Training(tmp_path / "checkpoint.pt", resume=True).run()


def test_a_negative_interval_is_refused(tmp_path):
    with pytest.raises(ValueError, match="-1"):
        TrainingCheckpoint(tmp_path / "checkpoint.pt", interval=-1)


def test_the_previous_checkpoint_is_resumed_when_the_newest_is_gone(tmp_path):
    Training(tmp_path / "checkpoint.pt", interval=1).run(stop_in=3)
    file = CheckpointFile(tmp_path / "checkpoint.pt")
    file.path.unlink()
    whole, training = Training(tmp_path / "whole.pt"), Training(tmp_path / "checkpoint.pt", resume=True)
    whole.run()
    training.run()
    assert training.losses == whole.losses[1:]
