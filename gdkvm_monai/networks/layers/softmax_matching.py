"""Softmax matching with all past frames (GDKVM, Eq. 1), which the linear memory replaces."""

from __future__ import annotations

from torch import Tensor

__all__ = ["softmax_matching"]


def softmax_matching(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    r"""Read values by the similarity of their keys to a query (Eq. 1).

    .. math:: O_t = \sum_i \frac{\exp(K_i^\top Q_t)}{\sum_j \exp(K_j^\top Q_t)} V_i

    The sums run over all positions of all stored frames, so time and memory grow with the number of frames. As in the
    paper, the products are not divided by :math:`\sqrt{K}`.

    Args:
        query: keys of this frame, ``(B, K, L)``.
        keys: stored keys, ``(B, K, M)``.
        values: stored values, ``(B, V, M)``, with ``M`` at least 1.

    Returns:
        Values, ``(B, V, L)``: means of the stored ones, with weights that are positive and add up to 1.

    Example:
        >>> import torch
        >>> softmax_matching(torch.zeros(1, 2, 1), torch.rand(1, 2, 2), torch.tensor([[[1.0, 3.0]]]))
        tensor([[[2.]]])
    """
    weights = (keys.mT @ query).softmax(dim=1)  # (B, M, L)
    return values @ weights
