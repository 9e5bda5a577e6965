"""The biplane report shows both views with their pictures, lengths, and warnings, and loads nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gdkvm_monai.study.report.biplane_page import write_biplane_report
from gdkvm_monai.study.report.embedded import read_pictures
from gdkvm_monai.study.report.writer import write_clip_report
from tests.study.report.clip_result import RUN, make_masks, make_measurements, make_table
from tests.study.test_biplane_record import BIPLANE, NOTHING

MASKS = make_masks()
NUMBERS = {view: make_measurements(MASKS) for view in ("4CH", "2CH")}
NO_REPORTS = {"4CH": None, "2CH": None}


@pytest.fixture(scope="module")
def clip_report(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "report.html"
    shown = (lambda frame: MASKS[..., frame] * 60), (lambda frame: MASKS[..., frame])
    write_clip_report(path, NUMBERS["4CH"], make_table(MASKS), RUN, *shown)
    return path


@pytest.fixture()
def page(tmp_path):
    def write(biplane=BIPLANE, reports=NO_REPORTS) -> str:
        write_biplane_report(tmp_path / "report.html", biplane, NUMBERS, reports)
        return (tmp_path / "report.html").read_text()

    return write


def test_all_four_frames_are_shown_with_their_contours(page, clip_report):
    text = page(reports={"4CH": clip_report, "2CH": clip_report})
    pictures = read_pictures(clip_report)
    frames = [frame for pair in BIPLANE.beats.values() for frame in pair]
    assert re.findall(r'<img src="([^"]+)"', text) == [pictures.urls[frame] for frame in frames]
    assert all(pictures.contours[frame]["LV"] in text for frame in frames)


def test_volumes_lengths_and_the_warning_are_on_the_page(page):
    text = page()
    plain = re.sub(r"<[^>]+>", "", text)
    for value in ("57", "112.3", "48.1", "88.0", "76.5", "70.0", "68.0", "13.1", "2.9", BIPLANE.method.id):
        assert value in plain, value
    assert (
        "Foreshortening: at ED" in plain and BIPLANE.flags[0] in plain and "2CH: the masks were edited by hand" in plain
    )
    assert "Quality: Check" in plain and plain.count(BIPLANE.notice) == 2
    assert all(identifier in plain for identifier in BIPLANE.views.values())
    assert plain.count("There is no picture") == 4
    for view in ("4CH", "2CH"):
        assert f"{view}: the weights were trained on CAMUS, and the view is assumed to be 4CH." in plain
    assert "Foreshortening" not in page(replace(BIPLANE, foreshortening=""))


def test_a_withheld_ejection_fraction_is_explained(page):
    text = page(NOTHING)
    assert "2CH: the pixel spacing is absent." in text and "<figure>" not in text


def test_the_page_has_no_script_and_no_address(page, clip_report):
    text = page(reports={"4CH": clip_report, "2CH": None})
    assert "<script" not in text and "http" not in text.replace("http-equiv", "") and "default-src 'none'" in text
    evil = page(replace(BIPLANE, ef_withheld="<script>x</script>", ef_percent=None))
    assert "<script" not in evil
