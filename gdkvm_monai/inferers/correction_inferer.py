"""Inference with an annotator's correction of some frames, which also changes the later frames."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.losses import DiceCELoss
from monai.networks import one_hot
from torch import Tensor, nn

from gdkvm_monai.inferers.autocast_inferer import AutocastInferer
from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.networks.nets import GDKVM, GDKVMState
from gdkvm_monai.transforms.crop import CERTAIN

__all__ = ["CorrectionInferer", "segment_with_correction"]


class CorrectionInferer(AutocastInferer):
    """Run a network; an additional input channel is a correction, which also changes the later frames.

    Without a correction, it equals :class:`AutocastInferer`. A correction is a label with class indices in the
    corrected frames and ``UNLABELED`` elsewhere; :class:`~gdkvm_monai.transforms.AppendCorrectiond` appends it.

    Args:
        dtype: see :class:`AutocastInferer`.
        in_channels: number of channels of a clip.
        steps: see :func:`segment_with_correction`.
        learning_rate: see :func:`segment_with_correction`.
    """

    def __init__(
        self, dtype: str | None = None, in_channels: int = 1, steps: int = 30, learning_rate: float = 1e-3
    ) -> None:
        super().__init__(dtype)
        self.in_channels, self.steps, self.learning_rate = in_channels, steps, learning_rate

    def run(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return float32 logits ``(B, N, H, W, T)`` of ``inputs`` ``(B, C, H, W, T)`` or ``(B, C + 1, H, W, T)``."""
        if inputs.shape[1] != self.in_channels + 1:
            return super().run(inputs, network, *args, **kwargs)
        clip, correction = inputs.split([self.in_channels, 1], dim=1)
        return super().run(
            clip, lambda frames: segment_with_correction(network, frames, correction, self.steps, self.learning_rate)
        )


def segment_with_correction(
    network: GDKVM, clip: Tensor, correction: Tensor, steps: int = 30, learning_rate: float = 1e-3
) -> Tensor:
    """Segment a clip in which some frames have been corrected.

    The logits of a corrected frame are the correction itself. Its foreground becomes the previous mask of the next
    frame, and a temporary copy of the decoder is fitted to all corrected frames so far. Frames before the first
    correction are unchanged, bit for bit on the CPU.

    The state alone does not change later frames: a network that was never corrected in training relies on the image.
    On noisy phantom clips with the first frame corrected, the mean Dice of all later frames rose from 0.844 to 0.854
    with the fitted decoder, and not at all with ``steps=0``
    (``pytest -s -m slow tests/inferers/test_correction_inferer.py``). In a prototype that is not part of this package,
    neither four more writes of the frame under the corrected mask nor fitting the memory so that the decoder returns
    the correction raised it.

    Args:
        network: a GDKVM, which is not modified.
        clip: ``(B, C, H, W, T)``.
        correction: ``(B, 1, H, W, T)``, class indices in the corrected frames, ``UNLABELED`` elsewhere; all clips of
            a batch must have the same corrected frames.
        steps: number of Adam steps on the decoder at each corrected frame; 0 does not change the decoder.
        learning_rate: learning rate of these steps.

    Returns:
        Logits, ``(B, N, H, W, T)``.

    Raises:
        TypeError: if the network has no memory to carry a correction.
        ValueError: if the correction does not match the clip or the network's classes.
    """
    corrected = _corrected_frames(network, clip, correction)
    network = copy.copy(network)  # shares all parts; the decoder is replaced, never changed
    network._modules = dict(network._modules)
    frames = clip.movedim(-1, 0)  # (T, B, C, H, W)
    state = network.initial_state(frames[0])
    logits: list[Tensor] = []
    examples: list[tuple[Sequence[Tensor], Tensor]] = []
    for t, frame in enumerate(frames):
        features, before = network.encode(frame), state
        frame_logits, state = network.advance(frame, features, before)
        if t in corrected:
            drawn = one_hot(correction[..., t], network.out_channels, dtype=frame_logits.dtype)  # (B, N, H, W)
            frame_logits, state = CERTAIN * (2 * drawn - 1), GDKVMState(state.memory, drawn[:, 1:])
            inputs = network.decoder_inputs(frame, features, state.memory, before.foreground)
            examples.append((inputs, drawn))
            network.decoder = _fit(network.decoder, examples, steps, learning_rate)
        logits.append(frame_logits)
    return torch.stack(logits, dim=-1)


def _fit(
    decoder: nn.Module, examples: Sequence[tuple[Sequence[Tensor], Tensor]], steps: int, learning_rate: float
) -> nn.Module:
    """Return a copy of a decoder fitted to pairs of its inputs and drawn one-hot masks ``(B, N, H, W)``."""
    decoder, loss = copy.deepcopy(decoder).requires_grad_(True), DiceCELoss(softmax=True)
    optimizer = torch.optim.Adam(decoder.parameters(), learning_rate)
    with torch.enable_grad():
        for _ in range(steps):
            optimizer.zero_grad()
            inputs = [[x.detach() for x in features] for features, _ in examples]
            sum(loss(decoder(*x).float(), drawn.float()) for x, (_, drawn) in zip(inputs, examples)).backward()
            optimizer.step()
    return decoder.requires_grad_(False)


def _corrected_frames(network: GDKVM, clip: Tensor, correction: Tensor) -> list[int]:
    """Return the numbers of the corrected frames after checking the input."""
    if not isinstance(network, GDKVM):
        raise TypeError(f"a {type(network).__name__} has no memory to carry a correction; use a GDKVM.")
    if correction.shape != (clip.shape[0], 1, *clip.shape[2:]):
        raise ValueError(
            f"the clip has shape {tuple(clip.shape)}, the correction {tuple(correction.shape)}; "
            f"expected {(clip.shape[0], 1, *clip.shape[2:])}."
        )
    drawn = correction != UNLABELED
    if not bool((drawn.all(dim=(0, 1, 2, 3)) == drawn.any(dim=(0, 1, 2, 3))).all()):
        raise ValueError(f"a corrected frame must be fully labeled in every clip, without {UNLABELED}.")
    unknown = [value for value in correction[drawn].unique().tolist() if value not in range(network.out_channels)]
    if unknown:
        raise ValueError(
            f"the correction has the values {unknown[:5]}, expected 0 to {network.out_channels - 1}, "
            f"or {UNLABELED} in frames without a correction."
        )
    return torch.nonzero(drawn.all(dim=(0, 1, 2, 3))).flatten().tolist()
