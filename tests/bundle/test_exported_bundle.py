"""The exported bundle runs where the package is not installed; its card and the tutorial say what is true."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
import yaml
from monai.bundle import ConfigParser

import gdkvm_monai
from gdkvm_monai.export.bundle import NAME, export_bundle, zip_bundle
from gdkvm_monai.networks.nets import GDKVM

ROOT = Path(__file__).resolve().parents[2]
METADATA_SCHEMA = Path(__file__).with_name("meta_schema_20240725.json")  # MONAI's, Apache-2.0
CARD = (ROOT / "bundle" / "docs" / "README.md").read_text()
TUTORIAL = (ROOT / "docs" / "tutorials" / "model_zoo.md").read_text()
RESULTS = (ROOT / "docs" / "results.md").read_text()
HEADINGS = ["Authors", "Tags", "Model Description", "Data", "Performance", "Additional Usage Steps"]
HEADINGS += ["System Configuration", "Limitations", "Citation Info", "References", "License"]
NETWORK = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
TINY = {"frame_size": [32, 32], "num_frames": 2, "batch_size": 2, "epochs": 1, "iterations_per_epoch": 1}
TINY |= {f"network_def#{name}": value for name, value in NETWORK.items()}
TINY_PHANTOMS = "--num_patients [2,1,1] --phantom_size [64,64] --epochs 1 --iterations_per_epoch 1 --batch_size 2"


def section(document: str, heading: str) -> str:
    """Return the text of a second-level section."""
    return re.search(rf"^## \**{heading}\**$(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL)[1]


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", document, re.MULTILINE | re.DOTALL)


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))


def test_the_card_has_the_zoo_headings_in_order():
    found = [re.sub(r"\W+$|^\W+", "", line) for line in CARD.splitlines() if re.match(r"##+ ", line)]
    assert [name for name in found if name in HEADINGS] == HEADINGS
    assert "Preprocessing" in found


def test_every_number_in_the_card_is_in_the_results():
    assert numbers(section(CARD, "Performance")) <= numbers(RESULTS)
    names = {"left ventricle": "LV", "myocardium": "MYO", "left atrium": "LA"}
    rows = re.findall(r"^\| (left ventricle|myocardium|left atrium) \| (E[DS]) \| (.*) \|$", CARD, re.MULTILINE)
    assert len(rows) == 6
    for name, phase, cells in rows:
        lines = [line for line in RESULTS.splitlines() if line.startswith(f"| {names[name]} | {phase} |")]
        assert any(all(f"| {cell} |" in line for cell in cells.split(" | ")) for line in lines), cells


def test_everything_the_card_links_or_runs_is_in_the_bundle():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", CARD) if not link.startswith("http")]
    assert links and all((ROOT / "bundle" / "docs" / link).is_file() for link in links)
    configs = set(re.findall(r"configs/[\w.]+", CARD))
    assert len(configs) > 5 and all((ROOT / "bundle" / name).is_file() for name in configs)


def test_the_cards_picture_is_the_one_in_the_results_and_small():
    picture = (ROOT / "bundle" / "docs" / "camus_cases.png").read_bytes()
    assert picture == (ROOT / "docs" / "images" / "camus_cases.png").read_bytes() and len(picture) < 200_000


def test_the_tutorial_links_to_files_and_names_this_version():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TUTORIAL) if not link.startswith("http")]
    assert all((ROOT / "docs" / "tutorials" / link).exists() for link in links)
    assert f'tag="{gdkvm_monai.__version__}"' in TUTORIAL and f"_v{gdkvm_monai.__version__}.zip" in TUTORIAL


def run(arguments: list, cwd: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run a command without the import paths of this process."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | variables
    command = [str(argument) for argument in arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)


def succeeds(arguments: list, cwd: Path, **variables: str) -> str:
    result = run(arguments, cwd, **variables)
    assert result.returncode == 0, f"{arguments}\n{result.stdout[-1000:]}{result.stderr[-2000:]}"
    return result.stdout + result.stderr


@pytest.fixture
def unzipped(tmp_path) -> Path:
    """Export a bundle of a tiny network with weights, zip it, and unzip it somewhere else."""
    torch.manual_seed(0)
    torch.save(GDKVM(**NETWORK).state_dict(), tmp_path / "trained.pt")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    bundle = export_bundle(tmp_path / "dist", NAME, tmp_path / "trained.pt", overlays=[tmp_path / "tiny.yaml"])
    zipfile.ZipFile(zip_bundle(bundle)).extractall(tmp_path / "bundles")
    return tmp_path / "bundles" / NAME


@pytest.fixture
def foreign(tmp_path) -> Path:
    folder = tmp_path / "foreign"
    folder.mkdir()
    return folder


def test_the_bare_interpreter_does_not_know_the_package(bare_python, tmp_path):
    code = (
        "from importlib.util import find_spec; print([bool(find_spec(n)) for n in ('torch', 'monai', 'gdkvm_monai')])"
    )
    assert succeeds([bare_python, "-c", code], tmp_path).strip() == "[True, True, False]"


@pytest.mark.slow
def test_runs_work_from_another_folder_without_the_package(bare_python, unzipped, foreign, phantom_root):
    configs = unzipped / "configs"
    options = ["--bundle_root", unzipped, "--dataset_dir", phantom_root, "--device", "cpu", "--output_dir", "results"]
    files = {"training": str(configs / "train.json"), "inference": str(configs / "inference.json")}
    files["evaluating"] = str([str(configs / "train.json"), str(configs / "evaluate.json")])
    for run_id in ("training", "evaluating", "inference"):
        pattern = ["--pattern=**/patient0001_4CH_ED.nii.gz"] if run_id == "inference" else []
        line = [bare_python, "-m", "monai.bundle", "run", run_id, "--config_file", files[run_id], *options, *pattern]
        succeeds(line, foreign)
    assert (unzipped / "models" / "model_final.pt").is_file()
    for name in ("per_frame.csv", "metrics.json", "learning_curve.png"):
        assert (foreign / "results" / name).is_file(), name
    assert list((foreign / "results").rglob("patient0001_4CH_ED_seg.nii.gz"))


@pytest.mark.slow
def test_checks_and_exports_find_the_package_on_the_import_path_or_in_the_folder(bare_python, unzipped, foreign):
    line = [bare_python, "-m", "monai.bundle", "verify_net_in_out", "--net_id", "network_def", "--device", "cpu"]
    line += ["--meta_file", unzipped / "configs" / "metadata.json"]
    line += ["--config_file", unzipped / "configs" / "inference.json"]
    assert "Cannot locate class or function path: 'gdkvm_monai" in run(line, foreign).stderr
    succeeds(line, foreign, PYTHONPATH=str(unzipped))
    succeeds(line, unzipped)


@pytest.mark.slow
def test_load_returns_the_trained_network_for_both_workflows(bare_python, unzipped, foreign):
    code = f"""if True:
        import torch
        from monai.bundle import load
        for kind in ("inference", "train"):
            name, folder = {NAME!r}, {str(unzipped.parent)!r}
            network = load(name, bundle_dir=folder, source="github", workflow_type=kind, device="cpu")
            state = torch.load(folder + "/" + name + "/models/model.pt", weights_only=True)
            assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())
            print(type(network).__name__, kind, __import__("gdkvm_monai").__file__)
    """
    printed = succeeds([bare_python, "-c", code], foreign, PYTHONPATH=str(unzipped))
    for kind in ("inference", "train"):
        assert f"GDKVM {kind} {unzipped}" in printed


@pytest.mark.slow
def test_the_metadata_follows_the_schema(bare_python, unzipped, foreign):
    (foreign / "schema.json").write_text(METADATA_SCHEMA.read_text())
    line = [bare_python, "-m", "monai.bundle", "verify_metadata", "--filepath", "schema.json"]
    assert "metadata is verified with no error" in succeeds(
        [*line, "--meta_file", unzipped / "configs" / "metadata.json"], foreign
    )


@pytest.mark.slow
def test_the_cards_commands_run_in_the_bundle_folder(bare_python, unzipped, phantom_root, tmp_path):
    lines = [line for block in blocks(CARD, "bash") for line in block.splitlines()]
    lines = [line for line in lines if not line.startswith(("torchrun", "python -m monailabel"))]
    assert len(lines) == 8
    of_the_package = [line for line in lines if line.startswith("gdkvm ")]
    assert len(of_the_package) == 1
    for line in (line for line in lines if line not in of_the_package):
        if "onnx" in line and run([bare_python, "-c", "import onnx, onnxruntime, onnxscript"], tmp_path).returncode:
            continue
        line = line.replace("/path/to/CAMUS", str(phantom_root)).replace("/path/to/clips", str(phantom_root))
        line = line.replace("/path/to/phantom", f"{tmp_path}/generated {TINY_PHANTOMS}")
        line += " --pattern=**/patient0001_4CH_ED.nii.gz" * ("run inference" in line)
        program, *arguments = shlex.split(line)
        succeeds([bare_python if program == "python" else program, *arguments], unzipped)
    for name in ("finetuned/models/model.pt", "trained/models/model.pt", "eval/per_frame.csv"):
        assert (unzipped / name).is_file(), name
    assert list((unzipped / "inference").rglob("patient0001_4CH_ED_seg.nii.gz"))

    network = ConfigParser(json.loads((unzipped / "configs" / "inference.json").read_text())).get_parsed_content(
        "network_def"
    )
    network.load_state_dict(torch.load(unzipped / "models" / "model.pt", weights_only=True))
    script, clip = torch.jit.load(unzipped / "models" / "model.ts"), torch.rand(1, 1, 48, 64, 5)
    with torch.no_grad():
        torch.testing.assert_close(script(clip), network.eval()(clip))


@pytest.mark.slow
def test_the_cards_command_of_the_package_exports_the_bundles_network_where_the_package_is_installed(unzipped, foreign):
    for name in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(name)
    lines = [line for block in blocks(CARD, "bash") for line in block.splitlines()]
    (line,) = [line for line in lines if line.startswith("gdkvm ")]
    script = foreign / "gdkvm"  # as pip writes it: the bundle's folder is not on the import path
    script.write_text("import sys\nfrom gdkvm_monai.cli.main import main\nsys.exit(main())\n")
    succeeds([sys.executable, script, *shlex.split(line)[1:]], unzipped, PYTHONPATH=str(ROOT))
    assert (unzipped / "models" / "clip.onnx").is_file()


@pytest.mark.slow
def test_the_tutorial_exports_and_verifies(real_data, phantom_root, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "phantom").symlink_to(phantom_root)
    schema = tmp_path / "elsewhere" / NAME / "eval" / "schema.json"
    schema.parent.mkdir(parents=True)
    schema.write_text(METADATA_SCHEMA.read_text())

    (export,), (verify,) = (blocks(section(TUTORIAL, heading), "bash") for heading in ("Export", "Verify"))
    listing = next(block for block in blocks(TUTORIAL, "bash") if "--weights-url" in block).split("python -m monai")[0]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = "\n".join(["set -e", export, listing, verify])
    succeeds(["bash", "-c", script], tmp_path, PATH=path, PYTHONPATH=str(ROOT))
    assert (tmp_path / "elsewhere" / NAME / "models" / "model.ts").is_file()
    assert list((tmp_path / "elsewhere" / NAME / "inference").rglob("*_seg.nii.gz"))
    assert (tmp_path / "zoo" / "models" / NAME / "large_files.yml").is_file()
