"""Handlers record which weights they have loaded."""

from __future__ import annotations

from ignite.engine import Engine

from gdkvm_monai.handlers.weights_start import record_start, recorded_start


def test_later_records_are_added_and_replace_those_of_the_same_name():
    engine = Engine(lambda engine, batch: None)
    assert recorded_start(engine) == {}
    record_start(engine, imagenet_weights="none")
    record_start(engine, imagenet_weights="a.pth", initial_weights="b.pt")
    assert recorded_start(engine) == {"imagenet_weights": "a.pth", "initial_weights": "b.pt"}
