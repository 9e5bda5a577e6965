"""The clip report is self-contained, escapes all text, and gives a reason for every unknown value."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.study.dimensions import Patient
from gdkvm_monai.study.measurements import NOTICE, Quality, Reason
from gdkvm_monai.study.report.environment import DASH, TEMPLATES, sentence
from gdkvm_monai.study.report.writer import write_clip_report
from tests.study.report.clip_result import (
    ED,
    ES,
    NO_CHANGE,
    RUN,
    make_masks,
    make_measurements,
    make_table,
    without_beats,
    without_values,
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


def write(path, masks=MASKS, measurements=None, table=None, run=RUN, **options) -> tuple[str, Page]:
    measurements = measurements or make_measurements(masks)
    table = table or make_table(masks)
    gray = (60 * (masks > 0) + 40).astype(np.uint8)
    sources = {"picture": lambda t: gray[..., t], "mask": lambda t: masks[..., t]}
    write_clip_report(path / "report.html", measurements, table, run, **{**sources, **options})
    source = (path / "report.html").read_text(encoding="utf-8")
    return source, Page(source)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[str, Page]:
    return write(tmp_path_factory.mktemp("report"))


def test_the_page_shows_the_measurements_the_verdict_and_the_notice(written):
    text = written[1].text.replace("\u00a0", " ")
    for expected in ("57 %", "55–59 %", "112 mL", "Quality: Check", "Rate is low.", "150 /min", "single-plane-a4c"):
        assert expected in text
    assert "Mean of 2 beats, SD 1.5 %" in text and "not a confidence interval" in text
    assert "0.600 × 0.600 mm (lateral × depth)" in text and "Input, SHA-256" in text
    assert text.count(NOTICE) == 2


def test_a_banner_says_that_the_weights_were_trained_on_other_clips(tmp_path):
    messages = {"weights_domain": "never seen a patient.", "weights_view": "trained on 4CH.", "frame_rate": "low."}
    reasons = tuple(Reason(code, "check", message) for code, message in messages.items())
    _, page = write(tmp_path, measurements=replace(make_measurements(MASKS), quality=Quality("check", reasons)))
    assert [attrs["role"] for tag, attrs in page.tags if attrs.get("class") == "banner"] == ["alert", "alert"]
    assert page.text.count("Never seen a patient.") == page.text.count("Trained on 4CH.") == 2
    assert page.text.count("Low.") == 1


def test_the_page_loads_nothing_and_allows_only_its_own_script_and_style(written):
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


def test_all_frames_of_a_short_clip_are_embedded_once_with_the_true_aspect_ratio(tmp_path):
    source, page = write(tmp_path, measurements=make_measurements(MASKS, (0.3, 0.6)))
    pictures = page.data("clip-pictures")
    assert len(pictures) == 24 == source.count("data:image/jpeg") - 2 and page.data("clip-data")["shown"] == list(
        range(24)
    )
    picture = Image.open(io.BytesIO(base64.b64decode(pictures[5].split(",")[1])))
    assert picture.size == (32, 48) and picture.mode == "L"
    expected = np.asarray(Image.fromarray((60 * (MASKS[..., 5] > 0) + 40).astype(np.uint8).T).resize((32, 48)))
    assert np.abs(np.asarray(picture).astype(int) - expected).mean() < 3  # upright: depth runs down


def test_a_long_clip_shows_every_nth_frame_and_all_ed_and_es_frames_and_the_page_says_so(tmp_path):
    _, page = write(tmp_path, max_frames=12)
    shown = page.data("clip-data")["shown"]
    assert len(shown) <= 12 and {*ED, *ES} <= set(shown) and set(range(0, 24, 3)) <= set(shown)
    assert f"Showing {len(shown)} of 24 frames: every 3rd frame plus all ED and ES frames" in page.text
    assert len(page.data("clip-data")["plots"][1]["LV"]) == 24  # curves keep every frame


def test_only_the_sampled_frames_are_read_and_each_only_once(tmp_path):
    read = []

    def picture(frame):
        read.append(frame)
        return np.zeros((64, 48), np.uint8)

    _, page = write(tmp_path, picture=picture, max_frames=8)
    assert sorted(read) == page.data("clip-data")["shown"] and len(read) <= 8


CHOSEN = ("view", "verdict", "spacing_trust", "sex", "cardiac_output_rate", "concern")


def poison(record):
    """Put a script into every text of a record, past its checks; what is chosen from a list stays as it is."""
    for field in fields(record):
        value = getattr(record, field.name)
        parts = value if isinstance(value, tuple) else [value]
        if isinstance(value, str) and field.name not in CHOSEN:
            object.__setattr__(record, field.name, EVIL)
        for part in filter(is_dataclass, parts):
            poison(part)
    return record


@pytest.mark.parametrize("change", [replace, without_beats])
def test_a_script_in_any_text_is_displayed_and_never_executed(tmp_path, change):
    measurements = copy.deepcopy(change(make_measurements(MASKS)))
    run = poison(copy.deepcopy(replace(RUN, not_written={EVIL: EVIL})))
    source, page = write(tmp_path, measurements=poison(measurements), run=run)
    assert len(page.scripts) == 3 and source.count("<script") == 3 == source.count("</script>")
    assert not [attrs for _, attrs in page.tags if "onerror" in attrs or attrs.get("src") == "x"]
    assert page.text.count(EVIL) > 15


def test_unknown_values_are_an_en_dash_with_the_reason(tmp_path):
    measurements = make_measurements(MASKS, None)
    times = {"frame_time_ms": None, "frame_rate_hz": None, "frame_time_source": None}
    measurements = replace(
        measurements,
        phases=replace(measurements.phases, heart_rate_bpm=None),
        clip=replace(measurements.clip, view=None, **times),
    )
    source, page = write(tmp_path, measurements=measurements, table=make_table(MASKS, timed=False, known=False))
    assert f"{DASH} The pixel spacing is unknown, so no values are given in cm² or mL." in page.text
    assert "57" in page.text and "View not stated" in page.text and " px" in page.text.replace("\u00a0", " ")
    assert f"{DASH} The heart rate requires two end-diastolic frames" in page.text
    assert f"{DASH} The frame time is unknown" in page.text and "1× plays 25 frames per second" in page.text
    assert "% of maximum" in page.text and page.data("clip-data")["times"] is None
    assert not re.search(r"\b(nan|null|none)\b", page.text.lower().split("provenance")[0])
    assert "mL</small>" in source and "cm²</small>" not in source


def test_without_a_beat_the_page_gives_the_reason_instead_of_numbers(tmp_path):
    source, page = write(tmp_path, measurements=without_beats(make_measurements(MASKS)))
    assert page.text.count(sentence(NO_CHANGE)) >= 3 and "57" not in page.text.split("Provenance")[0]
    assert '<p class="ef-value">–</p>' in source and 'class="has-stills"' not in source


def test_a_single_frame_and_empty_masks_can_be_reported(tmp_path):
    masks = np.zeros((64, 48, 1), np.uint8)
    table = replace(make_table(masks), lv_volume_ml=(None,), lv_volume_relative=(None,), valid=(False,))
    _, page = write(tmp_path, masks, without_beats(make_measurements(masks)), table)
    assert page.data("clip-data")["shown"] == [0] and page.data("clip-data")["percent"] == [50.0]
    assert page.data("clip-data")["contours"] == [{"LV": "", "MYO": "", "LA": ""}]
    assert "No structure was found in any frame" in page.text


@pytest.mark.parametrize("verdict", ["good", "check", "reject"])
def test_the_verdict_is_a_word_and_not_a_color_alone(tmp_path, verdict):
    numbers = replace(make_measurements(MASKS), quality=Quality(verdict, ()))
    source, page = write(tmp_path, measurements=numbers)
    assert f"Quality: {verdict.capitalize()}" in page.text and f'class="verdict {verdict}"' in source


def test_invalid_frames_are_shaded_and_unknown_values_leave_a_gap(tmp_path):
    table = make_table(MASKS)
    table = replace(
        table,
        valid=tuple(frame not in (4, 5) for frame in range(24)),
        lv_volume_ml=without_values(table.lv_volume_ml, 4, 5),
    )
    source, page = write(tmp_path, table=table)
    assert "Shaded: 2 invalid frames." in page.text
    assert source.count('<rect class="invalid"') == 3  # one stretch in each panel
    assert re.search(r'class="curve LV" d="(.+?)"', source)[1].count("M") == 2


def test_curves_are_labeled_with_their_range_and_phases_are_named_once(written):
    source, page = written
    labels = [attrs["aria-label"] for tag, attrs in page.tags if attrs.get("class") == "plot"]
    assert [label.split(":")[0] for label in labels] == [
        "Volume (mL) over time",
        "Length (mm) over time",
        "Area (cm²) over time",
    ]
    assert re.fullmatch(r"LV [\d.]+ to [\d.]+, MYO [\d.]+ to [\d.]+, LA [\d.]+ to [\d.]+", labels[2].split(": ")[1])
    assert source.count('class="phase ED"') == 3 * len(ED) and source.count('class="phase-name"') == len(ED + ES)


def test_many_phases_become_short_ticks_that_leave_the_curve_visible(tmp_path):
    numbers = make_measurements(make_masks(frames=90))
    numbers = replace(numbers, phases=replace(numbers.phases, ed_frames=tuple(range(0, 90, 2)), es_frames=()))
    source, _ = write(tmp_path, make_masks(frames=90), numbers)
    assert source.count('y1="0" y2="6"') == 3 * 45 and "phase-name" not in source.split("</style>")[1]


def test_the_file_holds_the_script_as_it_is_in_the_package(written):
    script = next(content for attrs, content in written[1].scripts if not attrs)
    assert script == (TEMPLATES / "clip_report.js").read_text(encoding="utf-8").rstrip("\n")


def test_a_failure_keeps_the_earlier_report_and_leaves_no_partial_file(tmp_path):
    before, _ = write(tmp_path)

    def broken(frame):
        if frame == 20:
            raise OSError("the disk is gone")
        return np.zeros((64, 48), np.uint8)

    with pytest.raises(OSError, match="the disk is gone"):
        write(tmp_path, picture=broken)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before


def test_input_that_does_not_match_is_refused(tmp_path):
    with pytest.raises(ValueError, match="the table has 23 frames, the measurements 24"):
        write(tmp_path, table=make_table(MASKS[..., :23]))
    with pytest.raises(ValueError, match=r"frame 0 has \(48, 64\) pixels, the measurements state 64 x 48"):
        write(tmp_path, mask=lambda t: MASKS[..., t].T)
    with pytest.raises(ValueError, match=r"frame 0 has \(48, 64\) pixels, the measurements state 64 x 48"):
        write(tmp_path, picture=lambda t: MASKS[..., t].T)
    with pytest.raises(ValueError, match="max_frames 0"):
        write(tmp_path, max_frames=0)


@pytest.mark.slow
@pytest.mark.parametrize("frames", [100, 300])
@pytest.mark.parametrize("speckle_px", [1, 2])
def test_the_report_of_a_noisy_full_size_clip_has_at_most_5_mb(tmp_path, frames, speckle_px):
    masks = np.repeat(make_masks((640, 480), 1), frames, axis=2)
    noise = np.random.default_rng(0).rayleigh(60, (480 // speckle_px, 640 // speckle_px)).clip(0, 255)
    gray = np.asarray(Image.fromarray(noise.astype(np.uint8)).resize((480, 640), Image.Resampling.BICUBIC))
    write(tmp_path, masks, make_measurements(masks), make_table(masks), picture=lambda t: gray)
    assert 1e6 < (tmp_path / "report.html").stat().st_size <= 5e6


def test_the_stills_of_ed_and_es_need_no_script(written):
    source, page = written
    stills = source[source.index('<div class="stills">') : source.index("</section>", source.index('class="stills"'))]
    pictures, contours = page.data("clip-pictures"), page.data("clip-data")["contours"]
    for frame in (ED[0], ES[0]):
        assert f'<img src="{pictures[frame]}"' in stills
        assert all(path in stills for path in contours[frame].values() if path) and contours[frame]["LV"]


def test_a_beat_has_a_row_that_leads_to_its_ed_and_its_rr_interval(written):
    source, page = written
    rows = re.findall(r'<tr data-beat="(\d+)".*?</tr>', source, flags=re.DOTALL)
    assert rows == ["1", "2"]
    for number, ed in zip(rows, ED):
        row = source[source.index(f'<tr data-beat="{number}"') :]
        assert re.search(r'<button[^>]*data-frame="(\d+)"', row)[1] == str(ed)
    assert "0.74" in page.text


def test_sizes_motion_and_both_heart_rates_stand_beside_the_reference_ranges(written):
    text = written[1].text.replace("\u00a0", " ")
    for expected in ("88 mm", "72 mm", "LA volume, disks", "52 mL", "12.9 mm", "−18.3 %", "5.2 L/min", "30 mL/m²"):
        assert expected in text, expected
    assert "150 /min in the clip; 79 /min in the header" in text and "not speckle tracking" in text
    assert "Reference ranges of the 2015 ASE/EACVI" in text and "no diagnosis" in text
    assert "54–74 women" in text and "52–72 men" not in text


def test_without_sex_the_ranges_of_both_are_given(tmp_path):
    measurements = make_measurements(MASKS)
    unknown = replace(measurements.dimensions, patient=Patient(None, None))
    _, page = write(tmp_path, measurements=replace(measurements, dimensions=unknown))
    assert re.search(r"54–74 women\s*52–72 men", page.text)


@pytest.mark.parametrize("dimensions", [None, "without a beat"])
def test_without_sizes_or_without_a_beat_their_section_is_left_out(tmp_path, dimensions):
    measurements = make_measurements(MASKS)
    measurements = replace(measurements, dimensions=None) if dimensions is None else without_beats(measurements)
    _, page = write(tmp_path, measurements=measurements)
    assert "Sizes and motion" not in page.text and "Method and clip" in page.text


def test_options_at_their_defaults_are_folded(written):
    source, page = written
    folded = source[source.index("<details>") : source.index("</details>")]
    assert "options at their defaults" in folded and "Options, crop" in folded
    shown = source[source.index('id="provenance"') : source.index("<details>")]
    assert "Options, view" in shown and "Options, crop" not in shown


def test_if_there_are_too_many_phases_those_of_the_displayed_beat_are_kept(tmp_path):
    measurements = make_measurements(MASKS)
    first, *others = measurements.beats
    measurements = replace(measurements, beats=(replace(first, ef_percent=None), *others))
    _, page = write(tmp_path, measurements=measurements, max_frames=4)
    assert len(page.data("clip-data")["shown"]) <= 4 and {ED[1], ES[1]} <= set(page.data("clip-data")["shown"])
    assert "ED and ES, beat 2 of 2" in page.text and "plus ED and ES of the beat below" in page.text
    with pytest.raises(ValueError, match="max_frames is 2, but the first frame and the frames to keep are 3; raise it"):
        write(tmp_path, measurements=measurements, max_frames=2)


def test_the_first_of_many_beats_are_listed_and_the_others_counted(tmp_path):
    measurements = make_measurements(MASKS)
    source, page = write(tmp_path, measurements=replace(measurements, beats=50 * measurements.beats))
    assert source.count('class="seek"') == 3 * 12 and "88 more beats are listed in measurements.json" in page.text
