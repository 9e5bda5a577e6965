"""The network of a bundle as TorchScript or ``torch.export``, for systems that build no network from a config."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai.bundle import ConfigParser
from monai.utils import look_up_option

from gdkvm_monai.export.formats import export_network, open_export
from gdkvm_monai.export.parity import largest_difference
from gdkvm_monai.networks.checkpoint import load_weights
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["NETWORK_FILES", "check_formats", "write_networks"]

NETWORK_FILES = {"torchscript": "model.ts", "torch_export": "model.pt2"}
"""File in ``models`` of each format: MONAI Deploy reads the first; MONAI's bundle format moves to the second."""

TOLERANCE = 1e-4
FRAMES = 3


def check_formats(formats: Sequence[str], has_weights: bool) -> None:
    """Refuse unknown formats, and formats without weights in the bundle."""
    for format in formats:
        look_up_option(format, NETWORK_FILES.keys())
    if formats and not has_weights:
        raise ValueError(f"formats are {', '.join(formats)}, but the bundle gets no weights; include the weights.")


def write_networks(bundle: Path, formats: Sequence[str]) -> None:
    """Write the network of ``configs/inference.json`` with ``models/model.pt``, a whole clip in each format.

    Args:
        bundle: folder with ``configs`` and ``models``.
        formats: names in :data:`NETWORK_FILES`.

    Raises:
        ValueError: if the network is no GDKVM, or a written file differs from it in a logit by more than 1e-4.
    """
    if not formats:
        return
    parser = ConfigParser(ConfigParser.load_config_file(bundle / "configs" / "inference.json"))
    network, size = parser.get_parsed_content("network_def").eval(), tuple(parser["frame_size"])
    if not isinstance(network, GDKVM):
        raise ValueError(f"the network is a {type(network).__name__}, expected a GDKVM; export without formats.")
    load_weights(network, bundle / "models" / "model.pt")
    for format in formats:
        path = bundle / "models" / NETWORK_FILES[format]
        export_network(network, path, format, "clip", size)
        shape = (1, network.in_channels, *size, FRAMES)
        difference = largest_difference(network, open_export(path, format), "clip", shape)
        if not difference <= TOLERANCE:  # also NaN
            raise ValueError(f"{path.name} differs from the network by {difference:.1e}, expected at most {TOLERANCE}.")
