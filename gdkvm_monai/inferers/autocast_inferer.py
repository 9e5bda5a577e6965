"""Mixed precision on any device: MONAI's engines know it on CUDA only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import SimpleInferer
from torch import Tensor

__all__ = ["AutocastInferer"]


class AutocastInferer(SimpleInferer):
    """Run a network under ``torch.autocast`` on the device of its input; logits come back in float32.

    bfloat16 has float32's range, so no gradient scaler is needed.

    Args:
        dtype: ``"bfloat16"``, ``"float16"`` (inference on CUDA), or ``None`` for full precision.
    """

    def __init__(self, dtype: str | None = None) -> None:
        super().__init__()
        if dtype not in (None, "bfloat16", "float16"):
            raise ValueError(f"dtype is {dtype!r}, expected 'bfloat16', 'float16' or None.")
        self.dtype = None if dtype is None else getattr(torch, dtype)

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Logits of ``inputs`` ``(B, C, H, W, T)``, float32; of a network's ``step`` logits and state."""
        with torch.autocast(inputs.device.type, self.dtype, enabled=self.dtype is not None):
            output = super().__call__(inputs, network, *args, **kwargs)
        return (output[0].float(), *output[1:]) if isinstance(output, tuple) else output.float()
