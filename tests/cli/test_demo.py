"""``gdkvm demo``."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gdkvm_monai.cli import phantom
from gdkvm_monai.cli.main import main
from gdkvm_monai.metrics.agreement import measure_agreement
from gdkvm_monai.study import demo
from gdkvm_monai.study.demo import DemoResult
from tests.study.tiny_command import write_tiny_weights

EF = measure_agreement([50, 57, float("nan")], [53, 58, 60])
README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
SMALL = "--size 48 48 --beats 1.2 --frame-rate 25".split()


@pytest.fixture()
def trainings(tmp_path, monkeypatch) -> list[tuple]:
    """Arguments of the trainings; nothing is trained, weights are tiny, and phantoms small."""
    calls = []

    def run_demo(*arguments) -> DemoResult:
        calls.append(arguments)
        return DemoResult(0.91234, EF, "biplane-mod-v1", 12.3, (weights, Path("metrics.json")))

    weights = write_tiny_weights(tmp_path)
    write_phantom = phantom.main
    monkeypatch.setattr(demo, "run_demo", run_demo)
    monkeypatch.setattr(phantom, "main", lambda words: write_phantom([*words, *SMALL]))
    monkeypatch.setattr("gdkvm_monai.cli.segment.released_weights", lambda: weights)
    return calls


def test_both_networks_segment_the_clip_of_the_readme_and_verdicts_truth_scores_and_files_are_printed(
    tmp_path, trainings, capsys
):
    out = tmp_path / "out"
    assert main(["demo", "--out", str(out), "--smallest"]) == 0
    assert trainings == [(out, True)]
    lines = capsys.readouterr().out.splitlines()
    own = [shlex.split(line)[1:] for line in README.splitlines() if line.startswith("gdkvm ")][:2]
    run = [line.replace(f"{out}/", "") for line in lines if line.startswith("$ gdkvm")]
    assert set(own[0]) < set(run[0].split()) and {"phantoms/dicom/phantom0001_4CH.dcm", "4CH"} < set(run[1].split())
    found = [line for line in lines if line.startswith("clip 1 of 1: ")]
    assert len(found) == 2 and all(re.search(r"(good|check|reject).*; weights: ", line) for line in found)
    after = [lines[lines.index(line) + 1] for line in found]
    assert all(re.match(r"true EF \d+ %; ", line) for line in after) and "trained on patients only" in after[0]
    title, score, bias, *files = lines[-7:]
    assert title.startswith("demo network") and "0.9123" in score
    assert bias.strip() == "EF bias -2.0 points, SD 1.4 (2 of 3 EFs, biplane-mod-v1)"
    assert [Path(file).name for file in files] == ["model.pt", "metrics.json", "report.html", "report.html"]
    assert all(Path(file).is_file() for file in files if file.endswith("html"))


def test_without_released_weights_nothing_is_trained(tmp_path, trainings, monkeypatch, capsys):
    def missing() -> None:
        raise FileNotFoundError("there are no weights")

    monkeypatch.setattr("gdkvm_monai.cli.segment.released_weights", missing)
    assert main(["demo", "--out", str(tmp_path / "out")]) == 2 and trainings == []
    assert "there are no weights" in capsys.readouterr().err
