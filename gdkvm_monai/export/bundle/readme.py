"""The bundle's README for Hugging Face, with the license of its weights in the front matter."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from gdkvm_monai.networks.card import ModelCard

__all__ = ["front_matter", "write_readme"]

CODE_LICENSE = "apache-2.0"
LICENSES = {"CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0", "Apache-2.0": CODE_LICENSE}
"""License identifiers of Hugging Face by the beginning of a card's license."""


def write_readme(bundle: Path, card: ModelCard | None) -> None:
    """Write ``README.md`` for Hugging Face: ``docs/README.md`` with front matter.

    Args:
        bundle: folder with ``docs``.
        card: model card of the weights; ``None`` if there are no weights.
    """
    text = (bundle / "docs" / "README.md").read_text()
    text = re.sub(r"\]\((?!http|\.\./)", "](docs/", text).replace("](../", "](")
    (bundle / "README.md").write_text(f"---\n{front_matter(card)}---\n\n{text}")


def front_matter(card: ModelCard | None) -> str:
    """Return the YAML front matter; the license is that of the weights, because it is the stricter one.

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
