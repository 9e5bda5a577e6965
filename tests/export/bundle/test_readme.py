"""The first page of a shared bundle states the license of its weights."""

from __future__ import annotations

import re

import pytest
import yaml

from gdkvm_monai.export.bundle.readme import front_matter, write_readme
from gdkvm_monai.networks.card import ModelCard


@pytest.mark.parametrize(
    ("card", "license"),
    [
        (None, "apache-2.0"),
        (ModelCard(license="Apache-2.0"), "apache-2.0"),
        (ModelCard(license="CC BY-NC-SA 4.0, for non-commercial scientific research"), "cc-by-nc-sa-4.0"),
        (ModelCard(license="ask: the hospital"), "other"),
        (ModelCard(), "other"),
    ],
)
def test_the_license_is_that_of_the_weights(card, license):
    entries = yaml.safe_load(front_matter(card))
    assert entries["license"] == license and entries["library_name"] == "monai"
    assert entries.get("license_name") == (card.license if license == "other" else None)


def test_the_page_is_the_document_and_its_links_lead_to_files_of_the_bundle(bundle):
    head, _, text = (bundle / "README.md").read_text().removeprefix("---\n").partition("---\n\n")
    assert yaml.safe_load(head)["license"] == "apache-2.0"
    assert text.splitlines()[0] == (bundle / "docs" / "README.md").read_text().splitlines()[0]
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert len(links) > 2 and not [link for link in links if not (bundle / link).is_file()]


def test_links_to_the_web_stay(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text("[a](https://a.org) [b](b.txt) [c](../c)")
    write_readme(tmp_path, None)
    assert (tmp_path / "README.md").read_text().endswith("[a](https://a.org) [b](docs/b.txt) [c](c)")
