"""``gdkvm demo``."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdkvm_monai.cli.main import main
from gdkvm_monai.metrics.agreement import measure_agreement
from gdkvm_monai.study import demo
from gdkvm_monai.study.demo import DemoResult

EF = measure_agreement([50, 57, float("nan")], [53, 58, 60])


@pytest.mark.parametrize(("options", "smallest"), [([], False), (["--smallest"], True)])
def test_the_score_and_the_files_are_printed(options, smallest, tmp_path, monkeypatch, capsys):
    calls = []

    def run_demo(*arguments) -> DemoResult:
        calls.append(arguments)
        return DemoResult(0.91234, EF, "biplane-mod-v1", 12.3, (Path("model.pt"), Path("report.html")))

    monkeypatch.setattr(demo, "run_demo", run_demo)
    assert main(["demo", "--out", str(tmp_path), *options]) == 0
    assert calls == [(tmp_path, smallest)]
    title, score, bias, *files = capsys.readouterr().out.splitlines()
    assert title.startswith("demo network") and "0.9123" in score and files == ["model.pt", "report.html"]
    assert bias.strip() == "EF bias -2.0 points, SD 1.4 (2 of 3 EFs, biplane-mod-v1)"
