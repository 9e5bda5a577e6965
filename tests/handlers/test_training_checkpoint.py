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


def test_runs_that_forget_to_resume_keep_the_state_and_the_weights_of_all_earlier_ones(tmp_path, caplog):
    path, whole, weights = tmp_path / "checkpoint.pt", Training(tmp_path / "whole.pt"), tmp_path / "models/model.pt"
    whole.run()
    weights.parent.mkdir()
    for content, stop_in in ((b"first", 5), (b"second", 4), (b"third", 2)):
        Training(path).run(stop_in)
        weights.write_bytes(content)
    kept = [tmp_path / "replaced" / number for number in "12"]
    assert [folder in kept for folder in sorted((tmp_path / "replaced").iterdir())] == [True, True]
    assert [(folder / "models/model.pt").read_bytes() for folder in kept] == [b"first", b"second"]
    assert weights.read_bytes() == b"third"
    assert all(f"--run_dir {folder} --resume True" in caplog.text for folder in kept)
    resumed = Training(kept[0] / "checkpoint.pt", resume=True)
    resumed.run()
    assert resumed.losses == whole.losses[-len(resumed.losses) :] and len(resumed.losses) < len(whole.losses)


def test_the_weights_of_an_earlier_run_are_kept_wherever_they_are(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name in ("model.pt", "model_final.pt", "model.json", "other.pt"):
        (tmp_path / "elsewhere" / name).touch()
    for _ in range(2):
        Training(tmp_path / "run" / "checkpoint.pt", weights_dir=tmp_path / "elsewhere").run(stop_in=5)
    kept = {path.name for path in (tmp_path / "run/replaced/1/models").iterdir()}
    assert kept == {"model.pt", "model_final.pt", "model.json"}


def test_a_checkpoint_of_another_config_is_refused_with_the_change(tmp_path):
    Training(tmp_path / "checkpoint.pt", interval=1, config='{"epochs": 2}').run(stop_in=3)
    training = Training(tmp_path / "checkpoint.pt", resume=True, config='{"epochs": 4}')
    with pytest.raises(ValueError, match="epochs was 2 and is 4"):
        training.run()
    assert training.losses == []


def test_a_state_of_other_parts_is_refused_and_the_previous_one_offered(tmp_path):
    path = tmp_path / "checkpoint.pt"
    Training(path, interval=1).run(stop_in=4)
    state = torch.load(path, weights_only=True)
    del state["parts"]["network"]["0.bias"]
    torch.save(state, path)
    with pytest.raises(ValueError, match=f"{path} does not fit this run .*0.bias.*checkpoint_previous.pt") as error:
        Training(path, resume=True).run()
    assert "\n" not in str(error.value)


def test_a_checkpoint_without_a_part_names_it(tmp_path):
    path = tmp_path / "checkpoint.pt"
    Training(path, interval=1).run(stop_in=4)
    state = torch.load(path, weights_only=True)
    del state["parts"]["optimizer"]
    torch.save(state, path)
    with pytest.raises(ValueError, match=f"{path} is incomplete: it has no optimizer"):
        Training(path, resume=True).run()


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
