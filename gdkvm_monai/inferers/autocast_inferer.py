"""Inference on clips: mixed precision on any device, and frames that cannot be segmented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.data import MetaTensor
from monai.inferers import SimpleInferer
from torch import Tensor

from gdkvm_monai.labels import BACKGROUND
from gdkvm_monai.transforms.crop import CERTAIN

__all__ = ["AutocastInferer"]


class AutocastInferer(SimpleInferer):
    """Run a network under ``torch.autocast`` on the device of its input; logits come back in float32.

    MONAI's engines know autocast on CUDA only. bfloat16 has float32's range, so no gradient scaler is needed.

    A frame of a clip that is NaN throughout, as :class:`~gdkvm_monai.transforms.MarkInvalidFramesd` marks it, is not
    shown to the network: the memory stays as it was, and the frame's logits are those of a certain background.

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

        def run(frames: Tensor) -> Any:
            return self.run(frames, network, *args, **kwargs)

        if inputs.dim() != 5:
            return run(inputs)
        invalid = inputs.as_subclass(Tensor).isnan().all(dim=3).all(dim=2).all(dim=1)  # (B, T)
        return self._skip(inputs, invalid, run) if bool(invalid.any()) else run(inputs)

    def run(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What the network makes of inputs without a marked frame."""
        with torch.autocast(inputs.device.type, self.dtype, enabled=self.dtype is not None):
            output = super().__call__(inputs, network, *args, **kwargs)
        return (output[0].float(), *output[1:]) if isinstance(output, tuple) else output.float()

    @staticmethod
    def _skip(inputs: Tensor, invalid: Tensor, run: Callable[[Tensor], Tensor]) -> Tensor:
        """Run each clip without its invalid frames ``(B, T)``."""
        logits = []
        for clip, skipped in zip(inputs.as_subclass(Tensor).split(1), invalid):
            seen = clip[..., ~skipped] if not bool(skipped.all()) else torch.zeros_like(clip[..., :1])
            found = run(seen)  # of a clip without any valid frame it tells the number of classes
            filled = found.new_full((*found.shape[:-1], len(skipped)), -CERTAIN)
            filled[:, BACKGROUND] = CERTAIN
            if not bool(skipped.all()):
                filled[..., ~skipped] = found
            logits.append(filled)
        joined = torch.cat(logits)
        return MetaTensor(joined).copy_meta_from(inputs) if isinstance(inputs, MetaTensor) else joined
