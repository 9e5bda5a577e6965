"""Writer of a self-contained bundle: configs, documents, weights, and the code that the configs import."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from monai.bundle import ConfigParser

import gdkvm_monai
from gdkvm_monai.configs import check_weights_file, find_config, released_weights
from gdkvm_monai.configs.inference import inference_files
from gdkvm_monai.export.bundle.checks import check_name, check_target, check_version
from gdkvm_monai.export.bundle.document import describe_in_document
from gdkvm_monai.export.bundle.networks import check_formats, write_networks
from gdkvm_monai.export.bundle.overlays import bake, bake_card, describe_network, write_scores
from gdkvm_monai.export.bundle.package_copy import copy_package
from gdkvm_monai.export.bundle.readme import write_readme
from gdkvm_monai.export.bundle.weights import write_weights
from gdkvm_monai.folders import atomic_folder
from gdkvm_monai.networks.card import ModelCard, read_card

__all__ = ["NAME", "export_bundle"]

PACKAGE = Path(gdkvm_monai.__file__).resolve().parent
ROOT = PACKAGE.parent
NAME = "echo_video_gdkvm_segmentation"
NETWORKS = ("unet_memory_network.yaml", "light_network.yaml")
"""Overlays of the networks of the released weights, of which the first is that of ``model.pt``."""

WRITTEN = ("eval", "inference", "training", "replaced", "checkpoint*.pt")
"""What runs in the bundle's own folder leave there."""

IGNORED = shutil.ignore_patterns("__pycache__", "*.py[co]", ".*", "models", "large_files.*", *WRITTEN)


def export_bundle(
    out: Path,
    name: str = NAME,
    weights: Path | None = None,
    weights_url: str | None = None,
    overlays: Sequence[str | Path] | None = None,
    overwrite: bool = False,
    formats: Sequence[str] = (),
) -> Path:
    """Write the bundle ``out/name``, which runs without an installed ``gdkvm_monai``.

    It contains the modules of the package that its configs import, directly or indirectly.

    Args:
        out: folder for the bundle; created if needed.
        name: lowercase identifier ending in ``_segmentation``, from which MONAI Label infers the task.
        weights: checkpoint for ``models/model.pt``, which must fit the exported network exactly. A model card
            ``model.json`` beside it is exported, too, and its network takes precedence over the configs. By default
            the released weights; none if there are ``overlays``.
        weights_url: https address of ``models/model.pt``. The file itself is then left out and listed with its SHA-256
            in ``large_files.yml``, as the model zoo requires for files above 25 MB.
        overlays: config files, or names in ``bundle/configs``, to merge into ``train.json`` and, for ids that it has,
            into ``inference.json``; merged files of ``bundle/configs`` are not exported separately. By default
            that of the network that the card describes, if it is one of the released ones.
        overwrite: replace an older export of the same name.
        formats: also write the network with its weights as ``models/model.ts`` (``torchscript``, for MONAI Deploy) or
            ``models/model.pt2`` (``torch_export``).

    Returns:
        The folder of the bundle. Nothing is written if an error is raised.

    Raises:
        FileNotFoundError: if an overlay or the weights do not exist.
        FileExistsError: if the folder is not empty and ``overwrite`` is false, or is not a bundle.
        ValueError: for a wrong name, versions that contradict each other, or weights of another network.
    """
    check_name(name)
    check_version(ROOT)
    target = Path(out) / name
    check_target(target, overwrite)
    if overlays is None:
        weights = weights or released_weights()
    if weights is not None:
        check_weights_file(weights)
    card = read_card(weights) if weights is not None else None
    files = inference_files(_default_overlays(card) if overlays is None else overlays)[1:]
    if weights_url is not None and (weights is None or not weights_url.startswith("https://")):
        raise ValueError(
            f"weights_url is {weights_url!r}; give an https:// address, and the weights for their SHA-256."
        )
    check_formats(formats, weights is not None and weights_url is None)
    with atomic_folder(target, overwrite=True) as bundle:
        shutil.copytree(ROOT / "bundle", bundle, ignore=IGNORED)
        for overlay in files:
            bake(bundle / "configs", overlay, ROOT / "bundle" / "configs")
        if card is not None:
            bake_card(bundle / "configs", card)
        describe_network(bundle / "configs")
        if weights is not None:
            write_weights(bundle, Path(weights), card, weights_url)
            write_networks(bundle, formats)
            card = card or ModelCard()
        write_scores(bundle / "configs", card)
        describe_in_document(bundle, card)
        write_readme(bundle, card)
        copy_package(PACKAGE, bundle)
    return target


def _default_overlays(card: ModelCard | None) -> list[str]:
    """Return the overlay of the released network with the backbone that a card describes, by default the first."""
    if card is None or not card.describes_network:
        return [NETWORKS[0]]
    configs = {name: ConfigParser.load_config_file(find_config(name)) for name in NETWORKS}
    backbone = card.network_options.get("backbone")
    return [name for name, config in configs.items() if config["network_def#backbone"] == backbone]
