"""Write a self-contained bundle as the zoo wants it: configs, documents, weights, and the code of the package."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
import yaml
from monai.bundle import ConfigParser

import gdkvm_monai
from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.files import atomic_folder, file_sha256, write_json
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.checkpoint import load_weights, read_checkpoint

__all__ = ["export_bundle", "too_large_for_the_zoo", "zip_bundle"]

PACKAGE = Path(gdkvm_monai.__file__).resolve().parent
ROOT = PACKAGE.parent
NAME = "echo_video_gdkvm_segmentation"
INDENT = 4  # of the configs
ZOO_FILE_LIMIT = 25 * 2**20  # bytes of a file in a pull request to the model zoo
IGNORED = shutil.ignore_patterns("__pycache__", "*.py[co]", ".*", "models", "eval", "large_files.*")


def export_bundle(
    out: Path,
    name: str = NAME,
    weights: Path | None = None,
    weights_url: str | None = None,
    overlays: Sequence[str | Path] = (),
    overwrite: bool = False,
) -> Path:
    """Write the bundle ``out/name``, which needs no installed ``gdkvm_monai``.

    Args:
        out: folder for the bundle; made where it is missing.
        name: lowercase identifier that ends with ``_segmentation``, by which MONAI Label knows the task.
        weights: checkpoint for ``models/model.pt``. It must fit the exported network exactly. A ``model.json`` beside
            it (:class:`~gdkvm_monai.handlers.WeightsCard`) goes with it.
        weights_url: https address where ``models/model.pt`` will lie. The file is then left out and listed with its
            SHA-256 in ``large_files.yml``, as the model zoo wants files above 25 MB.
        overlays: config files, or names in ``bundle/configs``, that become part of ``train.json`` and, as far as they
            concern ids of ``inference.json``, of that; those of ``bundle/configs`` are not exported beside them.
        overwrite: replace an older export of the same name.

    Returns:
        The folder of the bundle. Nothing is written there when an error is raised.

    Raises:
        FileExistsError: when the folder is not empty and ``overwrite`` is false, or is not a bundle.
        ValueError: for a wrong name, versions that contradict each other, or weights of another network.
    """
    check_name(name)
    check_version(ROOT)
    if weights_url is not None and (weights is None or not weights_url.startswith("https://")):
        raise ValueError(
            f"weights_url is {weights_url!r}; give an https:// address, and the weights for their SHA-256."
        )
    target = Path(out) / name
    check_target(target, overwrite)
    with atomic_folder(target, overwrite=True) as bundle:
        shutil.copytree(ROOT / "bundle", bundle, ignore=IGNORED)
        shutil.copytree(PACKAGE, bundle / PACKAGE.name, ignore=IGNORED)
        for overlay in overlays:
            bake(bundle / "configs", overlay)
        describe_network(bundle / "configs")
        if weights is not None:
            write_weights(bundle, Path(weights), weights_url)
        sort_imports(bundle / PACKAGE.name)
    return target


def check_name(name: str) -> None:
    """Refuse names that the zoo or MONAI Label would misread."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*_segmentation", name) or re.search(r"_v\d", name):
        raise ValueError(
            f"name is {name!r}; use lowercase letters, digits and underscores, an ending of '_segmentation', "
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
    """Refuse to replace anything but an older bundle, and that only on request."""
    if not target.exists() or target.is_dir() and not any(target.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{target} is not empty; remove it, or set overwrite to replace it.")
    if not (target / "configs" / "metadata.json").is_file():
        raise FileExistsError(f"{target} is not a bundle and is left as it is; choose another folder.")


def sort_imports(package: Path) -> None:
    """Sort imports as the zoo's isort does, which does not know the package as its own."""
    try:
        import isort
    except ImportError as error:
        raise ModuleNotFoundError(f"an export needs isort; install it: {INSTALL.format('dev')}.") from error
    config = isort.Config(profile="black", line_length=120, known_third_party=frozenset({PACKAGE.name}), quiet=True)
    for path in package.rglob("*.py"):
        isort.file(path, config=config)


def bake(configs: Path, overlay: str | Path) -> None:
    """Make an overlay part of ``train.json`` and, as far as it concerns ids of ``inference.json``, of that."""
    path = Path(overlay) if Path(overlay).is_file() else ROOT / "bundle" / "configs" / overlay
    if not path.is_file():
        raise FileNotFoundError(f"overlay {overlay} does not exist; give a file, or a name in bundle/configs.")
    try:
        changes = ConfigParser.load_config_file(path)
    except yaml.YAMLError as error:
        raise ValueError(f"overlay {path} cannot be read as YAML: {error}; correct it.") from error
    if not isinstance(changes, dict):
        raise ValueError(f"overlay {path} holds no ids with values; write for example 'frame_size: [96, 96]'.")
    for name in ("train.json", "inference.json"):
        config, part = ConfigParser.load_config_file(configs / name), configs / "part.json"
        write_json(
            part, {key: changes[key] for key in changes if name == "train.json" or root_id(key) in config}, INDENT
        )
        write_json(configs / name, ConfigParser.load_config_files([configs / name, part]), INDENT)
        part.unlink()
    if path.resolve().parent == ROOT / "bundle" / "configs":
        (configs / path.name).unlink(missing_ok=True)  # read a second time, its "+" entries would be added twice


def root_id(key: str) -> str:
    """First part of the id of a config entry.

    >>> root_id("+network_def#width"), root_id("frame_size")
    ('network_def', 'frame_size')
    """
    return re.split("#|::", key.removeprefix("+"))[0]


def describe_network(configs: Path) -> None:
    """Say in the metadata which clips the exported network is made for."""
    metadata, train = (json.loads((configs / name).read_text()) for name in ("metadata.json", "train.json"))
    image, pred = (metadata["network_data_format"][end] for end in ("inputs", "outputs"))
    if len(pred["pred"]["channel_def"]) != train["num_classes"]:
        raise ValueError(
            f"num_classes is {train['num_classes']}, but metadata.json names the structures of "
            f"{len(pred['pred']['channel_def'])}; name those of this network in channel_def."
        )
    shape = [*train["frame_size"], train["num_frames"]]
    image["image"]["spatial_shape"] = pred["pred"]["spatial_shape"] = shape
    write_json(configs / "metadata.json", metadata, INDENT)


def write_weights(bundle: Path, weights: Path, url: str | None) -> None:
    """Put a checkpoint that fits the network into the bundle, or its address and hash."""
    path = bundle / "models" / "model.pt"
    path.parent.mkdir()
    torch.save(read_weights(weights, bundle / "configs" / "inference.json"), path)
    card = read_card(weights)
    if card is not None:
        replace(card, weights_sha256=file_sha256(path)).write(path.with_suffix(".json"))
    if url is not None:
        entry = {"path": "models/model.pt", "url": url, "hash_val": file_sha256(path), "hash_type": "sha256"}
        (bundle / "large_files.yml").write_text(yaml.safe_dump({"large_files": [entry]}, sort_keys=False))
        path.unlink()


def read_weights(weights: Path, config: Path) -> dict[str, torch.Tensor]:
    """Plain state of the network that a config defines, from a checkpoint that fits it."""
    network = ConfigParser(ConfigParser.load_config_file(config)).get_parsed_content("network_def")
    load_weights(network, weights, remedy="export with the overlays that they were trained with")
    state = read_checkpoint(weights)
    if not all(value.isfinite().all() for value in state.values()):
        raise ValueError(f"weights {weights} hold values that are not finite; export another checkpoint.")
    return {key: value.detach().clone(memory_format=torch.contiguous_format) for key, value in state.items()}


def zip_bundle(bundle: Path) -> Path:
    """Zip a bundle as MONAI downloads it: ``<name>_v<version>.zip`` beside it, holding the one folder ``<name>``.

    The same files give the same bytes: sorted, with one fixed date and mode.
    """
    version = json.loads((bundle / "configs" / "metadata.json").read_text())["version"]
    path = bundle.with_name(f"{bundle.name}_v{version}.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(file for file in bundle.rglob("*") if file.is_file()):
            info = zipfile.ZipInfo(file.relative_to(bundle.parent).as_posix())  # dated 1980
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    return path


def too_large_for_the_zoo(bundle: Path) -> list[Path]:
    """Files of a bundle that a pull request to the model zoo must not hold."""
    return [file for file in sorted(bundle.rglob("*")) if file.stat().st_size > ZOO_FILE_LIMIT]
