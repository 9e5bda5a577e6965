"""Between the backward pass and the step, inside MONAI's own trainer."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Events
from monai.engines import SupervisedTrainer
from monai.engines.utils import IterationEvents
from torch import nn

from gdkvm_monai.handlers import GradientClipping


def train(scale: float, max_norm: float) -> tuple[list[torch.Tensor], list[torch.Tensor], float]:
    """One descent step on ``scale * mean(output)``: gradients before and after clipping, length of the step."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    start = torch.cat([p.detach().flatten().clone() for p in network.parameters()])
    before, clipped = [], []
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[{"image": torch.ones(2, 4), "label": torch.zeros(2, 1)}],
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
        loss_function=lambda pred, label: scale * pred.mean(),
        decollate=False,
    )
    record = lambda store: lambda: store.extend(p.grad.clone() for p in network.parameters())  # noqa: E731
    trainer.add_event_handler(IterationEvents.BACKWARD_COMPLETED, record(before))
    GradientClipping(max_norm).attach(trainer)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, record(clipped))
    trainer.run()
    end = torch.cat([p.detach().flatten() for p in network.parameters()])
    return before, clipped, float((end - start).norm())


def norm(gradients: list[torch.Tensor]) -> float:
    return float(torch.cat([gradient.flatten() for gradient in gradients]).norm())


def test_large_gradients_are_scaled_to_the_bound_before_the_step_and_keep_their_direction():
    before, clipped, step = train(scale=1000.0, max_norm=3.0)
    assert norm(before) > 100
    assert norm(clipped) == pytest.approx(3.0, rel=1e-4) and step == pytest.approx(3.0, rel=1e-4)
    for old, new in zip(before, clipped):
        torch.testing.assert_close(new, old * 3.0 / norm(before), rtol=1e-4, atol=1e-6)


def test_small_gradients_are_left_untouched():
    before, clipped, step = train(scale=0.5, max_norm=3.0)
    assert 0 < norm(before) < 3
    assert all(torch.equal(old, new) for old, new in zip(before, clipped))
    assert step == pytest.approx(norm(before), rel=1e-4)


def test_the_default_bound_is_that_of_the_paper():
    assert GradientClipping().max_norm == 3.0
    _, clipped, _ = train(scale=1000.0, max_norm=0.1)
    assert norm(clipped) == pytest.approx(0.1, rel=1e-4)


@pytest.mark.parametrize("max_norm", [0, -1.0, float("nan")])
def test_a_bound_that_is_not_positive_is_refused(max_norm):
    with pytest.raises(ValueError, match="max_norm is .*expected a positive number"):
        GradientClipping(max_norm)
