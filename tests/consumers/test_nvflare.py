"""The NVFlare scripts of the tutorial train two sites on phantoms, as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
import yaml

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard, read_card

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorials" / "federated_learning.md"
OPTIONS = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
TINY = {"frame_size": [32, 32], "num_frames": 2, "batch_size": 2, "learning_rate": 1e-3}
SITES = ("site-1", "site-2")
ROUNDS = 2

pytestmark = pytest.mark.consumer


class Federation(NamedTuple):
    """What a federation started from, and what it left."""

    bundle: Path
    before: dict[str, str]  # SHA-256 of the bundle's files
    sites: Path
    server: Path
    log: str


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


def write_scripts(folder: Path) -> None:
    """Write the scripts of the page, each named by its first line."""
    scripts = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [name for name, _ in scripts] == ["client.py", "job.py"]
    for name, text in scripts:
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def federation(tmp_path_factory) -> Federation:
    """Two rounds of two sites, started from the folder of the scripts with the bundle's own copy of the package."""
    pytest.importorskip("nvflare", reason="nvflare is not installed; run make consumer-test")
    from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
    from gdkvm_monai.export.bundle import export_bundle
    from gdkvm_monai.networks.nets import GDKVM

    folder = tmp_path_factory.mktemp("federation")
    torch.manual_seed(0)
    torch.save(GDKVM(**OPTIONS).state_dict(), folder / "model.pt")
    ModelCard("GDKVM", OPTIONS, (32, 32)).write(folder / "model.json")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    bundle = export_bundle(folder / "dist", weights=folder / "model.pt", overlays=[folder / "tiny.yaml"])
    for seed, site in enumerate(SITES):
        settings = PhantomSettings((2, 1, 0), (32, 32), seed, frames=3)
        write_camus_phantom(folder / "data" / site, settings, progress=False)
    write_scripts(folder)
    before = hashes(bundle)
    line = [sys.executable, "job.py", "--bundle", str(bundle), "--workspace", str(folder / "work")]
    line += ["--rounds", str(ROUNDS), "--data", str(folder / "data"), "--out", str(folder / "sites")]
    environment = {**os.environ, "PYTHONPATH": str(bundle), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    options = {"cwd": folder, "env": environment, "capture_output": True, "text": True, "timeout": 900}
    done = subprocess.run([*line, "--iterations", "2"], **options)
    assert done.returncode == 0, done.stderr[-3000:]
    server = folder / "work" / "gdkvm" / "server" / "simulate_job" / "app_server"
    return Federation(bundle, before, folder / "sites", server, done.stdout + done.stderr)


def test_every_round_averages_both_sites_and_the_second_selects_by_their_dice(federation):
    assert federation.log.count("Aggregated 2/2 results") == ROUNDS
    for site in SITES:
        scores = re.findall(rf"validation metric (\S+) from client {site}", federation.log)
        assert len(scores) == ROUNDS - 1 and all(0 <= float(score) <= 1 for score in scores)


def test_the_average_fits_the_network_of_the_card_and_differs_from_the_weights_of_each_site(federation):
    average = torch.load(federation.server / "FL_global_model.pt", weights_only=True)["model"]
    network = read_card(federation.bundle / "models" / "model.pt").build_network()
    network.load_state_dict({name: torch.as_tensor(value) for name, value in average.items()})
    weights = [torch.load(federation.sites / site / "models" / "model_final.pt", weights_only=True) for site in SITES]
    states = [state.get("model", state) for state in weights]
    name = next(name for name, value in states[0].items() if value.dim() == 4)
    assert not torch.equal(states[0][name], states[1][name])
    torch.testing.assert_close(torch.as_tensor(average[name]), (states[0][name] + states[1][name]) / 2)


def test_each_site_writes_to_a_folder_of_its_own_and_none_to_the_bundle(federation):
    assert sorted(path.name for path in federation.sites.iterdir()) == list(SITES)
    for site in SITES:
        card = json.loads((federation.sites / site / "models" / "model.json").read_text())
        assert card["clips"] == 4 and card["domain"] == "phantom"
    assert hashes(federation.bundle) == federation.before
