"""ED/ES pairs for the tests of moving clips: a drawn heart, and real patients."""

from __future__ import annotations

from pathlib import Path

import torch

from gdkvm_monai.transforms import LoadImageClipd


def drawn_pair(size: int = 64) -> dict[str, torch.Tensor]:
    """A heart of ellipses with a textured image, ``(1, size, size, 2)``: the cavity shrinks, and the atrium grows."""
    across, depth = torch.meshgrid(*[(torch.arange(size) + 0.5) / size] * 2, indexing="ij")
    texture = torch.rand(size, size, generator=torch.Generator().manual_seed(0))
    images, labels = [], []
    for half, base in ((0.13, 0.62), (0.09, 0.56)):
        label = torch.zeros(size, size)
        label[((across - 0.5) / 0.12) ** 2 + ((depth - base) / 0.22) ** 2 < 1] = 3
        above = depth < base
        label[(((across - 0.5) / 0.19) ** 2 + ((depth - base) / 0.5) ** 2 < 1) & above] = 2
        label[(((across - 0.5) / half) ** 2 + ((depth - base) / 0.42) ** 2 < 1) & above] = 1
        labels.append(label)
        images.append((0.2 + 0.4 * (label == 2) + 0.1 * (label == 0)) * (0.5 + texture))
    return {"image": torch.stack(images, -1)[None], "label": torch.stack(labels, -1)[None]}


def real_pair(root: Path, patient: int, size: int = 128) -> dict[str, torch.Tensor]:
    """ED and ES of a patient of CAMUS as training sees them."""
    stem = f"{root}/camus/database_nifti/patient{patient:04d}/patient{patient:04d}_4CH_"
    frames = [
        LoadImageClipd(["image", "label"])({"image": f"{stem}{p}.nii.gz", "label": f"{stem}{p}_gt.nii.gz"})
        for p in ("ED", "ES")
    ]
    item = {key: torch.cat([torch.as_tensor(frame[key]) for frame in frames], -1).float() for key in ("image", "label")}
    sizes = {"image": {"mode": "area"}, "label": {"mode": "nearest-exact"}}
    for key, options in sizes.items():
        resized = torch.nn.functional.interpolate(item[key].movedim(-1, 0), size=(size, size), **options)
        item[key] = resized.movedim(0, -1)
    return {**item, "image": item["image"] / 255}
