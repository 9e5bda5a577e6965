"""Where the bundle's configs lie."""

from __future__ import annotations

import sys
from os import PathLike
from pathlib import Path

__all__ = ["bundle_dir", "find_config"]


def bundle_dir() -> Path:
    """The folder with ``configs/inference.json``: the repository's, an exported bundle's, or the installed one.

    Raises:
        FileNotFoundError: when there is none.
    """
    package = Path(__file__).resolve().parents[1]
    places = (package.parent / "bundle", package.parent, Path(sys.prefix) / "share" / "gdkvm_monai" / "bundle")
    for place in places:
        if (place / "configs" / "inference.json").is_file():
            return place
    raise FileNotFoundError(f"no bundle with configs/inference.json in {', '.join(map(str, places))}; reinstall.")


def find_config(name: str | PathLike[str]) -> Path:
    """A config file, given by its path or by its name in the bundle's ``configs``.

    Raises:
        FileNotFoundError: when it is neither.
    """
    for path in (Path(name), bundle_dir() / "configs" / name):
        if path.is_file():
            return path
    raise FileNotFoundError(f"config {name} is neither a file nor in {bundle_dir() / 'configs'}; check the name.")
