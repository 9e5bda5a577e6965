"""Location of the bundle's configs and weights."""

from __future__ import annotations

import sys
from os import PathLike
from pathlib import Path

__all__ = ["bundle_dir", "check_weights_file", "find_config", "find_weights", "released_weights"]


def bundle_dir() -> Path:
    """Return the bundle folder with ``configs/inference.json``: in the repository, an exported bundle, or installed.

    Raises:
        FileNotFoundError: if there is no such folder.
    """
    package = Path(__file__).resolve().parents[1]
    places = (package.parent / "bundle", package.parent, Path(sys.prefix) / "share" / "gdkvm_monai" / "bundle")
    for place in places:
        if (place / "configs" / "inference.json").is_file():
            return place
    raise FileNotFoundError(f"no bundle with configs/inference.json in {', '.join(map(str, places))}; reinstall.")


def find_config(name: str | PathLike[str]) -> Path:
    """Find a config file by its path or by its name in the bundle's ``configs``.

    Raises:
        FileNotFoundError: if it is neither.
    """
    for path in (Path(name), bundle_dir() / "configs" / name):
        if path.is_file():
            return path
    raise FileNotFoundError(f"config {name} is neither a file nor in {bundle_dir() / 'configs'}; check the name.")


def released_weights() -> Path:
    """Return the path of the weights released with the bundle.

    Raises:
        FileNotFoundError: if the file is missing.
    """
    path = bundle_dir() / "models" / "model.pt"
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights: {path} is missing; restore it, or pass a checkpoint.")
    return path


def find_weights(name: str | PathLike[str]) -> Path:
    """Find weights by their path or by the name of released ones in the bundle's ``models``, such as ``light.pt``.

    Returns:
        The path; that given, if it is neither.
    """
    path = Path(name)
    released = bundle_dir() / "models" / path
    return released if not path.exists() and len(path.parts) == 1 and released.is_file() else path


def check_weights_file(path: str | PathLike[str]) -> None:
    """Check that weights are a file that can be opened.

    Raises:
        FileNotFoundError: if there is no such file.
        IsADirectoryError: if it is a folder.
        PermissionError: if it must not be read.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"weights {path} are a folder; pass a file in it, such as {path / 'model.pt'}.")
    if not path.is_file():
        released = ", ".join(sorted(file.name for file in (bundle_dir() / "models").glob("*.pt")))
        remedy = f"train first, or pass the path of a checkpoint or one of the released weights: {released or 'none'}"
        raise FileNotFoundError(f"weights {path} do not exist; {remedy}.")
    try:
        open(path, "rb").close()
    except PermissionError as error:
        raise PermissionError(
            f"weights {path} must not be read by this user; change the file's permissions."
        ) from error
