"""Every command finds weights by their path or by the name of released ones."""

from __future__ import annotations

import argparse
from pathlib import Path

from gdkvm_monai.cli.weights_option import add_weights_option
from gdkvm_monai.configs import bundle_dir


def test_weights_are_a_path_or_a_released_name():
    parser = argparse.ArgumentParser()
    add_weights_option(parser)
    assert parser.parse_args(["--weights", "light.pt"]).weights == bundle_dir() / "models" / "light.pt"
    assert parser.parse_args(["--weights", "my/model.pt"]).weights == Path("my/model.pt")
    assert parser.parse_args([]).weights is None
