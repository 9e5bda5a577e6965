"""``inference.json`` with overlays, and the parts that it builds, with errors in one sentence."""

from __future__ import annotations

from collections.abc import Container, Sequence
from os import PathLike
from pathlib import Path

from monai.bundle import ConfigParser
from monai.bundle.utils import merge_kv
from monai.utils import ensure_tuple

from gdkvm_monai.configs.errors import explain
from gdkvm_monai.configs.ids import check_ids
from gdkvm_monai.configs.location import bundle_dir, find_config
from gdkvm_monai.configs.references import root_id

__all__ = ["build_parts", "changes_for", "inference_files", "read_inference_config", "set_weights"]


def inference_files(overlays: str | PathLike | Sequence[str | PathLike] = ()) -> list[Path]:
    """Return the path of ``inference.json``, followed by those of overlays on it.

    An overlay may also be one that a network was trained with, which changes ``train.json``, too.

    Args:
        overlays: files, or names in the bundle's ``configs``.

    Raises:
        FileNotFoundError: if an overlay does not exist.
        ValueError: if an overlay cannot be read, or one of its IDs has no effect in either config.
    """
    configs = bundle_dir() / "configs"
    files = [configs / "inference.json", *map(find_config, ensure_tuple(overlays))]
    if len(files) > 1:
        check_ids([configs / "train.json", *files], configs=2)
    return files


def read_inference_config(files: Sequence[Path]) -> ConfigParser:
    """Merge overlays into ``inference.json``, except what they change only in ``train.json``.

    Args:
        files: the files from :func:`inference_files`.
    """
    config, train = (
        ConfigParser(ConfigParser.load_config_file(file))
        for file in (files[0], bundle_dir() / "configs" / "train.json")
    )
    for file in files[1:]:
        for name, value in changes_for(config, train, file).items():
            merge_kv(config, name, value)
    return config


def set_weights(config: ConfigParser, weights: Path) -> None:
    """Let a config read the model card beside a checkpoint.

    Args:
        config: parser of ``inference.json``.
        weights: checkpoint; its path becomes absolute, so that no file name can be read as an expression.
    """
    config["checkpoint"] = str(weights.absolute())


def changes_for(config: Container[str], other: Container[str], overlay: Path) -> dict[str, object]:
    """Return what an overlay on ``train.json`` and ``inference.json`` changes in one of the two configs.

    Args:
        config: IDs of that config.
        other: IDs of the other one.
        overlay: overlay file.

    Returns:
        Values by ID: of IDs that the config has, and of new ones.
    """
    changes = ConfigParser.load_config_file(overlay).items()
    return {name: value for name, value in changes if root_id(name) in config or root_id(name) not in other}


def build_parts(config: ConfigParser, names: Sequence[str], source: str) -> list:
    """Build parts of a config.

    Args:
        config: parser of ``inference.json`` with overlays.
        names: IDs of the parts.
        source: what the config comes from, for the error message.

    Raises:
        ValueError: if a part cannot be built; the message gives the root cause.
    """
    try:
        return [config.get_parsed_content(name) for name in names]
    except Exception as error:  # a config may name any class, which may raise any error
        raise ValueError(f"{source} does not describe a pipeline that can be built: {explain(error)}") from error
