"""The scores of an epoch are those of all its iterations, also when it was interrupted."""

from __future__ import annotations

import torch
from ignite.engine import Engine, Events
from monai.handlers import IgniteMetricHandler
from monai.metrics import MSEMetric

from gdkvm_monai.handlers.training_scores import TrainingScores
from gdkvm_monai.metrics import FrameMetric

MASKS = [torch.randint(0, 2, (1, 1, 4, 4, 2), generator=torch.Generator().manual_seed(i)).float() for i in range(8)]


def train(first: int, count: int, state: dict | None = None) -> tuple[list[float], list[dict]]:
    """Score pairs of masks in epochs of four iterations; return the scores of epochs and states after iterations."""
    trainer = Engine(lambda engine, batch: (MASKS[batch], MASKS[0]))
    dice = IgniteMetricHandler(FrameMetric("dice", {"LV": (1,)}, spacing=None))
    dice.attach(trainer, "dice")
    kept = TrainingScores({"dice": dice, "other": IgniteMetricHandler(MSEMetric())})
    kept.attach(trainer)
    scores, states = [], []
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: scores.append(engine.state.metrics["dice"]))
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: states.append(kept.state_dict()))
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: states.append(kept.state_dict()))
    if state is not None:
        kept.load_state_dict(state)
    trainer.load_state_dict({"iteration": first, "epoch_length": 4, "max_epochs": 2})
    trainer.run(list(range(first, 8))[:count])
    return scores, states


def test_an_interrupted_epoch_has_the_score_of_all_its_iterations():
    whole, states = train(0, 8)
    assert len(whole) == 2 and whole[0] != whole[1]
    assert train(2, 6, states[1])[0] == whole
    assert train(2, 6)[0] != whole
    assert train(7, 1, states[7])[0] == whole[1:]  # the state after an epoch is one of the nine


def test_a_complete_epoch_leaves_nothing_for_the_next_one():
    scores, states = train(0, 8)
    assert states[4] == {"processes": [{"dice": {"scores": None}}]}
    assert train(4, 4, states[4])[0] == scores[1:]
