"""Weights stay finite: a loss or gradient that is not ends training with its clips named, or is skipped and counted."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Events
from monai.data import MetaTensor
from monai.engines import SupervisedTrainer
from torch import nn

from gdkvm_monai.data import TrainingLoader
from gdkvm_monai.handlers import FiniteUpdates, IterationSeeds, TrainingCheckpoint


class Training:
    """Two epochs of three clips, of which one is wrong, in a fixed order; the network has normalization statistics."""

    def __init__(self, path, wrong: float = float("nan"), skip: int = 0, **options) -> None:
        torch.manual_seed(0)
        network, device = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)), torch.device("cpu")
        values = torch.tensor([[0.1, 0.4], [wrong, 0.2], [0.3, 0.9]])
        items = [
            {"image": MetaTensor(value.expand(2, 2) + torch.eye(2), meta={"filename_or_obj": f"clip{i}.npy"})}
            for i, value in enumerate(values)
        ]
        loader = TrainingLoader([{**item, "label": torch.ones(2, 1)} for item in items], shuffle=False)
        optimizer = torch.optim.AdamW(network.parameters(), 0.01)
        self.trainer = SupervisedTrainer(
            device, 2, loader, network, optimizer, self.loss, prepare_batch=prepare, decollate=False
        )
        self.network, self.done = network, []
        checkpoint = TrainingCheckpoint(path, **options)
        self.updates = FiniteUpdates(network, checkpoint, skip)
        self.updates.attach(self.trainer)
        self.trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: self.done.append(engine.state.iteration)
        )
        checkpoint.attach(self.trainer)
        IterationSeeds().attach(self.trainer)

    def loss(self, pred, label):
        return (pred - label).square()

    def state(self) -> dict[str, torch.Tensor]:
        return {name: value.clone() for name, value in self.network.state_dict().items()}


def prepare(batch, device, non_blocking, **kwargs):
    return batch["image"][0].as_tensor(), batch["label"][0]


def test_training_stops_before_the_weights_change_with_the_clips_named_and_the_state_saved(tmp_path):
    training = Training(tmp_path / "checkpoint.pt")
    after_first: list[dict] = []
    training.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), lambda: after_first.append(training.state()))
    with pytest.raises(FloatingPointError) as error:
        training.trainer.run()
    message = str(error.value)
    assert "nan in iteration 2" in message and "clip1.npy" in message and "clip0" not in message
    assert f"{tmp_path}/checkpoint.pt holds iteration 1" in message and "--skip_nonfinite" in message
    assert "learning rate" in message
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["parts"]
    assert saved["trainer"]["iteration"] == 1 and training.done == [1]
    assert all(torch.equal(value, after_first[0][name]) for name, value in saved["network"].items())


def test_the_remedy_resumes_after_the_last_finite_iteration_and_skips_the_batch(tmp_path, caplog):
    with pytest.raises(FloatingPointError):
        Training(tmp_path / "checkpoint.pt").trainer.run()
    resumed, whole = Training(tmp_path / "checkpoint.pt", skip=10, resume=True), Training(tmp_path / "w.pt", skip=10)
    resumed.trainer.run()
    whole.trainer.run()
    assert whole.updates.skipped == resumed.updates.skipped == 2 and resumed.done == [2, 3, 4, 5, 6]
    assert all(torch.equal(value, whole.state()[name]) for name, value in resumed.state().items())
    assert all(value.isfinite().all() for value in whole.state().values())
    assert "1 of at most 10" in caplog.text and "clip1.npy" in caplog.text


def test_the_advice_for_a_lower_learning_rate_names_the_best_weights_once_there_are_some(tmp_path):
    with pytest.raises(FloatingPointError, match="another --run_dir") as error:
        Training(tmp_path / "checkpoint.pt").trainer.run()
    assert "--initial_weights" not in str(error.value)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/model.pt").touch()
    with pytest.raises(FloatingPointError, match=f"--initial_weights {tmp_path}/models/model.pt in another --run_dir"):
        Training(tmp_path / "checkpoint.pt").trainer.run()


def test_the_best_weights_are_looked_for_where_the_run_saves_them(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/model.pt").touch()
    with pytest.raises(FloatingPointError, match=f"--initial_weights {tmp_path}/weights/model.pt"):
        Training(tmp_path / "checkpoint.pt", weights_dir=tmp_path / "weights").trainer.run()


def test_weights_that_an_update_made_infinite_are_never_saved(tmp_path):
    training = Training(tmp_path / "checkpoint.pt", wrong=0.5, interval=1)
    training.trainer.optimizer = torch.optim.SGD(training.network.parameters(), 3e38)
    training.trainer.loss_function = lambda pred, label: 1e9 * (pred - label).square().mean()
    with pytest.raises(FloatingPointError, match="not finite after iteration 1, because the learning rate") as error:
        training.trainer.run()
    assert "batch" not in str(error.value) and "no iteration is saved" in str(error.value)
    assert not training.state()["2.bias"].isfinite().all()
    assert not list(tmp_path.iterdir())


def test_only_as_many_batches_are_skipped_as_allowed(tmp_path):
    training = Training(tmp_path / "checkpoint.pt", skip=1)
    with pytest.raises(FloatingPointError, match="iteration 5"):
        training.trainer.run()
    assert training.updates.skipped == 1
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["parts"]["finite_updates"] == {"skipped": 1}


def test_a_skipped_batch_leaves_no_trace_in_the_network(tmp_path):
    training, states = Training(tmp_path / "checkpoint.pt", skip=2), []
    training.trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: states.append(training.state()))
    training.trainer.run()
    assert all(torch.equal(states[0][name], value) for name, value in states[1].items())
    assert not torch.equal(states[1]["0.weight"], states[2]["0.weight"])


def test_a_gradient_that_is_not_finite_stops_training_although_the_loss_is(tmp_path):
    training = Training(tmp_path / "checkpoint.pt", wrong=0.5)

    class Steep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            return value.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * float("inf")

    training.trainer.loss_function = lambda pred, label: Steep.apply(pred).mean()
    with pytest.raises(FloatingPointError, match="gradient is (inf|nan) in iteration 1"):
        training.trainer.run()


def test_a_negative_number_of_batches_to_skip_is_refused(tmp_path):
    with pytest.raises(ValueError, match="-1"):
        FiniteUpdates(nn.Linear(1, 1), TrainingCheckpoint(tmp_path / "checkpoint.pt"), skip=-1)
