"""Options that `gdkvm listen` and `gdkvm fetch` share."""

from __future__ import annotations

import argparse
import logging

import pytest

from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.cli.archive_options import add_archive_options, chosen_limits, load_segmenter, start_log
from tests.study.tiny_command import write_tiny_weights


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_archive_options(parser)
    return parser.parse_args(["--out", "out", *words])


def test_the_default_limits_are_those_of_the_package():
    assert chosen_limits(options()) == Limits()


def test_limits_are_in_the_units_of_their_names():
    words = "--max-clips 3 --max-gb 0.5 --free-gb 0 --max-clip-mb 2".split()
    assert chosen_limits(options(*words)) == Limits(3, 500_000_000, 0, 2_000_000)


@pytest.mark.parametrize(
    "words", [("--max-clips", "0"), ("--max-gb", "0"), ("--free-gb", "-1"), ("--max-clip-mb", "nan")]
)
def test_a_limit_without_room_is_refused(words):
    with pytest.raises(ValueError, match=f"{words[0]} is {words[1]}"):
        chosen_limits(options(*words))


def test_every_clip_gives_seg_and_sr(tmp_path):
    segmenter = load_segmenter(options("--weights", str(write_tiny_weights(tmp_path)), "--fast", "--no-report"))
    chosen = segmenter.options
    assert {"dicom-seg", "dicom-sr"} <= set(chosen.formats) and chosen.fast and not chosen.report
    assert segmenter.pipeline.provenance.network == "GDKVM"


def test_the_log_is_one_line_an_event_on_the_standard_error(capsys):
    start_log()
    start_log()
    logging.getLogger("gdkvm_monai.archive.worker").info("clip %s", "a")
    captured = capsys.readouterr()
    assert captured.err.count("clip a\n") == 1 and not captured.out
