"""The bundle's README for Hugging Face, with licenses and scores of its weights in the front matter."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from gdkvm_monai.networks.card import ModelCard

__all__ = ["front_matter", "write_readme"]

CODE_LICENSE = "apache-2.0"
LICENSES = {"CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0", "Apache-2.0": CODE_LICENSE}
"""License identifiers of Hugging Face by the beginning of a card's license."""

METRICS = {"dice": "dice", "hd95": "hausdorff_distance_95"}
"""Types of metrics by the part of a score's name that tells them."""


def write_readme(bundle: Path, card: ModelCard | None) -> None:
    """Write ``README.md`` for Hugging Face: ``docs/README.md`` with front matter.

    Args:
        bundle: folder with ``docs``, whose name becomes the name of the model.
        card: model card of the weights; ``None`` if there are no weights.
    """
    text = (bundle / "docs" / "README.md").read_text()
    text = re.sub(r"\]\((?!http|\.\./)", "](docs/", text).replace("](../", "](")
    (bundle / "README.md").write_text(f"---\n{front_matter(card, bundle.name)}---\n\n{text}")


def front_matter(card: ModelCard | None, name: str) -> str:
    """Return the YAML front matter.

    ``license`` is that of the weights, because it is the stricter one; ``code_license`` is that of the code. A license
    that Hugging Face does not list is ``other``, with a link to the model card.

    Args:
        card: model card of the weights; ``None`` if there are no weights.
        name: name of the model.

    Example:
        >>> print(front_matter(ModelCard(license="CC BY-NC-SA 4.0, non-commercial"), "echo").splitlines()[0])
        license: cc-by-nc-sa-4.0
    """
    entries: dict[str, object] = {"license": CODE_LICENSE}
    if card is not None:
        known = [identifier for start, identifier in LICENSES.items() if card.license.startswith(start)]
        entries = {"license": known[0]} if known else _other_license(card)
    entries |= {
        "code_license": CODE_LICENSE,
        "library_name": "monai",
        "pipeline_tag": "image-segmentation",
        "tags": ["monai", "medical", "echocardiography", "ultrasound"],
    }
    if results := _results(card):
        entries["model-index"] = [{"name": name, "results": [results]}]
    return yaml.safe_dump(entries, sort_keys=False, width=1000)


def _other_license(card: ModelCard) -> dict[str, object]:
    """Return the fields of a license that Hugging Face does not list; its name must be one of small letters."""
    name = re.sub(r"[^a-z0-9.]+", "-", card.license.lower()).strip("-")[:60]
    return {"license": "other", "license_name": name or "unknown", "license_link": "models/model.json"}


def _results(card: ModelCard | None) -> dict[str, object]:
    """Return the scores of a card as a result of the model index; empty if it has none."""
    scores = {} if card is None else card.scores
    metrics = [
        {"type": kind, "value": float(value), "name": score}
        for score, value in scores.items()
        for part, kind in METRICS.items()
        if part in score.split("_") and not {"sd", "seeds"} & {*score.split("_")}
    ]
    if not metrics:
        return {}
    dataset = {"name": card.domain, "type": re.sub(r"[^a-z0-9]+", "-", card.domain.lower()), "split": "validation"}
    return {"task": {"type": "image-segmentation"}, "dataset": dataset, "metrics": metrics}
