"""Your own data, listed in a JSON file in the format of MONAI's datalists."""

from __future__ import annotations

from pathlib import Path

from monai.config import PathLike
from monai.data import load_decathlon_datalist

__all__ = ["clip_datalist"]


def clip_datalist(root_dir: PathLike, section: str = "training", datalist: PathLike = "datalist.json") -> list[dict]:
    """Read a section of a datalist and check that its files exist.

    Args:
        root_dir: folder that paths are relative to.
        section: key of the list, for example ``"training"``, ``"validation"``, or ``"testing"``.
        datalist: JSON file, relative to ``root_dir`` or absolute. Each item has ``image`` (one file, or one per frame)
            and, if annotated, ``label``. Optional keys are ``label_frames`` (0-based, the annotated frames),
            ``patient``, ``view``, ``ed_frame``, and ``es_frame``.

    Returns:
        The items with absolute paths; an item without ``patient`` counts as a separate patient.

    Raises:
        FileNotFoundError: if the datalist or a listed file is missing.
        ValueError: if the section is missing or empty, or an item has no ``image``.
    """
    path = Path(root_dir) / datalist
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist; write a JSON with lists of {{'image': ..., 'label': ...}} items."
        )
    try:
        items = load_decathlon_datalist(path, True, section, Path(root_dir))
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path} has no list {section!r}; add it or choose another section.") from error
    if not items:
        raise ValueError(f"{path}: the list {section!r} is empty; add items or choose another section.")
    for number, item in enumerate(items):
        if "image" not in item:
            raise ValueError(f"{path}: item {number} of {section!r} has no 'image'; name its file or files.")
        item.setdefault("patient", f"item{number:04d}")
        item.setdefault("view", "unknown")
        for key in ("image", "label"):
            for name in _as_list(item.get(key, [])):
                if not Path(name).exists():
                    raise FileNotFoundError(f"{path}: item {number} of {section!r} names {name}, which does not exist.")
    return items


def _as_list(value: object) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]
