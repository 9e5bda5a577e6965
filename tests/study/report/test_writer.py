"""The clip report: all it needs is in it, nothing gets out of its text, and what is unknown says why."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.study.report.tables import DASH
from gdkvm_monai.study.report.writer import write_clip_report
from tests.study.report.clip_result import (
    ED,
    ES,
    NOTICE,
    PROVENANCE,
    make_columns,
    make_masks,
    make_measurements,
    without_beats,
)

MASKS = make_masks()
EVIL = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>&\"$x ${y}"


class Page(HTMLParser):
    """Tags with their attributes, the text that is shown, and what scripts and styles hold."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags, self.scripts, self.styles, self.text, self._open = [], [], [], "", ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = tag if tag in ("script", "style") else ""
        if self._open:
            getattr(self, f"{tag}s").append([dict(attrs), ""])

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open:
            getattr(self, f"{self._open}s")[-1][1] += data
        else:
            self.text += data

    def data(self, name: str):
        return next(json.loads(content) for attrs, content in self.scripts if attrs.get("id") == name)


def write(path, masks=MASKS, measurements=None, columns=None, provenance=PROVENANCE, **options) -> tuple[str, Page]:
    measurements = measurements or make_measurements(masks)
    columns = columns or make_columns(masks)
    gray = (60 * (masks > 0) + 40).astype(np.uint8)
    sources = {"picture": lambda t: gray[..., t], "mask": lambda t: masks[..., t]}
    write_clip_report(path / "report.html", measurements, columns, provenance, **{**sources, **options})
    source = (path / "report.html").read_text(encoding="utf-8")
    return source, Page(source)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[str, Page]:
    return write(tmp_path_factory.mktemp("report"))


def test_the_numbers_the_verdict_and_the_notice_can_be_read(written):
    text = written[1].text.replace("\u00a0", " ")
    for expected in ("57 %", "54.8–58.9 %", "112 mL", "Quality: Check", "Rate is low.", "150 /min", "single-plane-a4c"):
        assert expected in text
    assert "Mean of 2 beats, SD 1.5 %" in text and "not a confidence interval" in text
    assert "0.600 × 0.600 mm (lateral × depth), trust: ok" in text and "input, sha256" in text
    assert text.count(NOTICE) == 2


def test_nothing_is_loaded_and_only_its_own_script_and_style_may_run(written):
    source, page = written
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;") and "unsafe" not in policy
    (style,) = page.styles
    (script,) = [content for attrs, content in page.scripts if attrs.get("type") != "application/json"]
    for content in (style[1], script):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'" in policy
    for tag, attrs in page.tags:
        assert tag not in ("iframe", "object", "embed", "base", "form", "audio", "video")
        assert not [name for name in attrs if name.startswith("on") or name in ("style", "srcset", "action")]
        assert all((attrs.get(name) or "data:").startswith("data:") for name in ("src", "href"))
    assert not re.search(r"https?://|url\(|@import", source)


def test_every_control_and_picture_has_a_name(written):
    labels = re.findall(r"<label[^>]*>.*?</label>", written[0], flags=re.DOTALL)
    for tag, attrs in written[1].tags:
        if tag in ("button", "canvas") or attrs.get("role") in ("img", "group"):
            assert attrs.get("aria-label")
        if tag in ("select", "input") and not attrs.get("aria-label"):
            known = attrs.get("id") or attrs.get("data-structure")
            assert any(f'"{known}"' in label for label in labels)
        assert tag != "img" or attrs["alt"]


def test_all_frames_of_a_short_clip_are_embedded_once_in_the_hearts_proportions(tmp_path):
    source, page = write(tmp_path, measurements=make_measurements(MASKS, (0.3, 0.6)))
    pictures = page.data("clip-pictures")
    assert len(pictures) == 24 == source.count("data:image/jpeg") and page.data("clip-data")["shown"] == list(range(24))
    picture = Image.open(io.BytesIO(base64.b64decode(pictures[5].split(",")[1])))
    assert picture.size == (32, 48) and picture.mode == "L"
    expected = np.asarray(Image.fromarray((60 * (MASKS[..., 5] > 0) + 40).astype(np.uint8).T).resize((32, 48)))
    assert np.abs(np.asarray(picture).astype(int) - expected).mean() < 3  # upright: depth runs down


def test_contours_lie_on_the_borders_with_few_points(written):
    contour = written[1].data("clip-data")["contours"][0]["LV"]
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", contour), float)
    columns, rows = np.nonzero(MASKS[..., 0] == 1)
    np.testing.assert_allclose(points.min(axis=0), (columns.min(), rows.min()), atol=0.7)
    np.testing.assert_allclose(points.max(axis=0), (columns.max() + 1, rows.max() + 1), atol=0.7)
    assert 6 <= len(points) <= 40 and contour.endswith("Z")


def test_of_a_long_clip_every_nth_frame_and_all_of_ed_and_es_are_shown_and_the_page_says_so(tmp_path):
    _, page = write(tmp_path, max_frames=12)
    shown = page.data("clip-data")["shown"]
    assert len(shown) <= 12 and {*ED, *ES} <= set(shown) and set(range(0, 24, 3)) <= set(shown)
    assert f"{len(shown)} of 24 frames are shown: every 3rd frame" in page.text
    assert len(page.data("clip-data")["columns"]["LV_px"]) == 24  # curves keep every frame


def test_the_sampled_frames_alone_are_read_and_each_only_once(tmp_path):
    read = []

    def picture(frame):
        read.append(frame)
        return np.zeros((64, 48), np.uint8)

    _, page = write(tmp_path, picture=picture, max_frames=8)
    assert read == page.data("clip-data")["shown"] and len(read) <= 8


def test_a_script_in_any_text_is_shown_and_never_run(tmp_path):
    def poison(value):
        if isinstance(value, dict):
            return {key: poison(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [poison(entry) for entry in value]
        return EVIL if isinstance(value, str) else value

    measurements = poison(make_measurements(MASKS))
    measurements["clip"]["spacing_trust"], measurements["structures"] = "ok", ["LV", "MYO", "LA"]
    provenance = poison(PROVENANCE) | {EVIL: EVIL, "nested": {EVIL: {EVIL: [EVIL]}}}
    for name, numbers in {"all": measurements, "none": poison(without_beats(measurements))}.items():
        numbers["structures"] = ["LV", "MYO", "LA"]
        (tmp_path / name).mkdir()
        source, page = write(tmp_path / name, measurements=numbers, provenance=provenance)
        assert len(page.scripts) == 3 and source.count("<script") == 3 == source.count("</script>")
        assert not [attrs for _, attrs in page.tags if "onerror" in attrs or attrs.get("src") == "x"]
        assert page.text.count(EVIL) > 15


def test_what_is_unknown_is_an_en_dash_with_its_reason(tmp_path):
    measurements = make_measurements(MASKS, None)
    measurements["phases"]["heart_rate_bpm"] = None
    clip = measurements["clip"]
    clip |= {"frame_time_ms": None, "frame_rate_hz": None, "frame_time_source": None, "view": None}
    columns = make_columns(MASKS, timed=False, known=False)
    source, page = write(tmp_path, measurements=measurements, columns=columns)
    assert f"{DASH} the spacing of the pixels is absent, so nothing is given in cm or mL." in page.text
    assert "57" in page.text and "View not stated" in page.text and " px" in page.text.replace("\u00a0", " ")
    assert f"{DASH} the heart rate needs two end-diastoles" in page.text
    assert f"{DASH} the file states no frame time" in page.text and "1× plays 25 frames per second" in page.text
    assert "% of the largest" in page.text and page.data("clip-data")["times"] is None
    assert not re.search(r"\b(nan|null|none)\b", page.text.lower())
    assert "mL</small>" in source and "cm²" not in page.text


def test_without_a_beat_the_reason_stands_for_the_numbers(tmp_path):
    numbers = without_beats(make_measurements(MASKS), "the curve changes by less than 5%.")
    source, page = write(tmp_path, measurements=numbers)
    assert page.text.count("the curve changes by less than 5%.") >= 3 and "57" not in page.text.split("Provenance")[0]
    assert '<p class="ef-value">–</p>' in source and 'class="has-stills"' not in source


def test_one_frame_and_empty_masks_make_a_report(tmp_path):
    masks = np.zeros((64, 48, 1), np.uint8)
    columns = make_columns(masks) | {"LV_volume_ml": [None], "LV_volume_relative": [None], "valid": [False]}
    _, page = write(tmp_path, masks, without_beats(make_measurements(masks)), columns)
    assert page.data("clip-data")["shown"] == [0] and page.data("clip-data")["percent"] == [50.0]
    assert page.data("clip-data")["contours"] == [{"LV": "", "MYO": "", "LA": ""}]
    assert "No frame holds a structure" in page.text


@pytest.mark.parametrize("verdict", ["good", "check", "reject"])
def test_the_verdict_is_a_word_and_not_a_color_alone(tmp_path, verdict):
    numbers = make_measurements(MASKS) | {"quality": {"verdict": verdict, "reasons": []}}
    source, page = write(tmp_path, measurements=numbers)
    assert f"Quality: {verdict.capitalize()}" in page.text and f'class="verdict {verdict}"' in source


def test_frames_that_are_not_valid_are_shaded_and_unknown_values_leave_a_gap(tmp_path):
    columns = make_columns(MASKS)
    columns["valid"][4] = columns["valid"][5] = False
    columns["LV_volume_ml"][4] = columns["LV_volume_ml"][5] = None
    source, page = write(tmp_path, columns=columns)
    assert "Shaded: 2 frames not valid." in page.text
    assert source.count('<rect class="invalid"') == 2  # one stretch in each of two panels
    assert re.search(r'class="curve LV" d="(.+?)"', source)[1].count("M") == 2


def test_a_failure_leaves_the_earlier_report_and_no_partial_file(tmp_path):
    before, _ = write(tmp_path)

    def broken(frame):
        if frame == 20:
            raise OSError("the disk is gone")
        return np.zeros((64, 48), np.uint8)

    with pytest.raises(OSError, match="the disk is gone"):
        write(tmp_path, picture=broken)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ValueError, match="equally long"):
        write(tmp_path, columns=make_columns(MASKS) | {"valid": [True]})
    with pytest.raises(ValueError, match="equally long"):
        write(tmp_path, columns={name: [] for name in make_columns(MASKS)})
    with pytest.raises(ValueError, match=r"frame 0 has \(48, 64\) pixels, the measurements state 64 x 48"):
        write(tmp_path, mask=lambda t: MASKS[..., t].T)
    with pytest.raises(ValueError, match="max_frames 0"):
        write(tmp_path, max_frames=0)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path, columns=make_columns(MASKS) | {"LV_cm2": [float("nan")] * 24})


@pytest.mark.slow
def test_a_long_clip_of_full_size_and_noise_stays_below_6_mb(tmp_path):
    masks = np.repeat(make_masks((640, 480), 1), 300, axis=2)
    speckle = Image.fromarray(np.random.default_rng(0).rayleigh(60, (240, 320)).clip(0, 255).astype(np.uint8))
    gray = np.asarray(speckle.resize((480, 640), Image.Resampling.BICUBIC))
    write(tmp_path, masks, make_measurements(masks), make_columns(masks), picture=lambda t: gray)
    assert (tmp_path / "report.html").stat().st_size < 6e6


def test_of_more_phases_than_frames_may_be_shown_those_of_the_beat_side_by_side_are_kept(tmp_path):
    measurements = make_measurements(MASKS)
    measurements["beats"][0]["ef_percent"] = None
    _, page = write(tmp_path, measurements=measurements, max_frames=4)
    assert len(page.data("clip-data")["shown"]) <= 4 and {ED[1], ES[1]} <= set(page.data("clip-data")["shown"])
    assert "ED and ES of beat 2 of 2" in page.text and "and ED and ES of the beat below" in page.text
    with pytest.raises(ValueError, match="max_frames is 2, with the first frame 3 are to be kept; raise it"):
        write(tmp_path, measurements=measurements, max_frames=2)


def test_of_many_beats_the_first_are_listed_and_the_others_counted(tmp_path):
    measurements = make_measurements(MASKS)
    measurements["beats"] *= 50
    source, page = write(tmp_path, measurements=measurements)
    assert source.count('class="seek"') == 24 and "88 more beats: measurements.json" in page.text
