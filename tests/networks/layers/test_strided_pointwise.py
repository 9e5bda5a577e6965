"""A pointwise convolution with a stride gives PyTorch's result and gradient, without its crash."""

from __future__ import annotations

import copy
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from gdkvm_monai.networks.layers import StridedPointwiseConv2d, select_before_pointwise
from gdkvm_monai.networks.nets import GDKVM

TRAIN = """
import torch
from gdkvm_monai.networks.nets import GDKVM
torch.manual_seed(0)
network = GDKVM(backbone="resnet18", width=8, key_channels=8, value_channels=16, decoder_width=16)
network = network.to(memory_format=torch.channels_last).train()
for _ in range(25):
    network(torch.rand(1, 1, 32, 48, 3)).square().mean().backward()
"""


@pytest.mark.parametrize(("stride", "size"), [(2, (6, 8)), (2, (5, 7)), ((1, 3), (4, 9))])
def test_result_and_gradients_are_those_of_the_convolution(stride, size):
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 4, 1, stride=stride).double()
    ours = copy.deepcopy(plain)
    select_before_pointwise(ours)
    assert type(ours) is StridedPointwiseConv2d
    image, same = (torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)).double() for _ in range(2))
    found, expected = ours(image.requires_grad_()), plain(same.requires_grad_())
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    found.square().sum().backward(), expected.square().sum().backward()
    torch.testing.assert_close(image.grad, same.grad, rtol=0, atol=1e-12)
    for one, other in zip(ours.parameters(), plain.parameters()):
        torch.testing.assert_close(one.grad, other.grad, rtol=0, atol=1e-12)


def test_other_convolutions_stay_as_they_are():
    kept = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 3, stride=2), nn.Conv2d(2, 2, 1, stride=2, groups=2))
    select_before_pointwise(kept)
    assert all(type(part) is nn.Conv2d for part in kept)


@pytest.mark.parametrize("options", [{}, {"backbone": "resnet18", "width": 8}])
def test_the_networks_have_no_other_pointwise_convolution_with_a_stride(options):
    parts = [part for part in GDKVM(**options).modules() if isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1)]
    strided = [part for part in parts if part.stride != (1, 1)]
    assert strided and all(isinstance(part, StridedPointwiseConv2d) for part in strided)


def test_training_on_an_odd_number_of_frames_with_two_threads_does_not_crash():
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    result = subprocess.run([sys.executable, "-c", TRAIN], env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
