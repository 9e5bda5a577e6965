"""The tutorials' blocks run in order as they stand there, on small phantoms and with an untrained network's weights."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import signal
import subprocess
import sys
from glob import glob
from pathlib import Path

import pytest
import torch

from gdkvm_monai.cli.main import main
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.study import measurements as measurements_module
from gdkvm_monai.study.quality import masks, numbers, source, verdict

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = ROOT / "docs" / "tutorials"
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
SMALL_CLIP = "--size 48 48 --beats 1.2 --frame-rate 25".split()
SHORT_TRAINING = "--frame_size=[32,32] --network_def#width=8 --num_frames=3 --epochs=1 --iterations_per_epoch=1".split()
SHORT_BENCHMARK = "--source 48 32 --frame-size 32 --network small --frames 1 --warmup 1".split()
RESULTS = {  # files that a page leaves
    "first_clip": ("out/*/mask.nii.gz", "out/*/report.html"),
    "biplane": ("out/*-*/biplane.json", "out_python/*/mask.nii.gz"),
    "results_folder": (
        *(f"results/{name}" for name in ("index.csv", "failures.json")),
        *(f"results/*/{name}" for name in ("measurements.json", "frames.csv", "run.json", "contact_sheet.png")),
        *(f"results/*/{name}" for name in ("report.html", "overlay.gif", "mask.nii.gz", "masks/00000.png", "mask.npz")),
        *("results/*/probabilities.npy", "results/*/seg.dcm", "names.csv"),
    ),
    "correcting": ("out/*/original/measurements.json", "out/*/original/seg.dcm", "out/*/seg.dcm", "edited.nii.gz"),
    "streaming": ("state.pt",),
    "echonet": ("runs/echonet/models/model.json", "runs/echonet/eval/metrics.json", "out/*/mask.nii.gz"),
    "own_data": ("out/index.csv", "private/names.csv", "own/models/model.json", "own/results/*/mask.nii.gz"),
}


def blocks(page: Path) -> list[tuple[str, str]]:
    return re.findall(r"```(bash|python)\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.fixture()
def workplace(tmp_path, monkeypatch):
    """A folder with a bundle whose released weights are those of an untrained tiny network."""
    torch.manual_seed(0)
    network = GDKVM(**TINY)
    models = tmp_path / "demo" / "models"
    models.mkdir(parents=True)
    torch.save({"model": network.state_dict()}, models / "model.pt")
    ModelCard("GDKVM", network.options, (32, 32)).write(models / "model.json")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "configs").symlink_to(ROOT / "bundle" / "configs")
    (tmp_path / "bundle" / "models").symlink_to(models)
    monkeypatch.setattr("gdkvm_monai.configs.location.bundle_dir", lambda: tmp_path / "bundle")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def run_line(line: str, monkeypatch) -> None:
    """Run a command, in this process where it is one of ours."""
    words = [word for word in shlex.split(line) if word != "OMP_NUM_THREADS=1"]
    words = [path for word in words for path in (sorted(glob(word)) if word.endswith("*/") else [word])]
    if words[0] in ("make", "source"):  # what they leave is at hand
        return
    if words[:2] == ["gdkvm", "bundle"]:
        assert subprocess.run([sys.executable, "-m", "gdkvm_monai", *words[1:], *SHORT_TRAINING]).returncode == 0, line
    elif words[0] == "gdkvm":
        alone = [re.sub("^2$", "1", word) if before == "--jobs" else word for before, word in zip(words, words[1:])]
        assert main([*alone, *(SMALL_CLIP if words[1] == "phantom" else [])]) == 0, line
    elif words[1].startswith("benchmarks/"):
        short = SHORT_BENCHMARK if "streaming" in words[1] else []
        monkeypatch.setattr(sys, "argv", [words[1], *words[2:], *short])
        runpy.run_path(str(ROOT / words[1]), run_name="__main__")
    else:
        words += SHORT_TRAINING if words[2:5] == ["monai.bundle", "run", "training"] else []
        words = [sys.executable if word == "python" else word for word in words]
        result = subprocess.run(words, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, line + result.stderr[-2000:]


@pytest.mark.parametrize(
    "name",
    [
        "first_clip",
        "biplane",
        "results_folder",
        "correcting",
        "streaming",
        pytest.param("own_data", marks=pytest.mark.slow),
        pytest.param("echonet", marks=pytest.mark.slow),
    ],
)
def test_every_block_of_a_page_runs(name, workplace, monkeypatch):
    for module in ("pydicom", "highdicom", "av"):
        pytest.importorskip(module)
    variables: dict = {}
    for language, block in blocks(TUTORIALS / f"{name}.md"):
        if language == "python":
            exec(block, variables)
        elif "<<" in block:
            subprocess.run(["bash", "-c", block], check=True)
        else:
            for line in block.splitlines():
                run_line(line, monkeypatch)
    missing = [pattern for pattern in RESULTS[name] if not list(workplace.glob(pattern))]
    assert not missing
    page = (TUTORIALS / f"{name}.md").read_text()
    columns = [file.read_text().splitlines()[0].split(",") for file in workplace.glob("results/*/frames.csv")]
    assert name != "results_folder" or not [column for column in columns[0] if f"`{column}`" not in page]
    assert all(json.loads(file.read_text()) == [] for file in workplace.glob("*/failures.json"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    for link in (link for link in links if not link.startswith("http")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> list[str]:
    """What the headings of a page are called in links, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_index_names_every_page():
    linked = re.findall(r"\]\((\w+\.md)\)", (TUTORIALS / "README.md").read_text())
    assert sorted([*linked, "README.md"]) == sorted(page.name for page in TUTORIALS.glob("*.md"))


def test_every_reason_of_a_verdict_is_described_with_its_threshold():
    schema = json.loads(Path(measurements_module.__file__).with_name("measurements.schema.json").read_text())
    codes = schema["$defs"]["Reason"]["properties"]["code"]["enum"]
    section = (TUTORIALS / "results_folder.md").read_text().partition("\n## Quality check")[2].partition("\n## ")[0]
    table = [row for row in section.splitlines() if row.startswith("| `")]
    rows = {code: row for row in table for code in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert sorted(rows) == sorted(codes)
    thresholds = {
        "ef_range": ["{:.0f} to {:.0f} %".format(*numbers.EF_RANGE)],
        "frame_rate": [f"{source.LOWEST_RATE_HZ:.0f} Hz"],
        "no_ventricle": [f"{100 * masks.FAULTY_SHARE:.0f} %"],
        "area_jump": [f"{100 * masks.AREA_JUMP['LV']:.0f}"],
        "sector_edge": [f"{100 * masks.EDGE_SHARE:.0f} %"],
        "parts": [f"{100 * masks.FAULTY_SHARE:.0f} %"],
        "confidence": [f"{verdict.LOW_CONFIDENCE:.3f}", f"{verdict.NO_CONFIDENCE:.2f}"],
    }
    assert not [(code, text) for code, texts in thresholds.items() for text in texts if text not in rows[code]]


def test_every_entry_of_the_measurements_is_described():
    text = (TUTORIALS / "results_folder.md").read_text()
    schema = json.loads(Path(measurements_module.__file__).with_name("measurements.schema.json").read_text())
    known = {"schema_version", "structures", "notice"}
    assert not [name for name in schema["properties"].keys() - known if f"`{name}`" not in text]
