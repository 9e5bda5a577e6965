"""The pictures of a report are read back as they were embedded."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.study.report.embedded import read_pictures
from gdkvm_monai.study.report.writer import write_clip_report
from tests.study.report.clip_result import ED, RUN, make_masks, make_measurements, make_table


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    masks = make_masks()
    path = tmp_path_factory.mktemp("report") / "report.html"
    shown = lambda frame: masks[..., frame] * 60  # noqa: E731
    write_clip_report(path, make_measurements(masks), make_table(masks), RUN, shown, lambda frame: masks[..., frame])
    return path, masks


def test_every_embedded_frame_is_close_to_the_frame_of_the_clip(report):
    path, masks = report
    pictures = read_pictures(path)
    assert sorted(pictures.urls) == list(range(masks.shape[-1])) == sorted(pictures.contours)
    for frame in (0, 5, 23):
        gray = pictures.gray(frame, masks.shape[:2])
        assert gray.shape == masks.shape[:2] and gray.dtype == np.uint8
        assert np.abs(gray.astype(float) - masks[..., frame] * 60).mean() < 6
    assert pictures.contours[ED[0]]["LV"].startswith("M")


def test_a_page_that_is_no_report_is_refused(report, tmp_path):
    whole = report[0].read_text()
    for text in (
        "",
        "<html></html>",
        whole.replace("data:image/jpeg", "data:image/png"),
        whole.replace('"shown"', '"x"'),
    ):
        (tmp_path / "report.html").write_text(text)
        with pytest.raises(ValueError, match="report.html is not a clip report"):
            read_pictures(tmp_path / "report.html")
    with pytest.raises(FileNotFoundError):
        read_pictures(tmp_path / "absent.html")
