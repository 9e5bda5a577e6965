"""The parts of the bundle's document that depend on the exported network and weights."""

from __future__ import annotations

import re
from pathlib import Path

from monai.bundle import ConfigParser

from gdkvm_monai.networks.card import ModelCard

__all__ = ["describe_in_document", "network_paragraph"]

BACKBONES = {
    "efficientnet_lite0": "EfficientNet-Lite0",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "unet": "of MONAI's U-Net",
}
RELEASED_WEIGHTS = (
    "They are those of the released weights, which this bundle contains as long as `models/model.pt` is not replaced; "
    "`models/model.json` states what the weights were trained on."
)
OTHER_WEIGHTS = (
    "**The figures and pictures in this section are those of the project's released weights, which this bundle does "
    "not contain.** They say nothing about the weights or the network of this bundle."
)


def describe_in_document(bundle: Path, card: ModelCard | None) -> None:
    """Let ``docs/README.md`` describe the network and the weights of the bundle.

    Args:
        bundle: folder with ``configs`` and ``docs``.
        card: model card of the weights; ``None`` if there are no weights.

    Raises:
        ValueError: if the document lacks a part that has to be replaced.
    """
    path = bundle / "docs" / "README.md"
    text = _replace(path.read_text(), "network", network_paragraph(bundle / "configs" / "inference.json"), path)
    released = card is not None and card.release
    text = _replace(text, "scores", RELEASED_WEIGHTS if released else OTHER_WEIGHTS, path)
    path.write_text(text)


def network_paragraph(config: Path) -> str:
    """Return one line with the kind, backbone, size, and input of the network of a config.

    Args:
        config: path of ``inference.json``, or of another config with ``network_def`` and ``frame_size``.
    """
    parser = ConfigParser(ConfigParser.load_config_file(config))
    network = parser.get_parsed_content("network_def")
    backbone = parser["network_def"].get("backbone")
    encoder = f" with the key encoder {BACKBONES.get(backbone, backbone)}" if backbone else ""
    millions = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    rows, columns = parser["frame_size"]
    return (
        f"The network of this bundle is `{type(network).__name__}`{encoder}: {millions:.1f} M parameters, for frames "
        f"of {rows}x{columns} pixels. `network_def` in `configs/inference.json` lists its options."
    )


def _replace(text: str, part: str, content: str, path: Path) -> str:
    """Replace the text between ``<!-- part -->`` and ``<!-- end of part -->``; the comments go, too."""
    pattern = rf"<!-- {part} -->\n.*?\n<!-- end of {part} -->"
    replaced, count = re.subn(pattern, lambda _: content, text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{path} has {count} parts '<!-- {part} -->', expected one; restore it from the repository.")
    return replaced
