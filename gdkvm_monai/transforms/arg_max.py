"""The most likely class of every pixel."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from monai.transforms import MapTransform

__all__ = ["ArgMaxd"]


class ArgMaxd(MapTransform):
    """Replace logits or probabilities ``(N, ...)`` by class indices ``(1, ...)``, int32.

    The same indices as ``AsDiscreted(argmax=True)``, which calls ``torch.argmax``: on a CPU, that takes eight times as
    long over a first axis of few classes (``python benchmarks/end_to_end.py``). Of equal values, the first counts.
    MONAI Label cannot write masks in int64.

    Example:
        >>> import torch
        >>> ArgMaxd("pred")({"pred": torch.tensor([[0.1, 2.0], [0.7, 2.0]])})["pred"].tolist()
        [[1, 0]]
    """

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = item[key].max(dim=0, keepdim=True).indices.int()
        return item
