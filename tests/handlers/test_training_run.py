"""A run that fails says why, and keeps what was complete."""

from __future__ import annotations

import json
import logging

import pytest
import torch
from ignite.engine import Events
from monai.engines import SupervisedTrainer
from torch import nn

from gdkvm_monai.handlers import IterationSeeds, TrainingCheckpoint, TrainingRun
from gdkvm_monai.networks import checkpoint


class Clips:
    """Six batches, of which one may be unreadable."""

    def __init__(self, unreadable: int | None = None) -> None:
        self.unreadable = unreadable

    def __iter__(self):
        for i in range(6):
            if i == self.unreadable:
                raise ValueError("clip 3 is cut off; copy it again.")
            yield {"image": torch.full((2, 4), float(i)), "label": torch.ones(2, 1)}


def make_run(path, clips: Clips, **options) -> TrainingRun:
    torch.manual_seed(0)
    network = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(network.parameters(), 0.01)
    trainer = SupervisedTrainer(
        torch.device("cpu"), 1, clips, network, optimizer, nn.MSELoss(), epoch_length=6, decollate=False
    )
    saver = TrainingCheckpoint(path, **options)
    saver.attach(trainer)
    IterationSeeds().attach(trainer)
    return TrainingRun(trainer, saver, path.parent / "training")


def iteration(path) -> int:
    return torch.load(path, weights_only=True)["parts"]["trainer"]["iteration"]


def test_an_unreadable_clip_ends_training_with_all_complete_iterations_saved(tmp_path, caplog):
    run = make_run(tmp_path / "checkpoint.pt", Clips(unreadable=3), interval=100)
    with pytest.raises(ValueError, match="clip 3"):
        run.run()
    assert iteration(tmp_path / "checkpoint.pt") == 3
    last = caplog.records[-1].getMessage()
    assert "after iteration 3: ValueError: clip 3 is cut off" in last and last.endswith("--resume True")


def test_an_error_within_an_iteration_keeps_the_last_checkpoint(tmp_path, caplog):
    run = make_run(tmp_path / "checkpoint.pt", Clips(), interval=2)

    def fill_memory(engine) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    run.trainer.add_event_handler(Events.ITERATION_STARTED(once=4), fill_memory)
    with pytest.raises(torch.OutOfMemoryError):
        run.run()
    assert iteration(tmp_path / "checkpoint.pt") == 2
    last = caplog.records[-1].getMessage()
    assert "after iteration 3: the GPU has too little memory" in last and "holds iteration 2" in last


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, caplog, monkeypatch):
    run, save, count = make_run(tmp_path / "checkpoint.pt", Clips(), interval=2), torch.save, []

    def fill_disk(state, file) -> None:
        count.append(1)
        if len(count) > 1:
            raise OSError(28, "No space left on device")
        save(state, file)

    monkeypatch.setattr(checkpoint.torch, "save", fill_disk)
    with pytest.raises(OSError, match="No space left"):
        run.run()
    assert iteration(tmp_path / "checkpoint.pt") == 2
    assert [path.name for path in tmp_path.glob("*checkpoint*")] == ["checkpoint.pt"]
    last = caplog.records[-1].getMessage()
    assert "free space" in last and f"{tmp_path}/checkpoint.pt holds iteration 2" in last


def test_an_earlier_run_in_the_folder_keeps_its_records_and_names_them(tmp_path, caplog):
    make_run(tmp_path / "checkpoint.pt", Clips(), config='{"seed": 3}').run()
    make_run(tmp_path / "checkpoint.pt", Clips(), config='{"seed": 4}').run()
    kept = tmp_path / "replaced" / "1"
    assert json.loads((kept / "training" / "config.json").read_text()) == {"seed": 3}
    assert {path.name for path in (kept / "training").iterdir()} == {
        "config.json",
        "run.json",
        "metrics.json",
        "log.txt",
    }
    assert json.loads((tmp_path / "training" / "config.json").read_text()) == {"seed": 4}
    assert f"--run_dir {kept} --resume True" in caplog.text


def test_an_error_before_the_first_iteration_promises_nothing(tmp_path, caplog):
    with pytest.raises(ValueError):
        make_run(tmp_path / "checkpoint.pt", Clips(unreadable=0)).run()
    assert "--resume" not in caplog.records[-1].getMessage() and not (tmp_path / "checkpoint.pt").exists()


def test_a_run_leaves_its_recipe_and_ends_with_what_to_do_next(tmp_path, caplog, capsys):
    run = make_run(tmp_path / "checkpoint.pt", Clips(), config='{"seed": 3}')
    with caplog.at_level("INFO"):
        run.run()
    files = {path.name for path in (tmp_path / "training").iterdir()}
    assert files == {"config.json", "run.json", "metrics.json", "log.txt"}
    assert json.loads((tmp_path / "training" / "config.json").read_text()) == {"seed": 3}
    log = (tmp_path / "training" / "log.txt").read_text()
    assert "epoch 1 of 1" in log and "s per iteration, about 0 s left" in log
    last = capsys.readouterr().out.splitlines()[-1]
    assert "trained 6 iterations" in last and f"{tmp_path}/models/model_final.pt" in last and "Next: gdkvm" in last


def test_a_resumed_run_continues_the_log_and_adds_the_time_before(tmp_path, caplog):
    first = make_run(tmp_path / "checkpoint.pt", Clips(unreadable=3))
    with pytest.raises(ValueError):
        first.run()
    second = make_run(tmp_path / "checkpoint.pt", Clips(), resume=True)
    second.trainer.add_event_handler(Events.STARTED, lambda: setattr(second, "seconds", second.seconds + 1000))
    second.run()
    training = tmp_path / "training"
    assert "training failed after iteration 3" in (training / "log.txt").read_text()
    assert [start["iteration"] for start in json.loads((training / "run.json").read_text())["starts"]] == [0, 3]
    assert json.loads((training / "metrics.json").read_text())["seconds"] >= 1000
    files = [getattr(handler, "baseFilename", "") for handler in logging.getLogger().handlers]
    assert not [file for file in files if file.startswith(str(tmp_path))]
