"""Test-time averaging: the mean of what a network predicts for a clip, its mirror image, and its magnifications."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from numbers import Real
from typing import Any, TypeVar

import torch
from monai.utils import ensure_tuple
from torch import Tensor

from gdkvm_monai.inferers.correction_inferer import CorrectionInferer
from gdkvm_monai.inferers.version import Version

__all__ = ["AveragedInferer"]

SCALES = (0.9, 1.0, 1.1)
"""Magnifications that are averaged unless others are given."""

SMALLEST, LARGEST = 0.5, 2.0
State = TypeVar("State", bound=tuple)


class AveragedInferer(CorrectionInferer):
    """Average the class probabilities that a network predicts for several versions of a clip.

    Each version is segmented as a clip of its own, with its own memory, so that the time is :attr:`passes` times that
    of one clip. The versions are all combinations of ``mirror`` and ``scales``. A pixel that a magnified version does
    not see is averaged over the other versions. With a single version, it equals
    :class:`~gdkvm_monai.inferers.AutocastInferer`.

    The output is the logarithm of the mean probabilities, so that its softmax returns them. The states of the versions
    are joined along the batch, so that a stream of frames gives the same as the clip.

    Args:
        dtype: see :class:`~gdkvm_monai.inferers.AutocastInferer`.
        mirror: whether to include the mirror image, in which left and right are swapped; for networks that were trained
            on mirror images, too.
        scales: magnifications of the frames, from 0.5 to 2, at least one of them 1 or less.
        in_channels: number of channels of a clip; one more is a correction, which is refused.

    Raises:
        TypeError: if ``mirror`` is not a Boolean.
        ValueError: if ``scales`` is empty, out of range, or not unique, or leaves out the border of the frames.

    Attributes:
        versions: versions of a clip.

    Example:
        >>> AveragedInferer(mirror=True, scales=[0.9, 1.0, 1.1]).passes
        6
    """

    def __init__(
        self, dtype: str | None = None, mirror: bool = False, scales: Sequence[float] = SCALES, in_channels: int = 1
    ) -> None:
        super().__init__(dtype, in_channels)
        if not isinstance(mirror, bool):
            raise TypeError(f"mirror is {mirror!r}, expected True or False.")
        self.mirror, self.scales = mirror, _checked(scales)
        self.versions = [Version(*one) for one in product((False, True) if mirror else (False,), self.scales)]

    @property
    def passes(self) -> int:
        """Number of clips that the network segments instead of one, hence the factor of the time."""
        return len(self.versions)

    def run(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return float32 logits of a clip ``(B, C, H, W, T)``, or logits and the next state of frames.

        Raises:
            ValueError: if the clip has a correction.
        """
        if inputs.shape[1] == self.in_channels + 1:
            raise ValueError("the clip has a correction, which cannot be averaged; leave out test-time averaging.")
        if not args:
            found = (
                super(AveragedInferer, self).run(version.apply(inputs), network, **kwargs) for version in self.versions
            )
            return self._mean(found)
        logits, states = [], []
        for version, state in zip(self.versions, self._split(args[0], len(inputs))):
            found, state = super().run(version.apply(inputs), network, state, *args[1:], **kwargs)
            logits.append(found)
            states.append(state)
        return self._mean(logits), _rebuild(states[0], [torch.cat(parts) for parts in zip(*states)])

    def _mean(self, logits: Iterable[Tensor]) -> Tensor:
        """Return the logarithm of the mean probabilities on the grid of the original."""
        if self.passes == 1 and self.scales == (1.0,):
            return next(iter(logits))
        total, count = 0.0, 0.0
        for version, found in zip(self.versions, logits):
            seen = version.seen(found)
            total = total + version.undo(found.softmax(1)) * seen
            count = count + seen.float()
        mean = total / count
        return mean.clamp_min(torch.finfo(mean.dtype).tiny).log()

    def _split(self, state: State, batch: int) -> Iterator[State]:
        """Yield the state of each version; that before the first frame is the same for all of them."""
        first = not state or len(state[0]) == batch
        chunks = [[part] * self.passes if first else part.split(batch) for part in state]
        for place in range(self.passes):
            yield _rebuild(state, [parts[place] for parts in chunks])


def _rebuild(state: State, parts: Sequence[Tensor]) -> State:
    """Return a state of the same type with other tensors."""
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


def _checked(scales: Sequence[float]) -> tuple[float, ...]:
    chosen = ensure_tuple(scales)
    possible = all(isinstance(scale, Real) and SMALLEST <= scale <= LARGEST for scale in chosen)
    if not chosen or not possible or len(set(chosen)) < len(chosen):
        raise ValueError(f"scales is {scales!r}, expected different magnifications from {SMALLEST} to {LARGEST}.")
    if min(chosen) > 1:
        raise ValueError(f"scales is {scales!r}, which leaves out the border of the frames; add 1.0.")
    return tuple(map(float, chosen))
