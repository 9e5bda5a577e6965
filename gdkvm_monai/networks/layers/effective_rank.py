"""How many directions a memory holds."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["effective_rank"]


def effective_rank(state: Tensor) -> Tensor:
    r"""Return the effective rank of matrices: the exponential of the entropy of their singular values.

    .. math:: \exp\Bigl(-\sum_i p_i \ln p_i\Bigr), \qquad p_i = \sigma_i / \textstyle\sum_j \sigma_j

    It is 1 if a single direction dominates, and the number of rows or columns if all singular values are equal. It
    depends on neither the scale nor a rotation of the matrix.

    Args:
        state: matrices, ``(..., V, K)``.

    Returns:
        Ranks, ``(...)``, from 1 to ``min(V, K)``; 0 for a matrix of zeros, and NaN for one that is not finite.

    References:
        Roy and Vetterli, "The effective rank", EUSIPCO 2007.

    Example:
        >>> effective_rank(torch.diag(torch.tensor([5.0, 5.0, 5.0, 0.0]))).round(decimals=4)
        tensor(3.)
    """
    finite = state.isfinite().all(-1).all(-1)  # (...)
    values = torch.linalg.svdvals(state.where(finite[..., None, None], torch.zeros_like(state)))  # (..., min(V, K))
    total = values.sum(-1, keepdim=True)
    share = values / total.where(total > 0, torch.ones_like(total))
    rank = torch.special.entr(share).sum(-1).exp()
    rank = rank.where(total[..., 0] > 0, torch.zeros_like(rank))
    return rank.where(finite, torch.full_like(rank, float("nan")))
