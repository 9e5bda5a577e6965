"""A bundle with a wrong name, contradicting versions, or a target that is not a bundle is refused."""

from __future__ import annotations

import json

import pytest

import gdkvm_monai
from gdkvm_monai.export.bundle import export_bundle
from gdkvm_monai.export.bundle.checks import check_version
from tests.export.bundle.tiny_network import NAME


@pytest.mark.parametrize(
    "name", ["echo", "Echo_segmentation", "echo-segmentation", "echo_v2_segmentation", "../a_segmentation"]
)
def test_a_name_that_the_zoo_would_misinterpret_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match="use lowercase letters, digits, and underscores, an ending"):
        export_bundle(tmp_path, name)


def test_a_folder_is_replaced_only_on_request_and_only_if_it_is_a_bundle(tmp_path):
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "thesis.txt").write_text("")
    with pytest.raises(FileExistsError, match="is not empty; remove it, or set overwrite"):
        export_bundle(tmp_path, NAME)
    with pytest.raises(FileExistsError, match="is not a bundle and is left as it is"):
        export_bundle(tmp_path, NAME, overwrite=True)
    (tmp_path / NAME / "configs").mkdir()
    (tmp_path / NAME / "configs" / "metadata.json").write_text("{}")
    assert not (export_bundle(tmp_path, NAME, overlays=[], overwrite=True) / "thesis.txt").exists()


def test_versions_that_contradict_each_other_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="export from a checkout of the sources"):
        check_version(tmp_path)
    version, metadata = gdkvm_monai.__version__, tmp_path / "bundle" / "configs" / "metadata.json"
    metadata.parent.mkdir(parents=True)
    for content in ({"version": "9.9", "changelog": {"9.9": ""}}, {"version": version, "changelog": {"9.9": ""}}):
        metadata.write_text(json.dumps(content))
        with pytest.raises(ValueError, match=f"the package is {version}; make it the version and an entry"):
            check_version(tmp_path)
    metadata.write_text(json.dumps({"version": version, "changelog": {version: ""}}))
    (tmp_path / "CHANGELOG.md").write_text(f"## {version}0\n")
    with pytest.raises(ValueError, match=f"describe this version under '## {version}' in CHANGELOG.md"):
        check_version(tmp_path)
