"""The reference ranges are those of the 2015 recommendations, by sex."""

from __future__ import annotations

import pytest

from gdkvm_monai.metrics.reference_ranges import SOURCE, ReferenceRange, reference_ranges


@pytest.mark.parametrize(
    ("quantity", "women", "men"),
    [("ef_percent", (54, 74), (52, 72)), ("edv_ml", (46, 106), (62, 150)), ("esv_ml", (14, 42), (21, 61))],
)
def test_each_sex_has_its_range_and_both_are_given_if_it_is_unknown(quantity, women, men):
    of_women, of_men = ReferenceRange("women", *women), ReferenceRange("men", *men)
    assert reference_ranges(quantity, "F") == (of_women,) and reference_ranges(quantity, "M") == (of_men,)
    assert reference_ranges(quantity) == (of_women, of_men)


def test_the_left_atrial_volume_index_has_one_range_for_all():
    for sex in ("F", "M", None):
        assert reference_ranges("la_volume_index_ml_m2", sex) == (ReferenceRange("adults", 16, 34),)


def test_a_quantity_without_a_range_has_none_and_an_unknown_sex_is_refused():
    assert reference_ranges("longitudinal_strain_percent") == ()
    with pytest.raises(ValueError, match="give one of F, M"):
        reference_ranges("ef_percent", "O")
    assert "ASE/EACVI" in SOURCE and "2015" in SOURCE
