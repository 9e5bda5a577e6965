"""Label values, structures, views, colors, DICOM codes, and the research-use notice, defined once for the package."""

from __future__ import annotations

from typing import NamedTuple

BACKGROUND = 0
LV = 1
MYOCARDIUM = 2
LEFT_ATRIUM = 3

UNLABELED = 255
"""Value of all pixels in an unannotated frame, which is neither trained on nor scored, and never background."""

LABEL_ENDINGS = ("_gt", "_seg", "_label", "_mask")
"""What the stem of a file ends in that holds the labels of the clip or frame beside it."""

STRUCTURES = {"LV": (LV,), "MYO": (MYOCARDIUM,), "LA": (LEFT_ATRIUM,)}
"""Label values of each labeled structure (the labels of the CAMUS data set)."""

SCORED_STRUCTURES = {**STRUCTURES, "LV_EPI": (LV, MYOCARDIUM)}
"""Scored structures: the labeled structures, and the epicardium, which encloses cavity and myocardium."""

STRUCTURE_NAMES = {"LV": "left ventricle", "MYO": "myocardium", "LA": "left atrium"}

COLORS = {LV: (230, 60, 60), MYOCARDIUM: (60, 180, 90), LEFT_ATRIUM: (70, 120, 240)}
"""RGB color of each label value, 0 to 255: cavity red, myocardium green, left atrium blue."""

VIEWS = ("2CH", "4CH")
"""Apical two- and four-chamber view (A2C, A4C), spelled as in CAMUS file names."""

VIEW_NAMES = {"2CH": "apical two-chamber", "4CH": "apical four-chamber"}
VIEW_ALIASES = {"A2C": "2CH", "A4C": "4CH"}

NOTICE = "Research use only. Not a medical device."
"""Notice in every report, table, and picture for readers."""


class Code(NamedTuple):
    """A coded concept in DICOM: its value, coding scheme (``SCT``, ``LN``, ``DCM``, or ``UCUM``), and meaning."""

    value: str
    scheme: str
    meaning: str


STRUCTURE_CODES = {
    "LV": Code("87878005", "SCT", "Left ventricle"),
    "MYO": Code("49848007", "SCT", "Left ventricle myocardium"),
    "LA": Code("82471001", "SCT", "Left atrium"),
}
"""Code of each structure, from DICOM PS3.16."""

VIEW_CODES = {
    "2CH": Code("399232001", "SCT", "Apical two chamber"),
    "4CH": Code("399214001", "SCT", "Apical four chamber"),
}

PERCENT, MILLILITER = Code("%", "UCUM", "percent"), Code("mL", "UCUM", "milliliter")
PER_MINUTE = Code("{H.B.}/min", "UCUM", "heart beats per minute")
MILLIMETER, LITER_PER_MINUTE = Code("mm", "UCUM", "mm"), Code("L/min", "UCUM", "liter per minute")

QUANTITY_CODES = {
    "ef_percent": (Code("18043-0", "LN", "Left Ventricular Ejection Fraction by US"), PERCENT),
    "edv_ml": (Code("18026-5", "LN", "Left Ventricular End Diastolic Volume"), MILLILITER),
    "esv_ml": (Code("18148-7", "LN", "Left Ventricular End Systolic Volume"), MILLILITER),
    "sv_ml": (Code("90096001", "SCT", "Stroke Volume"), MILLILITER),
    "heart_rate_bpm": (Code("8867-4", "LN", "Heart rate"), PER_MINUTE),
    "cardiac_output_l_min": (Code("82799009", "SCT", "Cardiac Output"), LITER_PER_MINUTE),
    "fractional_area_change_percent": (Code("399287000", "SCT", "Left Ventricular Fractional Area Change"), PERCENT),
    "ed_length_mm": (Code("18077-8", "LN", "Left Ventricle diastolic major axis"), MILLIMETER),
    "es_length_mm": (Code("18076-0", "LN", "Left Ventricle systolic major axis"), MILLIMETER),
    "la_volume_4CH_ml": (Code("79986-6", "LN", "Left atrial end systolic volume single plane 4C (MOD)"), MILLILITER),
    "la_volume_2CH_ml": (Code("79985-8", "LN", "Left atrial end systolic volume single plane 2C (MOD)"), MILLILITER),
}
"""Code and unit of each measured quantity, from DICOM PS3.16, CID 12200, 12202, 12239, and 12300."""

METHOD_CODES = {
    "single-plane": Code("125208", "DCM", "Method of Disks, Single Plane"),
    "biplane": Code("125207", "DCM", "Method of Disks, Biplane"),
}
"""Code of each volume method, by the prefix of the method's identifier."""

CONCEPT_CODES = {
    "anatomical_structure": Code("91723000", "SCT", "Anatomical Structure"),
    "artificial_intelligence": Code("123110", "DCM", "Artificial Intelligence"),
    "comment": Code("121106", "DCM", "Comment"),
    "echocardiography": Code("40701008", "SCT", "Echocardiography"),
    "image_view": Code("111031", "DCM", "Image View"),
    "mean": Code("373098007", "SCT", "Mean"),
    "quality": Code("111050", "DCM", "Quality Assessment"),
    "segmentation": Code("113076", "DCM", "Segmentation"),
    "source_image": Code("121322", "DCM", "Source image for image processing operation"),
}
"""Codes of other concepts in a DICOM Segmentation or a structured report."""


def parse_view(text: str) -> str:
    """Convert the name of an apical view to one of :data:`VIEWS`.

    Args:
        text: ``"4CH"``, ``"2CH"``, ``"A4C"``, or ``"A2C"``, in any case.

    Raises:
        ValueError: if the text names no such view.

    Example:
        >>> parse_view("a4c"), parse_view("2ch")
        ('4CH', '2CH')
    """
    name = str(text).upper()
    view = VIEW_ALIASES.get(name, name)
    if view not in VIEWS:
        raise ValueError(f"view is {text!r}, expected 4CH (A4C) or 2CH (A2C); name one of these.")
    return view
