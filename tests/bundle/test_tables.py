"""The papers' tables as commands: recipes that mean something, and trainings that diverge stay in the table."""

from __future__ import annotations

import json

import pytest

from benchmarks import tables
from benchmarks.camus_stills import COLUMNS, NETWORKS, divergence, keep_settings, parameters, table
from benchmarks.table_rows import TABLES, Row
from gdkvm_monai.configs import find_config
from gdkvm_monai.configs.ids import check_ids

ROWS = {row.run: row for rows in TABLES.values() for row in rows}
DIVERGED = "2026-01-01 00:00:00,000 TrainingRun ERROR training failed after iteration {}: the {} in iteration 7, which"


@pytest.mark.parametrize("run", ROWS)
@pytest.mark.parametrize("data", tables.DATA)
def test_every_row_names_overlays_and_options_that_exist(run, data):
    base, changes = tables.DATA[data]
    overlays, own = ROWS[run].recipe
    settings = dict(change.removeprefix("--").split("=", 1) for change in (*own, *changes))
    check_ids([str(find_config(name)) for name in (*base, *overlays)], settings)


def test_rows_share_a_training_exactly_if_they_share_a_recipe():
    every = [row for rows in TABLES.values() for row in rows]
    for first in every:
        for second in every:
            assert (first.run == second.run) == (first.recipe == second.recipe)
    assert TABLES["table3"][3].run == TABLES["table4"][4].run == TABLES["baselines"][0].run


def test_every_network_of_the_stills_is_counted_and_has_the_size_that_the_results_state():
    millions = {name: round(parameters(recipe) / 1e6, 1) for name, recipe in NETWORKS.items()}
    light = ("GDKVM, light", "GDKVM, light, without ImageNet")
    assert millions == dict.fromkeys(light, 2.1) | {"GDKVM, the paper's": 15.2, "U-Net": 6.5, "Vivim": 5.1}


def test_table_3_switches_the_two_components_and_table_4_has_every_rule_with_both_keys():
    sizes = [parameters(row.recipe) for row in TABLES["table3"]]
    gates, fused = sizes[1] - sizes[0], sizes[2] - sizes[0]
    assert gates == 64 * 64 + 64 + 64 + 1 and fused > 0 and sizes[3] == sizes[0] + gates + fused
    assert len({row.run for row in TABLES["table4"]}) == 12


@pytest.mark.parametrize("what", ["loss is nan", "norm of the gradient is inf", "loss is -inf"])
def test_a_training_that_ended_at_a_number_that_is_not_finite_has_diverged(tmp_path, what):
    (tmp_path / "training").mkdir()
    log = tmp_path / "training" / "log.txt"
    assert divergence(tmp_path) == ""
    log.write_text("training failed after iteration 6: clip.nii.gz: No space left on device; free space, and resume")
    assert divergence(tmp_path) == ""
    log.write_text(DIVERGED.format(6, what))
    assert divergence(tmp_path) == f"diverged after iteration 6: the {what}"


def write_run(folder, dice: float, diverged: bool = False):
    """Write what the table reads of one training."""
    (folder / "training").mkdir(parents=True)
    if diverged:
        (folder / "training" / "log.txt").write_text(DIVERGED.format(3, "loss is nan"))
        return folder
    curve = f"series,iteration,value\ntrain_loss,1,0.5\nval_mean_dice,1,{dice}\n"
    (folder / "training" / "learning_curve.csv").write_text(curve)
    (folder / "seconds.txt").write_text("12\n")
    (folder / "eval").mkdir()
    groups: dict[str, list] = {"structure": [], "structure x phase": []}
    for structure, phase, _ in COLUMNS:
        scores = {"dice": {"mean": dice}, "hd95": {"mean": 3.0}}
        group = {"structure": structure, "phase": phase, "scores": scores}
        groups["structure x phase" if phase else "structure"].append(group)
    (folder / "eval" / "metrics.json").write_text(json.dumps({"scores": groups}))
    return folder


def test_a_diverged_training_is_counted_and_a_row_of_them_is_not_dropped(tmp_path):
    runs = {
        "some": [write_run(tmp_path / "a0", 0.9), write_run(tmp_path / "a1", 0.0, diverged=True)],
        "all": [write_run(tmp_path / "b0", 0.0, diverged=True)],
    }
    recipe = TABLES["table3"][0].recipe
    _, _, some, none = table(runs, {"some": recipe, "all": recipe}).split("\n")
    assert some.startswith("| some | 2.1 | 2, 1 diverged | 0.9000 | 3.00 |")
    assert none.startswith("| all | 2.1 | 1, 1 diverged | diverged | ") and none.count("diverged") == 1 + len(COLUMNS)


def test_the_table_is_written_with_cited_scores_ties_the_reason_of_each_divergence_and_plots(tmp_path, capsys):
    rows = [Row("first", cited="95.11"), Row("second")]
    scores = {"first": (0.91, 0.93), "second": (0.92, 0.93)}
    runs = {
        name: [write_run(tmp_path / f"{name}{i}", dice) for i, dice in enumerate(of)] for name, of in scores.items()
    }
    runs["second"].append(write_run(tmp_path / "second2", 0.0, diverged=True))
    tables.write(tmp_path / "out", rows, runs)
    lines = (tmp_path / "out" / "table.md").read_text().split("\n")
    assert lines[0].endswith("| s | cited |") and lines[2].endswith("| 12 | 95.11 |")
    assert "0.9200 ± 0.0141, tie" in lines[2] and "0.9250 ± 0.0071, tie" in lines[3]
    assert "- second, seed 2: diverged after iteration 3: the loss is nan" in lines
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "learning_curves.png",
        "scores.png",
        "table.md",
    ]
    assert lines[0] in capsys.readouterr().out


def test_a_budget_is_split_into_epochs_of_about_a_hundred_iterations():
    assert tables.epochs(6) == {"epochs": 1, "iterations_per_epoch": 6}
    assert tables.epochs(600) == {"epochs": 6, "iterations_per_epoch": 100}
    for iterations in (251, 0):
        with pytest.raises(ValueError, match=f"iterations is {iterations}"):
            tables.epochs(iterations)


def test_a_study_keeps_trainings_by_data_and_budget_and_tables_share_them(tmp_path):
    def study(*given: str) -> tables.Study:
        parser = tables.arguments("")
        return tables.Study.chosen(parser, parser.parse_args([*given, "--out", str(tmp_path)]))

    rules, components = study("table4", "--seeds", "2"), study("table3", "--seeds", "2", "--rows", "LKVA, GDR, KPFF")
    shared = components.runs["LKVA, GDR, KPFF"]
    assert shared == rules.runs["GDR, normalized keys"] and [folder.name[-2:] for folder in shared] == [" 0", " 1"]
    assert shared[0].parent == tmp_path / f"phantom {tables.BUDGET['phantom']}"
    assert study("table4", "--iterations", "0").iterations == 0, "which is refused, not replaced by the default"
    assert (rules.dataset_dir, len(rules.rows), len(components.rows)) == (tmp_path / "phantoms", 12, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--rows", "LKVA, GRD"), "its rows are LKVA; LKVA, GDR"),
        (("--data", "camus_stills"), "needs --dataset_dir"),
        (("--seeds", "0"), "--seeds is 0, expected at least 1"),
    ],
)
def test_a_row_that_does_not_exist_stills_without_a_folder_and_no_seed_are_refused(given, said, capsys):
    parser = tables.arguments("")
    with pytest.raises(SystemExit):
        tables.Study.chosen(parser, parser.parse_args(["table3", *given]))
    assert said in capsys.readouterr().err


def test_a_table_has_the_rows_of_other_processes_and_a_folder_one_training(tmp_path):
    parser = tables.arguments("")
    given = ["table3", "--out", str(tmp_path), "--seeds", "1", "--rows", "LKVA, GDR"]
    study = tables.Study.chosen(parser, parser.parse_args(given))
    assert [row.label for row in study.with_finished().rows] == ["LKVA, GDR"]
    write_run(tmp_path / "phantom 300" / f"{TABLES['table3'][0].run} 0", 0.9)
    assert [row.label for row in study.with_finished().rows] == ["LKVA", "LKVA, GDR"]
    keep_settings(tmp_path / "run", ["a.yaml", "--seed=0"])
    keep_settings(tmp_path / "run", ["a.yaml", "--seed=0"])
    with pytest.raises(ValueError, match="--learning_rate=1"):
        keep_settings(tmp_path / "run", ["a.yaml", "--seed=0", "--learning_rate=1"])
