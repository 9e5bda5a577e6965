"""The options of ``gdkvm segment`` and how they are passed to a segmentation."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from gdkvm_monai.cli.segment_options import chosen_options, parse_options, parse_views
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.stills import Stills


def test_the_defaults_equal_those_of_the_python_api():
    chosen = chosen_options(parse_options(["clip.npy", "-o", "out"]))
    assert set(chosen) == {field.name for field in fields(SegmentOptions)}
    assert SegmentOptions(**chosen) == SegmentOptions()


def test_every_option_is_passed_to_the_python_api():
    words = "clip.npy -o out --view a4c --structures LV LA LV --fast --fps 40 --spacing 0.5 0.25 --no-crop --force"
    words += (
        " --allow-partial --max-voxels 1e6 --format png npz --overlay none --no-report --save-prob --sex F --bsa 1.72"
    )
    assert SegmentOptions(**chosen_options(parse_options(words.split()))) == SegmentOptions(
        *(
            "4CH",
            ("LV", "LA"),
            True,
            40,
            (0.5, 0.25),
            False,
            True,
            True,
            1_000_000,
            ("png", "npz"),
            "none",
            False,
            True,
        ),
        sex="F",
        body_surface_area_m2=1.72,
    )


def test_options_may_stand_between_clips():
    options = parse_options(["a.npy", "-o", "out", "b.npy", "--fast", "c.npy"])
    assert options.clips == [Path("a.npy"), Path("b.npy"), Path("c.npy")] and options.fast


def test_two_views_are_two_clips_in_any_order_and_spelling():
    assert parse_views(["A2C=b.dcm", "4ch=a=1.dcm"]) == {"2CH": Path("b.dcm"), "4CH": Path("a=1.dcm")}


@pytest.mark.parametrize(
    "entries",
    [
        ["4CH=a.dcm"],
        ["4CH=a.dcm", "A4C=b.dcm"],
        ["4CH=a.dcm", "2CH="],
        ["4CH=a.dcm", "2CH=./a.dcm"],
        ["4CH=a.dcm", "2CH=b.dcm", "2CH=c.dcm"],
        ["4CH=a.dcm", "PLAX=b.dcm"],
        ["a.dcm", "b.dcm"],
    ],
)
def test_anything_but_two_clips_of_two_views_is_refused(entries):
    with pytest.raises(ValueError, match="dcm|PLAX"):
        parse_views(entries)


def test_a_view_may_be_two_stills(tmp_path):
    pairs = {"4CH": Stills(Path("a.png"), Path("b.png")), "2CH": Stills(Path("c.png"), Path("d.png"))}
    assert parse_views(["4CH=a.png,b.png", "2CH=c.png,d.png"]) == pairs
    (tmp_path / "one,clip.dcm").touch()
    assert parse_views([f"4CH={tmp_path}/one,clip.dcm", "2CH=b.dcm"])["4CH"] == tmp_path / "one,clip.dcm"


@pytest.mark.parametrize(
    "words", ["--ed a.png", "--es a.png", "clip.npy --ed a.png --es b.png", "clip.npy --ed a.png", ""]
)
def test_one_kind_of_input_is_required(words, capsys):
    with pytest.raises(SystemExit):
        parse_options([*words.split(), "-o", "out"])
    assert "--ed" in capsys.readouterr().err
