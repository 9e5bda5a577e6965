"""The built-in default: phantoms, generated on demand and read like CAMUS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai.config import PathLike

from gdkvm_monai.data.datalists.camus import CamusItem, camus_datalist
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from gdkvm_monai.labels import VIEWS

__all__ = ["phantom_datalist"]


def phantom_datalist(
    root_dir: PathLike,
    section: str = "training",
    views: Sequence[str] = VIEWS,
    clips: str = "half_sequence",
    generate: bool = True,
    num_patients: tuple[int, int, int] = (40, 8, 8),
    size: tuple[int, int] = (256, 256),
    seed: int = 0,
) -> list[CamusItem]:
    """Generate missing phantoms in the layout of CAMUS, and list a section of them.

    Args:
        root_dir: folder for the phantoms; complete patients are not written again.
        section: see :func:`~gdkvm_monai.data.camus_datalist`, also for ``views``, ``clips``, and the returned items.
        views: see ``section``.
        clips: see ``section``.
        generate: whether to generate missing phantoms; if false, they must exist.
        num_patients: numbers of patients for training, validation, and testing.
        size: height and width in pixels.
        seed: the same seed gives the same bytes.

    Raises:
        FileNotFoundError: if ``generate`` is false and the phantoms are missing.
        ValueError: if the folder holds phantoms with other settings, or other data.
    """
    if generate:
        write_camus_phantom(root_dir, PhantomSettings(num_patients, size, seed))
    elif not (Path(root_dir) / "phantom.json").is_file():
        raise FileNotFoundError(f"{root_dir} holds no phantoms; set generate=True to write them.")
    return camus_datalist(root_dir, section, views, clips)
