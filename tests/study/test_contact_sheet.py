"""The contact sheet: ED and ES with contours above the curves, and a fallback if the phases are unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gdkvm_monai.labels import COLORS, LV, MYOCARDIUM, STRUCTURES
from gdkvm_monai.study.contact_sheet import write_contact_sheet
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import BeatMean, Measurements, PhaseFrames, Quality, Reason, TrainingData
from tests.study.records import BEAT, CLIP, MEASUREMENTS

REASON = "the curve changes by less than 5%."


def make_masks(frames: int = 12) -> np.ndarray:
    """Class indices ``(H, W, T)``: a cavity in a wall, largest in frame 0 and smallest in frame 6."""
    x, y = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(-1, 1, 40), indexing="ij")
    masks = np.zeros((60, 40, frames), np.uint8)
    for t in range(frames):
        radius = 0.5 + 0.1 * np.cos(2 * np.pi * t / 12)
        masks[np.hypot(x, y) < radius + 0.2, t] = MYOCARDIUM
        masks[np.hypot(x, y) < radius, t] = LV
    return masks


def make_result(masks: np.ndarray, beat: bool = True, known: bool = True) -> tuple[Measurements, FrameTable]:
    """The numbers of the clip, with or without a beat, and with or without units."""
    frames = masks.shape[2]
    spacing = {"spacing_trust": "ok", "spacing_mm": (0.3, 0.6)} if known else {"spacing_trust": "absent"}
    pixels = {name: tuple(np.isin(masks, values).sum(axis=(0, 1)).tolist()) for name, values in STRUCTURES.items()}
    table = FrameTable(
        clip_id=CLIP.id,
        time_s=tuple(0.05 * t if known else None for t in range(frames)),
        valid=(True,) * frames,
        confidence=(None,) * frames,
        area_px=pixels,
        area_cm2={n: tuple(area / 100 if known else None for area in areas) for n, areas in pixels.items()},
        lv_length_mm=tuple(area / 20 if known else None for area in pixels["LV"]),
        lv_volume_ml=tuple(area / 10 if known else None for area in pixels["LV"]),
        lv_volume_relative=tuple(area / max(*pixels["LV"], 1) for area in pixels["LV"]),
        la_length_mm=(None,) * frames,
        la_volume_ml=(None,) * frames,
        end_systole=(False,) * frames,
    )
    measurements = replace(
        MEASUREMENTS,
        clip=replace(CLIP, frames=frames, lateral_px=60, depth_px=40, **{"spacing_mm": None, **spacing}),
        phases=PhaseFrames((0,) * beat, (6,) * beat, None, "" if beat else REASON, not beat, "unknown"),
        beats=(replace(BEAT, ed_frame=0, es_frame=6),) * beat,
        mean=MEASUREMENTS.mean if beat else BeatMean(0, None, None, None, None, None),
        ef_withheld="" if beat else REASON,
    )
    return measurements, table


def write(path, masks, measurements, table) -> None:
    gray = np.full(masks.shape[:2], 90, np.uint8)
    write_contact_sheet(path, measurements, table, lambda t: gray, lambda t: masks[..., t])


@pytest.fixture
def drawn(monkeypatch) -> list[Figure]:
    """The figures that were written, to look at what is in them."""
    figures: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kw: (figures.append(self), save(self, *args, **kw)))
    return figures


def test_ed_and_es_are_drawn_above_the_curves_with_their_phases(tmp_path, drawn):
    write(tmp_path / "sheet.png", make_masks(), *make_result(make_masks()))
    titles = [axes.get_title() for axes in drawn[0].axes]
    assert titles[:2] == ["End-diastole, frame 0", "End-systole, frame 6"]
    assert [axes.get_ylabel() for axes in drawn[0].axes[2:]] == ["volume (mL)", "length (mm)", "area (cm²)"]
    assert [text.get_text() for text in drawn[0].axes[2].texts] == ["ED", "ES"]
    assert "EF 57 %   EDV 112 mL   ESV 48 mL   quality: check" in drawn[0].get_suptitle()
    assert "Not a medical device" in drawn[0].get_supxlabel()
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.format == "PNG" and picture.width > 900
    assert list(tmp_path.iterdir()) == [tmp_path / "sheet.png"]


def test_contours_have_the_colors_of_their_structures_and_images_have_the_true_aspect_ratio(tmp_path, drawn):
    write(tmp_path / "sheet.png", make_masks(), *make_result(make_masks()))
    axes = drawn[0].axes[0]
    assert axes.images[0].get_array().shape == (40, 30)  # pixels half as wide as they are deep
    wall, hole, cavity = (line for line in axes.lines)
    np.testing.assert_allclose(np.array(cavity.get_color()) * 255, COLORS[LV])
    np.testing.assert_allclose(np.array(wall.get_color()) * 255, COLORS[MYOCARDIUM])
    inside = np.argwhere(make_masks()[..., 0] == LV)
    low, high = inside.min(axis=0) * (0.5, 1), (inside.max(axis=0) + 1) * (0.5, 1)
    np.testing.assert_allclose(cavity.get_xydata().min(axis=0), low, atol=0.6)
    np.testing.assert_allclose(cavity.get_xydata().max(axis=0), high, atol=0.6)


def test_without_a_beat_the_largest_and_smallest_ventricle_are_shown_with_the_reason(tmp_path, drawn):
    write(tmp_path / "sheet.png", make_masks(), *make_result(make_masks(), beat=False, known=False))
    figure = drawn[0]
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:2] == ["Largest left ventricle, frame 0", "Smallest left ventricle, frame 6"]
    assert figure.axes[2].get_ylabel() == "volume (% of maximum)" and figure.axes[3].get_xlabel() == "frame"
    assert REASON in figure.get_supxlabel() and "EF –   EDV –" in figure.get_suptitle()


@pytest.mark.parametrize("empty", [False, True])
def test_one_frame_with_or_without_a_heart_makes_a_sheet(tmp_path, drawn, empty):
    masks = make_masks(1) * (not empty)
    write(tmp_path / "sheet.png", masks, *make_result(masks, beat=False))
    assert drawn[0].axes[0].get_title() == "First frame, frame 0" and len(drawn[0].axes) == (1 if empty else 4)
    assert (tmp_path / "sheet.png").stat().st_size > 5000


def test_text_with_dollar_signs_is_not_rendered_as_a_formula(tmp_path, drawn):
    measurements, table = make_result(make_masks())
    write(tmp_path / "sheet.png", make_masks(), replace(measurements, notice=r"$\frac{1$"), table)
    assert r"$\frac{1$" in drawn[0].get_supxlabel()


def test_the_training_data_of_the_weights_and_an_assumed_view_are_named(tmp_path, drawn):
    measurements, table = make_result(make_masks())
    training = TrainingData("phantom", ("4CH",), assumed_views=("4CH",))
    quality = Quality("check", (Reason("weights_domain", "check", "never seen a patient."),))
    measurements = replace(measurements, clip=replace(measurements.clip, view=None), training=training, quality=quality)
    write(tmp_path / "sheet.png", make_masks(), measurements, table)
    assert "view not stated (4CH assumed)" in drawn[0].get_suptitle() and "weights: phantom" in drawn[0].get_suptitle()
    assert "never seen a patient." in drawn[0].get_supxlabel()
