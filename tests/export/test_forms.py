"""Both forms of an export compute what the network computes."""

from __future__ import annotations

import torch

from gdkvm_monai.export.forms import INPUTS, OUTPUTS, ScannedClip, Step, example_inputs


def test_the_scanned_clip_gives_the_networks_logits(network):
    (clip,) = example_inputs(network, "clip", (32, 48))
    assert clip.shape == (2, 1, 32, 48, 3)
    with torch.no_grad():
        torch.testing.assert_close(ScannedClip(network)(clip), network(clip), rtol=1e-4, atol=1e-5)


def test_a_step_has_its_state_as_input_and_output_tensors(network):
    inputs = example_inputs(network, "step", (32, 48))
    with torch.no_grad():
        logits, memory, foreground = Step(network)(*inputs)
        expected, state = network.step(inputs[0], network.initial_state(inputs[0]))
    assert len(inputs) == len(INPUTS["step"]) and len(OUTPUTS["step"]) == 3
    for given, wanted in ((logits, expected), (memory, state.memory), (foreground, state.foreground)):
        torch.testing.assert_close(given, wanted)
