"""A data set of another kind than the config's is recognized, and its config named."""

from __future__ import annotations

import pytest

from gdkvm_monai.data import camus_datalist, echonet_datalist
from gdkvm_monai.data.datalists.kinds import advise_config


def test_echonet_given_to_the_config_of_camus_is_told_its_overlay(tmp_path):
    (tmp_path / "FileList.csv").touch()
    with pytest.raises(FileNotFoundError, match="holds EchoNet-Dynamic.*add bundle/configs/echonet.yaml"):
        camus_datalist(tmp_path)


@pytest.mark.parametrize("name", ["database_nifti", "database_split", "patient0001"])
def test_camus_given_to_the_config_of_echonet_is_told_its_config(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(FileNotFoundError, match="holds CAMUS.*leave echonet.yaml out"):
        echonet_datalist(tmp_path)


@pytest.mark.parametrize("expected", ["CAMUS", "EchoNet-Dynamic"])
def test_an_unknown_folder_gets_no_advice(tmp_path, expected):
    assert advise_config(tmp_path, expected) is None
