"""Inference on clips with mixed precision on any device, skipping frames that cannot be segmented."""

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
    """Run a network under ``torch.autocast`` on the device of its input and return logits in float32.

    MONAI's engines support autocast only on CUDA. bfloat16 has the range of float32, so no gradient scaler is needed.

    A frame that is entirely NaN, as set by :class:`~gdkvm_monai.transforms.MarkInvalidFramesd`, is not passed to the
    network: the memory is unchanged, and the frame's logits are those of certain background. Networks in training
    mode get all frames.

    Args:
        dtype: ``"bfloat16"``, ``"float16"`` (inference on CUDA), or ``None`` for full precision.
    """

    def __init__(self, dtype: str | None = None) -> None:
        super().__init__()
        if dtype not in (None, "bfloat16", "float16"):
            raise ValueError(f"dtype is {dtype!r}, expected 'bfloat16', 'float16', or None.")
        self.dtype = None if dtype is None else getattr(torch, dtype)

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return float32 logits of ``inputs`` ``(B, C, H, W, T)``, or logits and state of a network's ``step``."""

        plain = inputs.as_subclass(Tensor)  # metadata would make each operation in place a copy in the backward pass

        def run(frames: Tensor) -> Any:
            return self.run(frames, network, *args, **kwargs)

        # training does not wait for the device here; a frame of NaN would give a loss of NaN
        invalid = None if getattr(network, "training", False) else _invalid_frames(plain)  # (B, T)
        output = run(plain) if invalid is None else self._skip(plain, invalid, run)
        if not isinstance(inputs, MetaTensor):
            return output
        if isinstance(output, tuple):
            return MetaTensor(output[0]).copy_meta_from(inputs), *output[1:]
        return MetaTensor(output).copy_meta_from(inputs)

    def run(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run the network on inputs without marked frames."""
        with torch.autocast(inputs.device.type, self.dtype, enabled=self.dtype is not None):
            output = super().__call__(inputs, network, *args, **kwargs)
        return (output[0].float(), *output[1:]) if isinstance(output, tuple) else output.float()

    @staticmethod
    def _skip(inputs: Tensor, invalid: Tensor, run: Callable[[Tensor], Tensor]) -> Tensor:
        """Run each clip without its invalid frames ``(B, T)``."""
        logits = []
        for clip, skipped in zip(inputs.split(1), invalid):
            seen = clip[..., ~skipped] if not bool(skipped.all()) else torch.zeros_like(clip[..., :1])
            found = run(seen)  # for a clip without valid frames, this gives the number of classes
            filled = found.new_full((*found.shape[:-1], len(skipped)), -CERTAIN)
            filled[:, BACKGROUND] = CERTAIN
            if not bool(skipped.all()):
                filled[..., ~skipped] = found
            logits.append(filled)
        return torch.cat(logits)


def _invalid_frames(clip: Tensor) -> Tensor | None:
    """Return which frames of a clip are entirely NaN, ``(B, T)``; ``None`` if none is, or for a single frame."""
    if clip.dim() != 5:
        return None
    invalid = clip.isnan().all(dim=3).all(dim=2).all(dim=1)
    return invalid if bool(invalid.any()) else None
