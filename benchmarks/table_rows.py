"""The rows of the papers' tables as recipes after ``train.json`` and the overlays of a GDKVM.

Every row trains from scratch with one learning rate for the whole network, so that they differ in the network only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        label: name in the table.
        overlays: config files of the row.
        changes: overrides of the row.
        cited: the paper's own score, which was obtained on other data or with another network.
    """

    label: str
    overlays: Sequence[str] = ()
    changes: Sequence[str] = ()
    cited: str = ""

    @property
    def run(self) -> str:
        """Name of the folder of a training; rows of several tables with the same recipe share it."""
        parts = [name.removesuffix(".yaml") for name in self.overlays]
        return " ".join([*parts, *(change.rpartition("=")[2] for change in self.changes)])

    @property
    def recipe(self) -> tuple[Sequence[str], Sequence[str]]:
        """Overlays and overrides."""
        return self.overlays, list(self.changes)


def gdkvm(label: str, rule: str, fusion: str = "kpff", key_norm: str = "frobenius", cited: str = "") -> Row:
    """Return a row of the light GDKVM, with the record of its memory."""
    options = {"update_rule": rule, "fusion": fusion, "key_norm": key_norm}
    changes = [f"--network_def#{name}={value}" for name, value in options.items()]
    return Row(label, ("memory_curves.yaml",), changes, cited)


RULES = {
    "additive": ("Baseline", "93.30"),
    "overwrite": ("Sanity check", "74.68"),
    "write_gate": ("w/o alpha", "94.57"),
    "decay": ("w/o beta", "94.26"),
    "gated_delta": ("GDR", "95.11"),
    "orthogonal": ("orthogonal", ""),
}
"""Table 4 and the rule of the paper's successor: name and mDice on CAMUS in percent."""

VIVIM = {"basic": "81.44", "C1": "81.59", "C2": "82.13", "C3": "82.59", "full": "83.24"}
"""Table III of Vivim: Dice on thyroid clips in percent."""

TABLES: dict[str, list[Row]] = {
    "table3": [
        gdkvm("LKVA", "additive", "none", cited="93.10"),
        gdkvm("LKVA, GDR", "gated_delta", "none", cited="94.49"),
        gdkvm("LKVA, KPFF", "additive", cited="93.30"),
        gdkvm("LKVA, GDR, KPFF", "gated_delta", cited="95.11"),
    ],
    "table4": [
        gdkvm(f"{name}, {keys} keys", rule, key_norm=key_norm, cited=cited if key_norm == "none" else "")
        for key_norm, keys in (("frobenius", "normalized"), ("none", "literal"))
        for rule, (name, cited) in RULES.items()
    ],
    "vivim": [
        Row(f"Vivim, {ablation}", ("vivim.yaml",), [f"--network_def#ablation={ablation}"], cited)
        for ablation, cited in VIVIM.items()
    ],
    "baselines": [
        gdkvm("GDKVM, light", "gated_delta"),
        Row("space-time memory", ("space_time_memory.yaml",)),
        Row("ConvLSTM U-Net", ("conv_lstm_unet.yaml",)),
        Row("U-Net", ("unet.yaml",)),
        Row("SegResNet", ("segresnet.yaml",)),
        Row("DynUNet", ("dynunet.yaml",)),
        Row("Swin UNETR", ("swin_unetr.yaml",)),
        Row("Vivim, C3", ("vivim.yaml",), ["--network_def#ablation=C3"]),
    ],
}
