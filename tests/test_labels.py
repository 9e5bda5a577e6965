"""The names of views and structures are defined once and are consistent."""

from __future__ import annotations

import pytest

from gdkvm_monai.labels import (
    COLORS,
    CONCEPT_CODES,
    METHOD_CODES,
    QUANTITY_CODES,
    STRUCTURE_CODES,
    STRUCTURE_NAMES,
    STRUCTURES,
    UNLABELED,
    VIEW_CODES,
    VIEW_NAMES,
    VIEWS,
    parse_view,
)


@pytest.mark.parametrize(
    ("text", "view"), [("4CH", "4CH"), ("4ch", "4CH"), ("A4C", "4CH"), ("a2c", "2CH"), ("2Ch", "2CH")]
)
def test_both_spellings_of_a_view_are_accepted_in_any_case(text, view):
    assert parse_view(text) == view


@pytest.mark.parametrize("text", ["A3C", "PLAX", "", "4", None])
def test_another_view_is_refused(text):
    with pytest.raises(ValueError, match="4CH") as info:
        parse_view(text)
    assert repr(text) in str(info.value) and "\n" not in str(info.value)


def test_structures_and_views_have_names_and_codes_and_labels_have_colors():
    assert set(STRUCTURES) == set(STRUCTURE_NAMES) == set(STRUCTURE_CODES)
    assert set(VIEWS) == set(VIEW_NAMES) == set(VIEW_CODES)
    values = [value for values in STRUCTURES.values() for value in values]
    assert sorted(COLORS) == sorted(values) and UNLABELED not in values and len(set(COLORS.values())) == len(values)


def test_codes_match_the_dicom_standard():
    concepts = pytest.importorskip("pydicom.sr._concepts_dict", reason="pydicom is absent").concepts
    meanings: dict[tuple[str, str], set[str]] = {}
    for scheme, keywords in concepts.items():
        for entry in keywords.values():
            for value, (meaning, _) in entry.items():
                meanings.setdefault((scheme, value), set()).add(meaning.lower())
    used = [*CONCEPT_CODES.values(), *METHOD_CODES.values(), *STRUCTURE_CODES.values(), *VIEW_CODES.values()]
    for code in [*used, *(code for code, _ in QUANTITY_CODES.values())]:
        assert code.meaning.lower() in meanings[code.scheme, code.value]
