from __future__ import annotations

import torch

from gdkvm_monai.networks.blocks import AffineEstimator


def test_the_untrained_estimate_is_the_identity():
    torch.testing.assert_close(AffineEstimator(8)(torch.rand(3, 2, 8, 8)), torch.eye(2, 3).expand(3, 2, 3))


def test_the_estimate_depends_on_the_order_of_the_pair():
    torch.manual_seed(0)
    estimator, pair = AffineEstimator(8), torch.rand(1, 2, 8, 8)
    torch.nn.init.normal_(estimator[-2].weight)
    assert not torch.allclose(estimator(pair), estimator(pair.flip(1)))
