"""Equations of the memory (GDKVM, Eqs. 3-5 and Table 4): writing one frame and reading the memory.

Reference: Wang et al., "GDKVM", ICCV 2025, https://arxiv.org/abs/2512.10252, Sec. 3.2 and 3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gdkvm_monai.networks.layers.newton_schulz import orthogonalize

__all__ = ["KEY_NORMS", "UPDATE_RULES", "gated_delta_update", "normalize_keys", "read_memory", "update_memory"]

UPDATE_RULES = ("additive", "overwrite", "write_gate", "decay", "gated_delta", "orthogonal")
"""The five rows of the paper's Table 4, in its order, and the rule of the paper's successor."""

KEY_NORMS = ("frobenius", "none")


def normalize_keys(key: Tensor, key_norm: str = "frobenius") -> Tensor:
    r"""Map raw keys to non-negative ones whose frame-wise Gram matrix cannot amplify the memory.

    .. math:: \phi(K) = \mathrm{softmax}_{K}(K), \qquad \bar K = \phi(K) / \lVert \phi(K) \rVert_F

    Equation 5 writes all :math:`L` tokens of a frame at once, so its operator is :math:`I - \beta \bar K \bar K^\top`.
    The Frobenius norm bounds the largest eigenvalue of :math:`\bar K \bar K^\top` by 1 at every resolution; with
    unscaled keys it is about :math:`L / K`, and the memory diverges as soon as :math:`\beta \lambda_{max} > 2`.

    Args:
        key: raw keys of one frame, ``(B, K, L)``.
        key_norm: ``"frobenius"``, or ``"none"`` for the softmax alone, as in the paper.

    Returns:
        Keys in ``[0, 1]``, ``(B, K, L)``.

    Raises:
        ValueError: if ``key_norm`` is unknown.
    """
    key = key.softmax(dim=1)
    if key_norm == "none":
        return key
    if key_norm == "frobenius":
        return key / key.square().sum(dim=(1, 2), keepdim=True).sqrt()
    raise ValueError(f"key norm '{key_norm}' is unknown; choose 'frobenius' or 'none'.")


def read_memory(state: Tensor, key: Tensor) -> Tensor:
    r"""Read the values that the memory associates with keys (Eq. 3): :math:`O_t = S_t K_t`.

    Args:
        state: memory, ``(B, V, K)``.
        key: keys, ``(B, K, L)``.

    Returns:
        Values, ``(B, V, L)``.
    """
    return state @ key


def gated_delta_update(state: Tensor, key: Tensor, value: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    r"""Write one frame into the memory with the gated delta rule (Eq. 5).

    .. math:: S_t = \alpha_t \odot (S_{t-1} - \beta_t \odot (S_{t-1} K_t) K_t^\top) + \beta_t \odot V_t K_t^\top

    The values stored under the new keys are erased before the new values are written: ``beta`` sets the share that is
    erased and replaced, and ``alpha`` sets how much of the rest survives.

    Args:
        state: memory :math:`S_{t-1}`, ``(B, V, K)``.
        key: keys of the frame, ``(B, K, L)``; ``beta`` times the largest eigenvalue of ``key @ key.mT`` must stay
            below 2, or the memory grows without bound.
        value: values of the frame, ``(B, V, L)``.
        alpha: survival of the old memory in ``[0, 1]`` (1 keeps all), broadcastable to ``(B, V, K)``.
        beta: writing strength in ``[0, 1]`` (0 writes nothing), broadcastable to ``(B, V, K)``.

    Returns:
        The new memory :math:`S_t`, ``(B, V, K)``.

    Example:
        >>> import torch
        >>> key, value = torch.eye(4).expand(1, 4, 4), torch.randn(1, 3, 4)
        >>> full = torch.ones(1, 1, 1)
        >>> state = gated_delta_update(torch.randn(1, 3, 4), key, value, alpha=full, beta=full)
        >>> torch.allclose(read_memory(state, key), value, atol=1e-6)   # a full write is recalled exactly
        True
    """
    recalled = state @ key  # (B, V, L)  the values stored under these keys
    erased = beta * (recalled @ key.mT)  # (B, V, K)
    written = beta * (value @ key.mT)  # (B, V, K)
    return alpha * (state - erased) + written


def update_memory(state: Tensor, key: Tensor, value: Tensor, alpha: Tensor, beta: Tensor, rule: str) -> Tensor:
    """Write one frame with a rule of Table 4, the gated delta rule with terms omitted, or with its successor.

    ==============  =========================================================
    ``rule``        recurrence
    ==============  =========================================================
    additive        ``S + V K'`` (Eq. 3, "Baseline")
    overwrite       ``S - (S K) K' + V K'`` ("Sanity Check")
    write_gate      ``S - beta (S K) K' + beta V K'`` (Eq. 4, "w/o alpha")
    decay           ``alpha S + V K'`` ("w/o beta")
    gated_delta     ``alpha (S - beta (S K) K') + beta V K'`` (Eq. 5, "GDR")
    orthogonal      the same, then :func:`~gdkvm_monai.networks.layers.orthogonalize`
    ==============  =========================================================

    Args:
        state: memory, ``(B, V, K)``.
        key: keys of the frame, ``(B, K, L)``.
        value: values of the frame, ``(B, V, L)``.
        alpha: survival in ``[0, 1]``, broadcastable to ``(B, V, K)``; unused by the first three rules.
        beta: writing strength in ``[0, 1]``, broadcastable to ``(B, V, K)``; unused by ``additive``, ``overwrite``,
            and ``decay``.
        rule: one of :data:`UPDATE_RULES`.

    Returns:
        The new memory, ``(B, V, K)``.

    Raises:
        ValueError: if ``rule`` is unknown.
    """
    full = torch.ones_like(state)
    if rule == "additive":
        return state + value @ key.mT
    if rule == "overwrite":
        return gated_delta_update(state, key, value, full, full)
    if rule == "write_gate":
        return gated_delta_update(state, key, value, full, beta)
    if rule == "decay":
        return alpha * state + value @ key.mT
    if rule == "gated_delta":
        return gated_delta_update(state, key, value, alpha, beta)
    if rule == "orthogonal":
        return orthogonalize(gated_delta_update(state, key, value, alpha, beta))
    raise ValueError(
        f"update rule '{rule}' is unknown; "
        "choose additive, overwrite, write_gate, decay, gated_delta, or orthogonal."
    )
