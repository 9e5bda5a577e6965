"""The bundle's first page on Hugging Face: its document, with the license of its weights."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from gdkvm_monai.networks.card import ModelCard

__all__ = ["front_matter", "write_readme"]

CODE_LICENSE = "apache-2.0"
LICENSES = {"CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0", "Apache-2.0": CODE_LICENSE}
"""Hugging Face's identifiers, by how the license of a card begins."""


def write_readme(bundle: Path, card: ModelCard | None) -> None:
    """Write ``README.md`` for Hugging Face: ``docs/README.md`` with front matter.

    Args:
        bundle: folder with ``docs``.
        card: of the weights; ``None`` if there are no weights.
    """
    text = (bundle / "docs" / "README.md").read_text()
    text = re.sub(r"\]\((?!http|\.\./)", "](docs/", text).replace("](../", "](")
    (bundle / "README.md").write_text(f"---\n{front_matter(card)}---\n\n{text}")


def front_matter(card: ModelCard | None) -> str:
    """YAML that Hugging Face reads; the license is that of the weights, because it is the stricter one.

    Example:
        >>> print(front_matter(ModelCard(license="CC BY-NC-SA 4.0, non-commercial")).splitlines()[0])
        license: cc-by-nc-sa-4.0
    """
    entries: dict[str, object] = {"license": CODE_LICENSE}
    if card is not None:
        known = [name for start, name in LICENSES.items() if card.license.startswith(start)]
        entries = {"license": known[0]} if known else {"license": "other", "license_name": card.license}
    entries |= {"library_name": "monai", "tags": ["monai", "medical", "echocardiography", "ultrasound"]}
    return yaml.safe_dump(entries, sort_keys=False, width=1000)
