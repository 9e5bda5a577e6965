"""Which inputs a block depends on."""

from __future__ import annotations

import torch


def influences(module: torch.nn.Module, inputs: list[torch.Tensor]) -> list[bool]:
    """Return whether the output depends on each input."""
    with torch.no_grad():
        expected = module(*inputs)
        return [
            not torch.allclose(module(*[x + (i == j) * torch.randn_like(x) for j, x in enumerate(inputs)]), expected)
            for i in range(len(inputs))
        ]
