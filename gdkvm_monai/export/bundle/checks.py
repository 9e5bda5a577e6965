"""Checks before a bundle is written: its name, its versions, and its folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import gdkvm_monai

__all__ = ["check_name", "check_target", "check_version"]


def check_name(name: str) -> None:
    """Refuse names that the zoo or MONAI Label would misinterpret."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*_segmentation", name) or re.search(r"_v\d", name):
        raise ValueError(
            f"name is {name!r}; use lowercase letters, digits, and underscores, an ending of '_segmentation', "
            "and no version such as '_v1'."
        )


def check_version(root: Path) -> None:
    """Refuse a source tree whose package, metadata and changelog name different versions."""
    path = root / "bundle" / "configs" / "metadata.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; export from a checkout of the sources (pip install -e .).")
    metadata, version = json.loads(path.read_text()), gdkvm_monai.__version__
    if metadata["version"] != version or version not in metadata["changelog"]:
        raise ValueError(f"the package is {version}; make it the version and an entry of the changelog in {path}.")
    if f"## {version}" not in (line.strip() for line in (root / "CHANGELOG.md").read_text().splitlines()):
        raise ValueError(f"the package is {version}; describe this version under '## {version}' in CHANGELOG.md.")


def check_target(target: Path, overwrite: bool) -> None:
    """Refuse to replace anything but an older bundle, which is replaced only on request."""
    if not target.exists() or target.is_dir() and not any(target.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{target} is not empty; remove it, or set overwrite to replace it.")
    if not (target / "configs" / "metadata.json").is_file():
        raise FileExistsError(f"{target} is not a bundle and is left as it is; choose another folder.")
