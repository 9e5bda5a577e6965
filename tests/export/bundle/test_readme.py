"""The first page of a shared bundle states the license of its weights."""

from __future__ import annotations

import re

import pytest
import yaml
from huggingface_hub import ModelCard as HubCard

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
    entries = yaml.safe_load(front_matter(card, "echo"))
    assert entries["license"] == license and entries["library_name"] == "monai"
    assert entries["code_license"] == "apache-2.0"
    assert ("license_name" in entries) == ("license_link" in entries) == (license == "other")


def test_the_name_of_an_unlisted_license_is_one_that_hugging_face_accepts():
    entries = yaml.safe_load(front_matter(ModelCard(license="Ask: the Hospital (2026)"), "echo"))
    assert entries["license_name"] == "ask-the-hospital-2026"


SCORED = ModelCard(
    license="CC BY-NC-SA 4.0",
    domain="CAMUS",
    scores={"lv_dice": 0.9322, "lv_dice_sd": 0.03, "lv_hd95_mm": 4.04, "lv_hd95_mm_seeds_mean": 4.1, "seeds": 3},
)


def test_huggingface_hub_reads_every_score_from_the_model_index_and_nothing_else():
    card = HubCard(f"---\n{front_matter(SCORED, 'echo')}---\n\n# Echo\n")
    results = {result.metric_name: result for result in card.data.eval_results}
    assert {name: result.metric_value for name, result in results.items()} == {"lv_dice": 0.9322, "lv_hd95_mm": 4.04}
    assert {result.metric_type for result in results.values()} == {"dice", "hausdorff_distance_95"}
    assert {(r.task_type, r.dataset_name, r.dataset_split) for r in results.values()} == {
        ("image-segmentation", "CAMUS", "validation")
    }
    assert card.data.model_name == "echo" and card.data.license == "cc-by-nc-sa-4.0"


def test_huggingface_hub_writes_the_front_matter_back_as_it_was():
    text = front_matter(SCORED, "echo")
    card = HubCard(f"---\n{text}---\n")
    assert card.data.to_dict() == yaml.safe_load(text)


def test_weights_without_scores_have_no_model_index():
    assert "model-index" not in yaml.safe_load(front_matter(ModelCard(scores={"seeds": 3}), "echo"))
    assert "model-index" not in yaml.safe_load(front_matter(None, "echo"))


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
