"""The templates of the clip report, and the filters that format numbers and text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gdkvm_monai.labels import STRUCTURE_NAMES, VIEW_NAMES

__all__ = ["DASH", "interval", "load_environment", "number", "ordinal", "sentence"]

DASH = "–"
TEMPLATES = Path(__file__).parent / "templates"


def load_environment() -> Environment:
    """Return the environment of the templates: every value is escaped, and an undefined name is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        interval=interval,
        number=number,
        ordinal=ordinal,
        sentence=sentence,
        source_hash=source_hash,
        structure_name=lambda name: STRUCTURE_NAMES[name].capitalize(),
        view_name=lambda view: f"{VIEW_NAMES[view]} view".capitalize() if view else "View not stated",
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "default": vars, "separators": (",", ":")}
    return environment


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """Format a number with its unit, or ``None`` as an en dash.

    Example:
        >>> number(57.24, 1), number(12345, 0), number(-3, 0), number(None)
        ('57.2', '12\u202f345', '−3', '–')
    """
    if value is None:
        return DASH
    return f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−") + (f"\u00a0{unit}" if unit else "")


def interval(ends: Sequence[float | None] | None, digits: int = 1) -> Markup:
    """Format an interval so that a line can break after its dash, or as an en dash if an end is unknown.

    Example:
        >>> interval([54.8, 58.94]), interval([54.8, None]), interval(None)
        (Markup('54.8–<wbr>58.9'), Markup('–'), Markup('–'))
    """
    if not ends or None in ends:
        return Markup(DASH)
    return Markup("{}–<wbr>{}").format(*(number(end, digits) for end in ends))


def ordinal(count: int) -> str:
    """Format a count as an ordinal number.

    Example:
        >>> [ordinal(count) for count in (2, 11, 23, 101)]
        ['2nd', '11th', '23rd', '101st']
    """
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{count}{'th' if count % 100 in (11, 12, 13) else endings.get(count % 10, 'th')}"


def sentence(text: str) -> str:
    """Capitalize the first letter of a text."""
    return text[:1].upper() + text[1:]


def source_hash(text: str) -> str:
    """Return the source expression that allows an inline script or style in a content security policy.

    ``text`` is escaped first unless it is markup, so that the hash is that of the text in the file.
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(str(escape(text)).encode()).digest()).decode()}'"
