"""The document of an exported bundle describes the exported network, and not the one of the released weights."""

from __future__ import annotations

import pytest

from gdkvm_monai.export.bundle import export_bundle
from gdkvm_monai.export.bundle.document import describe_in_document
from gdkvm_monai.networks.card import ModelCard
from tests.export.bundle.tiny_network import ROOT


@pytest.mark.parametrize(
    ("overlay", "sentence"),
    [
        (
            "unet_memory_network.yaml",
            "`GDKVM` with the key encoder of MONAI's U-Net: 8.5 M parameters, for frames of 128x128",
        ),
        (
            "light_network.yaml",
            "`GDKVM` with the key encoder EfficientNet-Lite0: 2.1 M parameters, for frames of 128x128",
        ),
        (None, "`GDKVM` with the key encoder ResNet-50: 15.2 M parameters, for frames of 256x256"),
        ("small_network.yaml", "`GDKVM` with the key encoder ResNet-18: 1.2 M parameters, for frames of 96x96"),
        ("unet.yaml", "`FrameByFrame`: 6.5 M parameters, for frames of 256x256"),
    ],
    ids=["released", "light", "paper", "phantom", "U-Net"],
)
def test_both_documents_state_kind_backbone_size_and_frames_of_the_exported_network(tmp_path, overlay, sentence):
    bundle = export_bundle(tmp_path, overlays=[overlay] if overlay else [])
    for document in (bundle / "README.md", bundle / "docs" / "README.md"):
        text = document.read_text()
        assert f"The network of this bundle is {sentence} pixels." in text
        assert "The released network is" not in text and "<!--" not in text


@pytest.mark.parametrize(
    ("card", "own"), [(None, False), (ModelCard(domain="phantom"), False), (ModelCard(release="0.2.0"), True)]
)
def test_figures_are_the_bundles_own_only_with_the_released_weights(bundle, tmp_path, card, own):
    for folder in ("configs", "docs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "configs" / "inference.json").write_bytes((bundle / "configs" / "inference.json").read_bytes())
    (tmp_path / "docs" / "README.md").write_bytes((ROOT / "bundle" / "docs" / "README.md").read_bytes())
    describe_in_document(tmp_path, card)
    text = (tmp_path / "docs" / "README.md").read_text()
    assert ("this bundle does not contain" in text) is not own
    assert ("this bundle contains as long as" in text) is own


def test_a_document_without_the_part_to_replace_is_refused(bundle, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "inference.json").write_bytes((bundle / "configs" / "inference.json").read_bytes())
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text("# A network\n")
    with pytest.raises(ValueError, match="has 0 parts '<!-- network -->'"):
        describe_in_document(tmp_path, None)
