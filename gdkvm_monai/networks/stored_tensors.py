"""What a file of weights must not contain, although torch reads it: bombs, and tensors without usable values."""

from __future__ import annotations

import zipfile
from pathlib import Path

import torch
from torch import Tensor

__all__ = ["fault_of_file", "fault_of_storage", "fault_of_tensor"]


def fault_of_file(path: Path) -> str:
    """Describe why a file is larger than it seems, before any of its entries is read; empty if it is not.

    ``torch.save`` stores its entries uncompressed, so an entry larger than the file is compressed or its size is false.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return ""  # torch's earlier format, which holds the values themselves, or a damaged file
    size = path.stat().st_size
    return f"has {size} bytes and claims {claimed}, but torch.save does not compress" if claimed > size else ""


def fault_of_tensor(value: Tensor) -> str:
    """Describe why a tensor cannot be a weight; empty if it can.

    Example:
        >>> fault_of_tensor(torch.tensor([1.0, float("nan")])), fault_of_tensor(torch.ones(1).expand(9))
        ('has values that are not finite', 'claims 9 values and stores 1')
    """
    if fault := fault_of_storage(value):
        return fault
    if value.is_floating_point() and not value.float().isfinite().all():
        return "has values that are not finite"
    return ""


def fault_of_storage(value: Tensor) -> str:
    """Describe why a tensor does not hold the values that its shape claims; empty if it does."""
    if value.is_meta:
        return "has a shape and no values"
    if value.layout != torch.strided or value.is_nested:
        return "is sparse or nested"
    stored = value.untyped_storage().nbytes() // value.element_size()
    if value.numel() > stored:
        return f"claims {value.numel()} values and stores {stored}"
    return ""
