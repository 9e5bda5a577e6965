"""Every reason of a verdict has a clip that triggers it, and a good clip triggers none."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from gdkvm_monai.study.measure import frame_columns, measure_clip
from gdkvm_monai.study.quality import Evidence, judge

FRAMES = 60
CLIP = {
    **{"id": "0" * 16, "view": "4CH", "frames": FRAMES, "valid_frames": FRAMES, "lateral_px": 64, "depth_px": 64},
    **{"frame_time_ms": 40.0, "frame_time_source": "FrameTime", "frame_rate_hz": 25.0, "spacing_trust": "ok"},
    **{"spacing_mm": [0.3, 0.3], "partial": False, "mode": "B-mode"},
}
CARD = {"intensity_mean": [0.1, 0.4], "intensity_sd": [0.1, 0.3]}


def good() -> dict:
    """Rows of two beats and a bit, EF about 60 %, and all that a verdict rests on."""
    area = 1000 + 300 * np.cos(2 * np.pi * np.arange(FRAMES) / 25)
    rows = [
        {
            **{"LV_px": int(value), "MYO_px": 900, "LA_px": 500, "LV_cm2": value / 50, "MYO_cm2": 18.0, "LA_cm2": 10.0},
            **{"volume": (value / 100) ** 1.5, "valid": True, "confidence": 0.95},
        }
        for value in area
    ]
    evidence = {"parts": [1] * FRAMES, "holes": [0] * FRAMES, "edge_fraction": 0.0}
    return {"clip": dict(CLIP), "rows": rows, **evidence, "statistics": {"intensity_mean": 0.2, "intensity_sd": 0.2}}


def judged(clip: dict) -> dict:
    rate_hz = clip["clip"]["frame_rate_hz"]
    times = None if rate_hz is None else np.arange(len(clip["rows"])) / rate_hz
    columns = frame_columns("0" * 16, clip["rows"], times, clip["clip"]["spacing_trust"] == "ok")
    evidence = Evidence(columns, *(clip[name] for name in ("parts", "holes", "edge_fraction", "statistics")), CARD)
    return judge(measure_clip(clip["clip"], columns, (), "copies"), evidence)


def test_a_good_clip_is_good():
    assert judged(good()) == {"verdict": "good", "reasons": []}


def scale_volumes(clip: dict, function) -> None:
    for row in clip["rows"]:
        row["volume"] = function(row["volume"])


def swap_volumes(clip: dict) -> None:
    scale_volumes(clip, lambda volume: 80 - volume)


def jump(clip: dict) -> None:
    clip["rows"][30]["LV_px"] *= 2


def lose(clip: dict, frames: int) -> None:
    for row in clip["rows"][20 : 20 + frames]:
        row["LV_px"] = 0


def shorten(clip: dict) -> None:
    for name in ("rows", "parts", "holes"):
        clip[name] = clip[name][:14]


def set_clip(**facts):
    return lambda clip: clip["clip"].update(facts)


def set_all(name: str, value):
    def change(clip: dict) -> None:
        for row in clip["rows"]:
            row[name] = value

    return change


@pytest.mark.parametrize(
    ("code", "verdict", "change", "message"),
    [
        ("ef_withheld", "check", set_all("volume", np.nan), "there is no ejection fraction: the left ventricle"),
        ("edv_below_esv", "reject", swap_volumes, "at end-diastole is below that at end-systole"),
        ("ef_range", "reject", lambda clip: scale_volumes(clip, lambda v: max(v - 18.2, 0.01)), "not 5 to 90 %"),
        ("ef_range", "reject", lambda clip: scale_volumes(clip, lambda v: v + 900), "not 5 to 90 %"),
        ("less_than_one_beat", "check", shorten, "less than one beat"),
        ("frame_rate", "check", set_clip(frame_rate_hz=15.0), "is 15 Hz, below 20 Hz"),
        ("frame_rate", "check", set_clip(frame_rate_hz=None), "the frame rate is unknown"),
        ("spacing", "check", set_clip(spacing_trust="scaled"), "the pixel size is scaled"),
        ("mode", "reject", set_clip(mode="color Doppler"), "shows color Doppler"),
        ("partial", "check", set_clip(partial=True), "frames at the end of the file are missing"),
        ("invalid_frames", "check", set_clip(valid_frames=FRAMES - 2), "2 of 60 frames show nothing"),
        ("no_ventricle", "check", lambda clip: lose(clip, 2), "no left ventricle was found in 2 of 60"),
        ("no_ventricle", "reject", lambda clip: lose(clip, 7), "in 7 of 60"),
        ("area_jump", "check", jump, "at frame 30"),
        ("sector_edge", "check", lambda clip: clip.update(edge_fraction=0.3), "30% of the ventricle's outline"),
        ("parts", "check", lambda clip: clip.update(parts=[2] * 7 + [1] * 53), "several parts in 12%"),
        ("holes", "check", lambda clip: clip.update(holes=[3] * 7 + [0] * 53), "holes in 12%"),
        ("confidence", "check", set_all("confidence", 0.8), "mean Dice 0.80"),
        ("confidence", "reject", set_all("confidence", 0.5), "mean Dice 0.50"),
        ("intensity", "check", lambda clip: clip["statistics"].update(intensity_mean=0.6), "brightness is 0.60"),
        ("intensity", "check", lambda clip: clip["statistics"].update(intensity_sd=0.01), "contrast is 0.01"),
    ],
)
def test_each_reason_is_given_when_there_is_one(code, verdict, change, message):
    clip = copy.deepcopy(good())
    change(clip)
    result = judged(clip)
    (reason,) = [reason for reason in result["reasons"] if reason["code"] == code]
    assert reason["verdict"] == verdict and message in reason["message"]
    assert result["verdict"] in (verdict, "reject")


def test_a_few_faulty_frames_are_no_reason():
    clip = good()
    clip["parts"][3], clip["holes"][4], clip["edge_fraction"] = 2, 1, 0.05
    assert judged(clip)["verdict"] == "good"


def test_without_a_card_nothing_is_said_about_intensities():
    clip = good()
    columns = frame_columns("0" * 16, clip["rows"], np.arange(FRAMES) / 25, True)
    evidence = Evidence(columns, clip["parts"], clip["holes"], 0.0, {"intensity_mean": 0.99}, {})
    assert judge(measure_clip(clip["clip"], columns), evidence)["verdict"] == "good"
