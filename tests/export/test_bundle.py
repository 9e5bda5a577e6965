"""A bundle that is exported is complete, portable, reproducible and formatted, or not written at all."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
import yaml
from monai.bundle import download_large_files

import gdkvm_monai
from gdkvm_monai.export.bundle import bake, check_version, export_bundle, zip_bundle
from gdkvm_monai.networks.nets import GDKVM

ROOT = Path(__file__).resolve().parents[2]
NAME = "echo_test_segmentation"
OPTIONS = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
TINY = {"frame_size": [32, 48], "num_frames": 3, "learning_rate": 0.5}
TINY |= {f"network_def#{name}": value for name, value in OPTIONS.items()}
DISTRIBUTIONS = {"PIL": "pillow", "SimpleITK": "SimpleITK", "ignite": "pytorch-ignite", "skimage": "scikit-image"}
DISTRIBUTIONS |= {"yaml": "PyYAML", "torch": "pytorch", "monai": "monai", "numpy": "numpy"}
ZOO_SETTINGS = """
[flake8]
select = B,C,E,F,N,P,T4,W,B9
max_line_length = 120
ignore = E203,E501,E741,W503,W504,C408,N812,B023,B905,B028,B907,C419
per_file_ignores = __init__.py: F401, __main__.py: F401
[isort]
known_first_party = models
profile = black
line_length = 120
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Weights of a tiny network, their card, and the overlay that defines it."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    torch.save({"model": GDKVM(**OPTIONS).state_dict()}, folder / "trained.pt")
    (folder / "model.json").write_text('{"license": "Apache-2.0"}')
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return folder


@pytest.fixture(scope="module")
def bundle(folder) -> Path:
    """A bundle with weights; do not write here."""
    return export_bundle(folder / "out", NAME, folder / "trained.pt", overlays=[folder / "tiny.yaml"])


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_configs_documents_licenses_weights_and_the_whole_package_are_there(bundle):
    files = names(bundle)
    assert {"LICENSE", "docs/README.md", "docs/data_license.txt", "models/model.pt", "models/model.json"} <= files
    assert {f"configs/{path.name}" for path in (ROOT / "bundle" / "configs").iterdir()} <= files
    source = {name for name in names(ROOT / "gdkvm_monai") if "__pycache__" not in name}
    assert {f"gdkvm_monai/{name}" for name in source} == {name for name in files if name.startswith("gdkvm_monai/")}
    assert not [name for name in files if "__pycache__" in name or any(part[0] == "." for part in name.split("/"))]


def test_no_file_names_a_folder_of_the_machine_it_was_made_on(bundle):
    for path in sorted(bundle.rglob("*")):
        if path.suffix in (".py", ".json", ".yaml", ".yml", ".md", ".txt", ".conf", ".html", ".css"):
            text = path.read_text()
            assert not [word for word in ("/home/", "/root/", "/Users/", str(ROOT)) if word in text], path


def test_weights_are_a_plain_state_that_loads_strictly(bundle, folder):
    state = torch.load(bundle / "models" / "model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) and value.is_contiguous() for value in state.values())
    GDKVM(**OPTIONS).load_state_dict(state, strict=True)
    original = torch.load(folder / "trained.pt", weights_only=True)["model"]
    assert all(torch.equal(value, original[key]) for key, value in state.items())


def test_an_overlay_becomes_part_of_both_configs_and_of_the_metadata(bundle):
    train, inference, metadata = (
        json.loads((bundle / "configs" / f"{name}.json").read_text()) for name in ("train", "inference", "metadata")
    )
    assert train["frame_size"] == inference["frame_size"] == [32, 48]
    assert train["network_def"] == inference["network_def"] and train["network_def"]["width"] == 8
    assert train["learning_rate"] == 0.5 and "learning_rate" not in inference and "num_frames" not in inference
    formats = metadata["network_data_format"]
    assert formats["inputs"]["image"]["spatial_shape"] == formats["outputs"]["pred"]["spatial_shape"] == [32, 48, 3]


def test_an_overlay_that_adds_to_a_list_is_added_once_and_not_shipped_beside(tmp_path):
    configs = tmp_path / "configs"
    configs.mkdir()
    for name in ("train.json", "inference.json", "camus_stills.yaml"):
        (configs / name).write_text((ROOT / "bundle" / "configs" / name).read_text())
    before = json.loads((configs / "train.json").read_text())["train"]["shared_handlers"]
    added = yaml.safe_load((configs / "camus_stills.yaml").read_text())["+train#shared_handlers"]
    bake(configs, "camus_stills.yaml")
    assert json.loads((configs / "train.json").read_text())["train"]["shared_handlers"] == [*before, *added]
    assert {path.name for path in configs.iterdir()} == {"train.json", "inference.json"}


def test_the_same_weights_give_the_same_file_and_the_zoo_downloads_it_by_its_hash(bundle, folder, tmp_path):
    url, overlays = "https://example.org/model.pt", [folder / "tiny.yaml"]
    listed = export_bundle(tmp_path, NAME, folder / "trained.pt", url, overlays)
    weights = bundle / "models" / "model.pt"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    (entry,) = yaml.safe_load((listed / "large_files.yml").read_text())["large_files"]
    assert entry == {"path": "models/model.pt", "url": url, "hash_val": digest, "hash_type": "sha256"}
    assert names(listed) == names(bundle) - {"models/model.pt"} | {"large_files.yml"}

    (listed / "large_files.yml").write_text(yaml.safe_dump({"large_files": [entry | {"url": weights.as_uri()}]}))
    download_large_files(bundle_path=str(listed))
    assert (listed / "models" / "model.pt").read_bytes() == weights.read_bytes()


def test_a_zip_holds_one_folder_and_does_not_depend_on_dates(bundle):
    path = zip_bundle(bundle)
    assert path.name == f"{NAME}_v{gdkvm_monai.__version__}.zip"
    first = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {NAME} and archive.testzip() is None
        assert {name.removeprefix(f"{NAME}/") for name in archive.namelist()} == names(bundle)
    os.utime(bundle / "LICENSE", (1e9, 1e9))
    assert zip_bundle(bundle).read_bytes() == first


@pytest.mark.parametrize(
    "tool", ["isort", *(pytest.param(tool, marks=pytest.mark.slow) for tool in ("black", "flake8"))]
)
def test_the_code_is_formatted_as_the_zoo_checks_it(tool, bundle, tmp_path):
    """The zoo's isort takes the package for a third party's; the others find little that `make lint` would not."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / NAME).symlink_to(bundle)
    (tmp_path / "setup.cfg").write_text(ZOO_SETTINGS)
    black = ["--check", "--quiet", "--skip-magic-trailing-comma", "--line-length=120", "--workers=1"]
    black += ["--target-version=py37", "--target-version=py38", "--target-version=py39"]
    options = {"isort": ["--check"], "black": black, "flake8": ["--jobs=1"]}[tool]
    command = [sys.executable, "-m", tool, *options, f"models/{NAME}/gdkvm_monai"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_package_that_the_code_imports_is_pinned(bundle):
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    pinned = {*metadata["required_packages_version"], "pytorch", "monai", "numpy"}
    for path in bundle.rglob("*.py"):
        body = ast.parse(path.read_text()).body
        modules = [alias.name for node in body if isinstance(node, ast.Import) for alias in node.names]
        modules += [node.module or "" for node in body if isinstance(node, ast.ImportFrom) and node.level == 0]
        others = {name.split(".")[0] for name in modules} - sys.stdlib_module_names - {"gdkvm_monai"}
        assert {DISTRIBUTIONS.get(name, name) for name in others} <= pinned, path


@pytest.mark.parametrize(
    "name", ["echo", "Echo_segmentation", "echo-segmentation", "echo_v2_segmentation", "../a_segmentation"]
)
def test_a_name_that_the_zoo_would_misread_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match="use lowercase letters, digits and underscores, an ending of '_segmentation'"):
        export_bundle(tmp_path, name)


@pytest.mark.parametrize("url", ["http://example.org/model.pt", "model.pt"])
def test_an_address_that_is_not_https_is_refused(url, folder, tmp_path):
    with pytest.raises(ValueError, match="give an https:// address"):
        export_bundle(tmp_path, NAME, folder / "trained.pt", url)


def test_weights_of_another_network_are_refused_and_nothing_is_written(folder, tmp_path):
    with pytest.raises(ValueError, match="trained.pt holds weights of another network; export with the overlays"):
        export_bundle(tmp_path, NAME, folder / "trained.pt", overlays=["small_network.yaml"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"no checkpoint", [1.0]])
def test_a_file_that_is_no_checkpoint_is_refused(content, folder, tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(ValueError, match="weights.pt is not a checkpoint"):
        export_bundle(tmp_path / "out", NAME, path, overlays=[folder / "tiny.yaml"])


def test_weights_that_are_not_finite_are_refused(folder, tmp_path):
    state = GDKVM(**OPTIONS).state_dict()
    next(iter(state.values())).fill_(float("nan"))
    torch.save(state, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="hold values that are not finite"):
        export_bundle(tmp_path / "out", NAME, tmp_path / "weights.pt", overlays=[folder / "tiny.yaml"])


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.pt do not exist; train first"):
        export_bundle(tmp_path, NAME, tmp_path / "none.pt")
    with pytest.raises(FileNotFoundError, match="overlay none.yaml does not exist; give a file, or a name in"):
        export_bundle(tmp_path, NAME, overlays=["none.yaml"])


def test_a_number_of_classes_that_the_metadata_do_not_describe_is_refused(tmp_path):
    (tmp_path / "two.yaml").write_text("num_classes: 2\n")
    with pytest.raises(ValueError, match="num_classes is 2, but metadata.json names the structures of 4"):
        export_bundle(tmp_path / "out", NAME, overlays=[tmp_path / "two.yaml"])


def test_a_folder_is_replaced_only_on_request_and_only_if_it_is_a_bundle(tmp_path):
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "thesis.txt").write_text("")
    with pytest.raises(FileExistsError, match="is not empty; remove it, or set overwrite"):
        export_bundle(tmp_path, NAME)
    with pytest.raises(FileExistsError, match="is not a bundle and is left as it is"):
        export_bundle(tmp_path, NAME, overwrite=True)
    (tmp_path / NAME / "configs").mkdir()
    (tmp_path / NAME / "configs" / "metadata.json").write_text("{}")
    assert not (export_bundle(tmp_path, NAME, overwrite=True) / "thesis.txt").exists()


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
