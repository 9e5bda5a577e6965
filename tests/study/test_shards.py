"""Clips shared by several processes: the same tables as one process writes, and clips of dead processes are named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from torch import distributed as dist

from gdkvm_monai.study.batch import Outcome, run_batch, write_tables
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import PipelineSource
from gdkvm_monai.study.shards import SharedBatch, several_processes
from gdkvm_monai.study.tasks import Task
from tests.study.gray_level_network import gray_level_pipeline
from tests.study.tiny_command import QUICK, gdkvm, noise_clip, process_kept, write_tiny_weights

PLAIN = SegmentOptions(fast=True, report=False, overlay="none")
TABLES = ("index.csv", "failures.json")


@pytest.fixture()
def tasks(tmp_path) -> list[Task]:
    """Three clips, of which the second cannot be read."""
    for number in (1, 2, 3):
        np.save(tmp_path / f"{number}.npy", noise_clip(seed=number))
    (tmp_path / "2.npy").write_bytes(b"no array")
    return [Task(number, tmp_path / f"{number}.npy", PLAIN) for number in (1, 2, 3)]


@pytest.fixture()
def join(monkeypatch, tasks, tmp_path):
    """A function that joins the batch as a process with the given rank; all of them have one store."""
    store = dist.HashStore()

    def join_as(rank: int, clips: list[Task] = tasks) -> SharedBatch:
        monkeypatch.setattr(dist, "rendezvous", lambda url: iter([(store, rank, 2)]))
        return SharedBatch(clips, tmp_path / "shared")

    return join_as


def failed(task: Task) -> Outcome:
    return Outcome(task, None, "ClipReadError", "the clip is damaged.", "Traceback")


def test_every_clip_is_taken_once(join):
    first, second = join(0).take(), join(1).take()
    assert [next(first).position, next(second).position, next(second).position] == [1, 2, 3]
    assert not list(first) and not list(second)


def test_two_processes_write_the_tables_of_one(join, tasks, monkeypatch, tmp_path):
    monkeypatch.setattr("gdkvm_monai.study.batch.load_pipeline", lambda *arguments: gray_level_pipeline())
    write_tables(tmp_path / "one", run_batch(tasks, tmp_path / "one", PipelineSource()))
    processes = [join(rank) for rank in (0, 1)]
    runs = [run_batch(process.take(), tmp_path / "shared", PipelineSource()) for process in processes]
    for turn in (1, 0, 0):  # who works on which clip makes no difference
        processes[turn].report(next(runs[turn]))
    outcomes = processes[0].outcomes(timeout_s=1)
    write_tables(tmp_path / "shared", outcomes)
    assert [outcome.result is None for outcome in outcomes] == [False, True, False]
    assert outcomes[0].result.mask.shape == noise_clip().shape
    for name in TABLES:
        assert (tmp_path / "shared" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_a_clip_of_a_dead_process_is_named_and_the_others_are_kept(join):
    alive, dead = join(0), join(1)
    next(dead.take())
    for task in alive.take():
        alive.report(failed(task))
    outcomes = alive.outcomes(timeout_s=0.01)
    assert [outcome.task.position for outcome in outcomes] == [1, 2, 3]
    assert [outcome.error for outcome in outcomes] == ["ProcessLost", "ClipReadError", "ClipReadError"]
    assert "0.01 s" in outcomes[0].message and outcomes[1] == failed(outcomes[1].task)


def test_a_clip_given_up_after_a_signal_is_no_failure(join):
    first, second = join(0), join(1)
    first.report(failed(next(first.take())))
    next(second.take())
    second.leave()
    assert [outcome.task.position for outcome in second.outcomes(timeout_s=0.01)] == [1]


def test_one_process_gets_the_outcomes_and_another_one_if_it_is_stopped_before_they_are_written(join):
    first, second = join(0), join(1)
    first.report(failed(next(first.take())))
    assert len(second.outcomes(timeout_s=0.01)) == 1 and first.outcomes(timeout_s=0.01) is None
    first.leave()
    assert len(first.outcomes(timeout_s=0.01)) == 1


def test_the_end_holds_for_all_processes(join):
    first, second = join(0), join(1)
    first.report(failed(next(first.take())))
    first.end()
    assert not list(second.take()) and len(second.outcomes(timeout_s=0.01)) == 1


def test_processes_that_found_other_clips_are_refused(join, tasks):
    join(0)
    with pytest.raises(ValueError, match="process 1 "):
        join(1, tasks[:2])


def test_results_that_other_processes_cannot_see_are_a_failure(join, tmp_path, monkeypatch):
    monkeypatch.setattr("gdkvm_monai.study.batch.load_pipeline", lambda *arguments: gray_level_pipeline())
    process = join(0)
    process.report(next(run_batch(process.take(), tmp_path / "elsewhere", PipelineSource())))
    (outcome,) = process.outcomes(timeout_s=0.01)
    assert outcome.result is None and "that all processes share" in outcome.message


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, False), ({"RANK": "0", "WORLD_SIZE": "1"}, False), ({"RANK": "1", "WORLD_SIZE": "2"}, True)],
)
def test_other_processes_are_known_from_the_environment(environment, expected, monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert several_processes() is expected


LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "gdkvm_monai"]


def launched(*arguments: object) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*LAUNCH, *map(str, arguments)], env=environment, **pipes)


def working(out: Path, count: int) -> list[int]:
    """Wait until several processes work on a clip, and return their numbers."""
    deadline = time.monotonic() + 300
    while True:
        busy = {path.parents[1] for path in out.glob(".gdkvm-*/*/.masks") if path.stat().st_size}
        if len(busy) == count:
            return [int(path.name.split("-")[2]) for path in busy]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture()
def command(tasks, tmp_path) -> list[object]:
    """Options of the command for the clips and a tiny network."""
    weights = tmp_path / "weights"
    weights.mkdir()
    return [*(task.path for task in tasks), "--weights", write_tiny_weights(weights), *QUICK]


@pytest.mark.slow
def test_torchrun_gives_the_results_of_one_process_and_keeps_finished_ones(command, tmp_path):
    with process_kept():
        assert gdkvm(*command, "-o", tmp_path / "one", "--map", tmp_path / "one.csv", "--device", "cpu") == 1
    times = []
    for _ in range(2):
        process = launched(*command, "-o", tmp_path / "two", "--map", tmp_path / "two.csv")
        printed, errors = process.communicate(timeout=300)
        assert process.returncode == 1 and printed.count("clip ") == 2 and "clip 2 of 3" in errors
        times.append({path: path.stat().st_mtime_ns for path in (tmp_path / "two").glob("*/*")})
    assert times[0] == times[1] and len(times[0]) > 6
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    one, two = ({path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*")} for name in ("one", "two"))
    assert one == two
    for name in one:
        if name.suffix and name.name != "run.json":  # holds the time
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


@pytest.mark.slow
def test_a_killed_process_of_torchrun_costs_its_clip_only_until_the_next_run(command, tmp_path):
    for number in (1, 2, 3):
        np.save(tmp_path / f"{number}.npy", np.tile(noise_clip(20, (64, 64), seed=number), 10))
    out = tmp_path / "out"
    process = launched(*command, "-o", out)
    os.kill(working(out, 2)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1 and "of 3 clips; run the same command again to go on" in errors
    (failure,) = json.loads((out / "failures.json").read_text())
    assert failure["error"] == "ProcessLost" and failure["position"] in (1, 2, 3)
    process = launched(*command, "-o", out)
    process.communicate(timeout=300)
    assert process.returncode == 0 and json.loads((out / "failures.json").read_text()) == []
    assert len((out / "index.csv").read_text().splitlines()) == 4 and not list(out.glob(".*"))


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1])
def test_a_stopped_process_of_torchrun_is_waited_for_within_bounds(which, command, tmp_path):
    for number in (1, 2, 3):
        np.save(tmp_path / f"{number}.npy", np.tile(noise_clip(20, (64, 64), seed=number), 5))
    out = tmp_path / "out"
    process = launched(*command, "-o", out, "--process-timeout", 5)
    stopped = sorted(working(out, 2))[which]
    os.kill(stopped, signal.SIGSTOP)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    failures = json.loads((out / "failures.json").read_text())
    assert [failure["error"] for failure in failures] == ["ProcessLost"]


@pytest.mark.slow
def test_jobs_are_refused_with_torchrun(command, tmp_path):
    process = launched(*command, "-o", tmp_path / "out", "--jobs", 2)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1 and "--jobs is 2" in errors and not (tmp_path / "out").exists()
