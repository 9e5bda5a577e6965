"""Every reason of a verdict has a clip that triggers it, and a good clip triggers none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from gdkvm_monai.metrics.anatomy import StructureShape
from gdkvm_monai.study.measure import Copies, frame_table, measure_clip
from gdkvm_monai.study.measurements import ClipFacts, ClipNumbers, Quality
from gdkvm_monai.study.quality import Evidence, judge
from gdkvm_monai.study.segmented_frame import SegmentedFrame
from tests.study import records

FRAMES = 60
CARD = {"intensity_mean": (0.1, 0.4), "intensity_sd": (0.1, 0.3)}


@dataclass
class Case:
    """Two beats and a bit, EF about 60 %, with nothing to object to; a test changes it."""

    clip: ClipFacts = replace(records.CLIP, frames=FRAMES, valid_frames=FRAMES)
    frames: list[SegmentedFrame] = field(default_factory=lambda: [beating(t) for t in range(FRAMES)])
    edge_fraction: float = 0.0
    card: Mapping[str, tuple[float, float]] = field(default_factory=lambda: CARD)
    trained_views: tuple[str, ...] = ("4CH",)

    def set_clip(self, **facts) -> None:
        self.clip = replace(self.clip, **facts)

    def change(self, where: slice = slice(None), **values) -> None:
        for t in range(FRAMES)[where]:
            self.frames[t] = replace(self.frames[t], **values)

    def measure(self, where: slice = slice(None), **values) -> None:
        for t in range(FRAMES)[where]:
            self.frames[t] = replace(self.frames[t], measured=replace(self.frames[t].measured, **values))

    def scale_volumes(self, function) -> None:
        for t in range(FRAMES):
            self.measure(slice(t, t + 1), volume=function(self.frames[t].measured.volume))

    def set_area(self, where: slice, lv_px: int) -> None:
        self.measure(where, areas_px={"LV": lv_px, "MYO": 900, "LA": 500})

    def set_shape(self, where: slice, parts: int = 1, holes: int = 0) -> None:
        whole = records.FRAME.measured.shapes
        self.measure(where, shapes={**whole, "LV": StructureShape(parts, holes, on_border=False)})

    def judged(self, change: Callable[[ClipNumbers], ClipNumbers] = lambda numbers: numbers) -> Quality:
        """Judge the clip with its measurements, which ``change`` may replace."""
        rate_hz = self.clip.frame_rate_hz
        times_s = None if rate_hz is None else np.arange(len(self.frames)) / rate_hz
        table = frame_table("0" * 16, self.frames, times_s, self.clip.spacing_trust == "ok")
        numbers = measure_clip(self.clip, table, copies=Copies((), "copies"))
        return judge(change(numbers), Evidence(table, self.frames, self.edge_fraction, self.card, self.trained_views))


def beating(t: int) -> SegmentedFrame:
    area = 1000 + 300 * np.cos(2 * np.pi * t / 25)
    areas_px = {"LV": int(area), "MYO": 900, "LA": 500}
    return records.frame(confidence=0.95, areas_px=areas_px, volume=(area / 100) ** 1.5)


def test_a_good_clip_is_good():
    assert Case().judged() == Quality("good", ())


def shorten(case: Case) -> None:
    case.frames = case.frames[:14]


@pytest.mark.parametrize(
    ("code", "verdict", "change", "message"),
    [
        (
            "ef_withheld",
            "check",
            lambda case: case.measure(volume=np.nan),
            "there is no ejection fraction: the left ventricle",
        ),
        (
            "edv_below_esv",
            "reject",
            lambda case: case.scale_volumes(lambda v: 80 - v),
            "end-diastolic volume is below the end-systolic volume",
        ),
        ("ef_range", "reject", lambda case: case.scale_volumes(lambda v: max(v - 18.2, 0.01)), "outside 5 to 90 %"),
        ("ef_range", "reject", lambda case: case.scale_volumes(lambda v: v + 900), "outside 5 to 90 %"),
        ("less_than_one_beat", "check", shorten, "less than one beat"),
        ("frame_rate", "check", lambda case: case.set_clip(frame_rate_hz=15.0), "is 15 Hz, below 20 Hz"),
        ("frame_rate", "check", lambda case: case.set_clip(frame_rate_hz=None), "the frame rate is unknown"),
        ("spacing", "check", lambda case: case.set_clip(spacing_trust="scaled"), "the pixel spacing is scaled"),
        ("mode", "reject", lambda case: case.set_clip(mode="color Doppler"), "shows color Doppler"),
        (
            "weights_view",
            "check",
            lambda case: case.set_clip(view="2CH"),
            "is apical two-chamber; the weights were trained on apical four-chamber clips",
        ),
        ("partial", "check", lambda case: case.set_clip(partial=True), "frames at the end of the file are missing"),
        ("invalid_frames", "check", lambda case: case.set_clip(valid_frames=FRAMES - 2), "2 of 60 frames show nothing"),
        (
            "no_ventricle",
            "check",
            lambda case: case.set_area(slice(20, 22), 0),
            "no left ventricle was found in 2 of 60",
        ),
        ("no_ventricle", "reject", lambda case: case.set_area(slice(20, 27), 0), "in 7 of 60"),
        ("area_jump", "check", lambda case: case.set_area(slice(30, 31), 1900), "at frame 30"),
        ("sector_edge", "check", lambda case: setattr(case, "edge_fraction", 0.3), "30% of the ventricle's outline"),
        ("parts", "check", lambda case: case.set_shape(slice(7), parts=2), "several parts in 12%"),
        ("holes", "check", lambda case: case.set_shape(slice(7), holes=3), "holes in 12%"),
        ("confidence", "check", lambda case: case.change(confidence=0.8), "mean Dice 0.80"),
        ("confidence", "reject", lambda case: case.change(confidence=0.5), "mean Dice 0.50"),
        ("intensity", "check", lambda case: case.change(intensity_mean=0.6), "brightness is 0.60"),
        ("intensity", "check", lambda case: case.change(intensity_sd=0.01), "contrast is 0.01"),
    ],
)
def test_each_problem_is_reported_with_its_reason(code, verdict, change, message):
    case = Case()
    change(case)
    quality = case.judged()
    (reason,) = [reason for reason in quality.reasons if reason.code == code]
    assert reason.verdict == verdict and message in reason.message
    assert quality.verdict in (verdict, "reject")


def test_the_verdict_is_the_worst_of_all_reasons():
    case = Case()
    case.set_clip(partial=True, mode="M-mode")
    quality = case.judged()
    assert quality.verdict == "reject" and quality.codes == ("mode", "partial")
    assert [reason.verdict for reason in quality.reasons] == ["reject", "check"]


def test_a_few_faulty_frames_are_not_reported():
    case = Case(edge_fraction=0.05)
    case.set_shape(slice(3, 4), parts=2)
    case.set_shape(slice(4, 5), holes=1)
    assert case.judged().verdict == "good"


def test_without_a_card_intensities_are_not_checked():
    case = Case(card={})
    case.change(intensity_mean=0.99)
    assert case.judged().verdict == "good"


@pytest.mark.parametrize(("view", "trained"), [("2CH", ("2CH", "4CH")), ("2CH", ()), (None, ("4CH",))])
def test_a_view_from_training_or_an_unknown_view_is_not_reported(view, trained):
    case = Case(trained_views=trained)
    case.set_clip(view=view)
    assert case.judged().verdict == "good"


def test_intensities_of_blank_frames_do_not_count():
    case = Case()
    case.change(slice(5), intensity_mean=50.0, valid=False)
    assert "intensity" not in case.judged().codes


@pytest.mark.parametrize(
    ("code", "change", "inside", "outside"),
    [
        ("area_jump", lambda case, px: jump(case, px), 1176, 1177),  # by 14.97% and 15.04% of the area
        ("sector_edge", lambda case, share: setattr(case, "edge_fraction", share), 0.1, 0.101),
        ("parts", lambda case, count: case.set_shape(slice(count), parts=2), 6, 7),  # of 60 frames
        ("holes", lambda case, count: case.set_shape(slice(count), holes=1), 6, 7),
        ("confidence", lambda case, mean: case.change(confidence=mean), 0.851, 0.849),
        ("frame_rate", lambda case, rate: case.set_clip(frame_rate_hz=rate), 20.0, 19.9),
        ("intensity", lambda case, mean: case.change(intensity_mean=mean), 0.101, 0.099),
        ("intensity", lambda case, mean: case.change(intensity_mean=mean), 0.399, 0.401),
        ("intensity", lambda case, sd: case.change(intensity_sd=sd), 0.101, 0.099),
        ("intensity", lambda case, sd: case.change(intensity_sd=sd), 0.299, 0.301),
        ("invalid_frames", lambda case, count: case.set_clip(valid_frames=count), FRAMES, FRAMES - 1),
        ("no_ventricle", lambda case, px: case.set_area(slice(20, 21), px), 1, 0),
    ],
)
def test_a_threshold_separates_a_value_just_inside_from_one_just_outside(code, change, inside, outside):
    quiet, reported = Case(), Case()
    change(quiet, inside)
    change(reported, outside)
    assert code not in quiet.judged().codes and code in reported.judged().codes


def jump(case: Case, px: int) -> None:
    case.set_area(slice(None), 1000)
    case.set_area(slice(30, 31), px)


@pytest.mark.parametrize(
    ("code", "change", "check", "reject"),
    [
        ("no_ventricle", lambda case, count: case.set_area(slice(20, 20 + count), 0), 6, 7),  # of 60 frames
        ("confidence", lambda case, mean: case.change(confidence=mean), 0.601, 0.599),
    ],
)
def test_a_threshold_separates_check_from_reject(code, change, check, reject):
    for value, verdict in ((check, "check"), (reject, "reject")):
        case = Case()
        change(case, value)
        assert [reason.verdict for reason in case.judged().reasons if reason.code == code] == [verdict]


@pytest.mark.parametrize(
    ("ef_percent", "codes"),
    [
        (90.1, ("ef_range",)),
        (89.9, ()),
        (5.1, ()),
        (4.9, ("ef_range",)),
        (0.1, ("ef_range",)),
        (-0.1, ("edv_below_esv", "ef_range")),
    ],
)
def test_the_ejection_fraction_of_any_beat_is_compared_with_the_plausible_range(ef_percent, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        *others, last = numbers.beats
        return replace(numbers, beats=(*others, replace(last, ef_percent=ef_percent)))

    assert Case().judged(change).codes == codes


@pytest.mark.parametrize(
    ("ed_frames", "es_frames", "codes"),
    [
        ((0,), (10,), ("less_than_one_beat",)),
        ((0, 25), (10,), ()),
        ((12,), (0, 25), ()),
        ((), (), ("less_than_one_beat",)),
    ],
)
def test_one_beat_has_two_end_diastoles_or_two_end_systoles(ed_frames, es_frames, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        return replace(numbers, phases=replace(numbers.phases, ed_frames=ed_frames, es_frames=es_frames))

    assert Case().judged(change).codes == codes
