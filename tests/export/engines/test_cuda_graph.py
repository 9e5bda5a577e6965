"""The CUDA graph of a step gives the logits and states of the step, for every shape and precision."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.export.engines import CudaGraphStep, SteppedNetwork, choose_engine
from gdkvm_monai.networks.nets import GDKVM
from tests.export.engines.conftest import request_for

CUDA = torch.device("cuda:0")
needs_cuda = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA is not available")]


@pytest.fixture()
def network() -> GDKVM:
    torch.manual_seed(0)
    options = {"backbone": "efficientnet_lite0", "value_encoder": "shared", "decoder": "light", "value_channels": 32}
    return GDKVM(**options, decoder_width=32).eval().to(CUDA, memory_format=torch.channels_last)


@pytest.fixture()
def graphed(network) -> SteppedNetwork:
    return SteppedNetwork(network, CudaGraphStep(network))


def test_without_cuda_the_engine_is_refused_with_the_device(tiny):
    with pytest.raises(ValueError, match="cuda_graph cannot be used: it needs CUDA, and the device is cpu"):
        choose_engine(tiny, request_for("cuda_graph"))


class TestOnCuda:
    pytestmark = needs_cuda

    @torch.inference_mode()
    @pytest.mark.parametrize("batch", [1, 3])
    def test_logits_equal_those_of_the_network(self, graphed, network, batch):
        clip = torch.rand(batch, 1, 64, 96, 5, device=CUDA)
        expected, state = [], network.initial_state(clip[..., 0])
        for frame in clip.unbind(-1):
            logits, state = network.step(frame, state)
            expected.append(logits)
        torch.testing.assert_close(graphed(clip), torch.stack(expected, -1), rtol=1e-3, atol=1e-3)

    @torch.inference_mode()
    def test_another_shape_and_precision_have_graphs_of_their_own(self, graphed, network):
        for size, enabled in ((64, False), (96, False), (64, True), (64, False)):
            frame = torch.rand(1, 1, size, size, device=CUDA)
            with torch.autocast("cuda", torch.bfloat16, enabled=enabled):
                found, _ = graphed.step(frame, graphed.initial_state(frame))
                expected, _ = network.step(frame, network.initial_state(frame))
            assert found.dtype == expected.dtype
            tolerance = 0.1 if enabled else 1e-3
            torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)

    @torch.inference_mode()
    def test_earlier_results_are_not_overwritten(self, graphed):
        first, second = torch.rand(2, 1, 1, 64, 64, device=CUDA)
        logits, state = graphed.step(first, graphed.initial_state(first))
        kept = [part.clone() for part in (logits, *state)]
        graphed.step(second, state)
        for part, copy in zip((logits, *state), kept):
            assert torch.equal(part, copy)

    def test_auto_names_the_check_of_the_graph(self, network):
        chosen = choose_engine(network, request_for("auto", device=CUDA))
        assert chosen.name in ("cuda_graph", "eager") and "cuda_graph" in chosen.reason
