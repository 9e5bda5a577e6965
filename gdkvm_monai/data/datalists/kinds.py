"""Recognition of a data set by its files, so that the config of another one can be named."""

from __future__ import annotations

from pathlib import Path

__all__ = ["advise_config"]

ECHONET = ("FileList.csv", "VolumeTracings.csv")
CAMUS = ("database_nifti", "database_split", "patient[0-9]*")


def advise_config(root: Path, expected: str) -> str | None:
    """Name the config for the data set in a folder in one sentence; ``None`` if it may be the expected one.

    Args:
        root: folder of a data set.
        expected: ``"CAMUS"`` or ``"EchoNet-Dynamic"``, which the config reads.
    """
    is_echonet = any((root / name).is_file() for name in ECHONET)
    is_camus = any(next(root.glob(pattern), None) is not None for pattern in CAMUS)
    if expected == "CAMUS" and is_echonet and not is_camus:
        return (
            f"{root} holds EchoNet-Dynamic, but the config reads CAMUS; "
            "add bundle/configs/echonet.yaml to the config files."
        )
    if expected == "EchoNet-Dynamic" and is_camus and not is_echonet:
        return (
            f"{root} holds CAMUS, but echonet.yaml reads EchoNet-Dynamic; leave echonet.yaml out for half sequences, "
            "or replace it by bundle/configs/light.yaml for ED and ES stills."
        )
    return None
