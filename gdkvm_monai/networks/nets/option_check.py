"""Which options of GDKVM go together."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["check_options"]

SIZES = ("in_channels", "width", "key_channels", "value_channels", "decoder_width", "chunk_size")
WITHOUT_MEMORY = {
    "key_position": False,
    "key_standardization": False,
    "write_gate": "state",
    "previous_mask": False,
    "readout_norm": "none",
}
"""Options of a memory, with the values that a network without one has."""


def check_options(options: Mapping[str, object]) -> None:
    """Refuse options of :class:`~gdkvm_monai.networks.nets.GDKVM` that contradict each other.

    Raises:
        ValueError: if a size is too small, or an option needs another one.
    """
    if options["out_channels"] < 2:
        raise ValueError(
            f"out_channels is {options['out_channels']}, expected at least 2: background and one structure."
        )
    for name in SIZES:
        if options[name] < 1:
            raise ValueError(f"{name} is {options[name]}, expected at least 1; correct it.")
    if options["update_rule"] == "none" and any(options[name] != value for name, value in WITHOUT_MEMORY.items()):
        *first, last = WITHOUT_MEMORY
        raise ValueError(f"{', '.join(first)}, and {last} need an update_rule, not 'none'; omit them.")
    if options["key_standardization"] and not options["key_position"]:
        raise ValueError("key_standardization needs key_position; set it, or omit key_standardization.")
    if options["deep_supervision"] and options["decoder"] != "light":
        raise ValueError(
            f"deep_supervision needs the light decoder, not {options['decoder']!r}; set decoder to 'light'."
        )
