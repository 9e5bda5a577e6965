"""The commands `gdkvm listen` and `gdkvm fetch` with a network that reads classes from gray levels, as a program."""

from __future__ import annotations

import sys
from unittest import mock

from gdkvm_monai.cli.main import main
from tests.study.gray_level_network import gray_level_pipeline

if __name__ == "__main__":
    with mock.patch("gdkvm_monai.study.pipeline.load_pipeline", lambda *_: gray_level_pipeline()):
        sys.exit(main(sys.argv[1:]))
