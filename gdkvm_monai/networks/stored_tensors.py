"""What a file of weights must not contain, although torch reads it: bombs, and tensors without usable values."""

from __future__ import annotations

import zipfile
from pathlib import Path

import torch
from torch import Tensor

__all__ = ["check_stored_size", "fault_of_tensor"]


def check_stored_size(path: Path) -> None:
    """Refuse a file whose entries are larger than the file, before any of them is read.

    ``torch.save`` stores its entries uncompressed, so a larger entry is compressed or its size is false.

    Raises:
        ValueError: if the directory of the file claims more bytes than the file has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return  # torch's earlier format, which holds the values themselves, or a damaged file
    if claimed > path.stat().st_size:
        raise ValueError(
            f"{path} has {path.stat().st_size} bytes and claims {claimed} bytes of weights; "
            "torch.save stores them uncompressed, so save the state dict with it again."
        )


def fault_of_tensor(value: Tensor) -> str:
    """Describe why a tensor cannot be a weight; empty if it can.

    Example:
        >>> fault_of_tensor(torch.tensor([1.0, float("nan")])), fault_of_tensor(torch.ones(1).expand(9))
        ('has values that are not finite', 'claims 9 values and stores 1')
    """
    if value.is_meta:
        return "has a shape and no values"
    if value.layout != torch.strided or value.is_nested:
        return "is sparse or nested"
    stored = value.untyped_storage().nbytes() // value.element_size()
    if value.numel() > stored:
        return f"claims {value.numel()} values and stores {stored}"
    if value.is_floating_point() and not value.float().isfinite().all():
        return "has values that are not finite"
    return ""
