"""``gdkvm evaluate``: scores of weights on annotated clips."""

from __future__ import annotations

import csv
import json

import pytest
import torch

from gdkvm_monai.cli.main import main
from gdkvm_monai.networks.nets import GDKVM
from tests.cli.test_bundle import TINY, restored_logging  # noqa: F401

OVERRIDES = [f"network_def#{name}={value}" for name, value in TINY.items()]
OVERRIDES += ["frame_size=[32, 32]", "num_frames=2", "device=cpu", "views=['4CH']"]


def evaluate(*words: object) -> int:
    overrides = [word for entry in OVERRIDES for word in ("--override", entry)]
    return main(["evaluate", *(str(word) for word in words), *overrides])


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "trained.pt"
    torch.save(GDKVM(**TINY, out_channels=3 + 1).state_dict(), path)
    return path


def test_scores_are_written_and_their_files_printed(weights, phantom_root, tmp_path, capsys):
    out = tmp_path / "results"
    section = ("--override", "section=testing")
    assert evaluate("--dataset-dir", phantom_root, "--weights", weights, "-o", out, *section) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [str(out / "per_frame.csv"), str(out / "metrics.json")] == printed[-2:]
    with open(out / "per_frame.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["view"] for row in rows} == {"4CH"} and all(0 <= float(row["dice"]) <= 1 for row in rows)
    assert json.loads((out / "metrics.json").read_text())["protocol"]["checkpoint"] == str(weights)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--override", "sectoin=testing"], "did you mean --section?"),
        (["--override", "section"], "'section'"),
        (["--config", "absent.yaml"], "absent.yaml"),
        (["--weights", "absent.pt"], "absent.pt"),
    ],
)
def test_an_error_is_one_line_with_exit_code_two(words, named, weights, phantom_root, tmp_path, capsys):
    given = ["--dataset-dir", phantom_root, "--weights", weights, "-o", tmp_path / "out", *words]
    assert evaluate(*given) == 2
    error = capsys.readouterr().err
    assert named in error and "Traceback" not in error
    assert not (tmp_path / "out").exists()
