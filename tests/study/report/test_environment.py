"""The report's templates: every value is escaped, an unknown name is an error, and numbers are written for readers."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

import jinja2
import pytest
from markupsafe import Markup

from gdkvm_monai.study.report.environment import (
    DASH,
    TEMPLATES,
    interval,
    load_environment,
    number,
    ordinal,
    sentence,
    source_hash,
)

NARROW, HARD = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("value", "digits", "unit", "expected"),
    [(57.24, 1, "", "57.2"), (1234567.0, 0, "px", f"1{NARROW}234{NARROW}567{HARD}px"), (-3.5, 1, "", "−3.5"),
     (0.0, 0, "%", f"0{HARD}%"), (None, 2, "mL", DASH)],
)  # fmt: skip
def test_numbers_keep_their_unit_on_the_line_and_unknown_ones_are_a_dash(value, digits, unit, expected):
    assert number(value, digits, unit) == expected


@pytest.mark.parametrize("ends", [None, (None, 58.9), (54.8, None)])
def test_an_interval_with_an_unknown_end_is_a_dash(ends):
    assert interval(ends) == DASH


def test_an_interval_can_break_only_after_its_dash():
    assert interval((54.8, 58.94)) == "54.8–<wbr>58.9" and isinstance(interval((54.8, 58.94)), Markup)


def test_ordinals_have_english_suffixes():
    spoken = "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th".split()
    assert [ordinal(int(word[:-2])) for word in spoken] == spoken


def test_only_the_first_letter_of_a_sentence_is_capitalized():
    assert sentence("the ED of LV.") == "The ED of LV." and sentence("") == ""


def test_a_value_is_escaped_in_text_attributes_and_json():
    template = '<p title="{{ value }}">{{ value }}</p><script type="application/json">{{ value | tojson }}</script>'
    evil = "\"'></script><b>&"
    page = load_environment().from_string(template).render(value=evil)
    assert page.count("<") == 4 and page.count("'") == 0
    assert json.loads(page.split('json">')[1].split("</script>")[0]) == evil


def test_an_undefined_name_is_an_error_instead_of_an_empty_string():
    for text in ("{{ unknown }}", "{{ value.unknown }}", "{% if unknown %}{% endif %}"):
        with pytest.raises(jinja2.UndefinedError, match="unknown"):
            load_environment().from_string(text).render(value=1)


def test_json_accepts_records_and_refuses_numbers_that_are_not_finite():
    @dataclass(frozen=True)
    class Record:
        values: tuple[float | None, ...]

    template = load_environment().from_string("{{ value | tojson }}")
    assert template.render(value=Record((1.5, None))) == '{"values":[1.5,null]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        template.render(value=Record((float("nan"),)))


def test_the_hash_is_that_of_the_text_in_the_file():
    expected = base64.b64encode(hashlib.sha256(b"a &lt; b").digest()).decode()
    assert source_hash("a < b") == source_hash(Markup("a &lt; b")) == f"'sha256-{expected}'"


@pytest.mark.parametrize("name", sorted(path.name for path in TEMPLATES.iterdir()))
def test_no_template_disables_escaping_or_loads_from_the_network(name):
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    load_environment().get_template(name)
    assert "autoescape" not in text and "safe" not in text and "://" not in text
