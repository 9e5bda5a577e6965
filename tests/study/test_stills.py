"""Two stills are unpacked in the order end-diastole, end-systole."""

from __future__ import annotations

from pathlib import Path

from gdkvm_monai.study.stills import Stills


def test_the_end_diastolic_still_comes_first():
    ed, es = Stills(es=Path("a.png"), ed=Path("b.png"))
    assert (ed, es) == (Path("b.png"), Path("a.png"))
