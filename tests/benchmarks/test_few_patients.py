"""Few patients of a new site: sites without overlap, and trainings that differ only in what the row says."""

from __future__ import annotations

from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from benchmarks import few_patients
from benchmarks.few_patients import FINETUNE, ROWS, Site, budget, camus_site
from gdkvm_monai.configs import find_config
from gdkvm_monai.configs.ids import check_ids
from gdkvm_monai.data import camus_datalist


@pytest.mark.parametrize("run", ["training", "evaluating"])
@pytest.mark.parametrize("row", ROWS)
def test_every_training_and_evaluation_names_options_that_exist(row, run):
    configs, changes = ROWS[row]
    settings = [*changes, *budget(300, row, Path("model.pt")), "--seed=0"]
    files = [*configs, "evaluate.json"] if run == "evaluating" else configs
    options = dict(setting.removeprefix("--").split("=", 1) for setting in settings)
    check_ids([str(find_config(name)) for name in files], options)


def test_only_fine_tuning_starts_from_the_weights_and_every_training_has_the_same_length():
    settings = {row: budget(300, row, Path("model.pt")) for row in ROWS}
    assert {row for row, of in settings.items() if "--initial_weights=model.pt" in of} == {
        row for row, (configs, _) in ROWS.items() if configs is FINETUNE
    }
    assert all({"--epochs=3", "--iterations_per_epoch=100"} <= set(of) for of in settings.values())


def test_the_default_length_is_that_of_fine_tuning(monkeypatch):
    monkeypatch.setattr("sys.argv", ["few_patients", "--dataset_dir", "camus"])
    config = ConfigParser(ConfigParser.load_config_files([str(find_config(name)) for name in FINETUNE]))
    assert few_patients.parse()[0].iterations == config["epochs"] * config["iterations_per_epoch"]


def test_the_official_validation_patients_are_split_into_20_for_training_and_30_others(tmp_path):
    names = [f"patient{number:04d}" for number in range(50)]
    (tmp_path / "database_split").mkdir()
    (tmp_path / "database_split" / "subgroup_validation.txt").write_text("\n".join(names))
    site = camus_site(tmp_path)
    assert len(site.training) == 20 and len(site.evaluated) == 30
    assert sorted([*site.training, *site.evaluated]) == names


def test_a_site_is_read_as_camus_and_more_patients_extend_fewer(phantom_root, tmp_path):
    site = Site(phantom_root, ["patient0003", "patient0001", "patient0002"], ["patient0004", "patient0005"])
    for count in (1, 3):
        folder = site.write(tmp_path / f"{count}", count)
        assert site.write(folder, count) == folder  # again, as when a benchmark is resumed
        listed = {
            section: [item["patient"] for item in camus_datalist(folder, section, ["4CH"], "stills", None)]
            for section in ("training", "validation")
        }
        assert listed == {"training": list(site.training[:count]), "validation": list(site.evaluated)}


@pytest.mark.parametrize("count", ["0", "21"])
def test_a_number_of_patients_that_a_site_does_not_have_is_refused(count, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["few_patients", "--dataset_dir", "camus", "--patients", "5", count])
    with pytest.raises(SystemExit):
        few_patients.parse()
    assert f"--patients {count}: expected 1 to 20" in capsys.readouterr().err
