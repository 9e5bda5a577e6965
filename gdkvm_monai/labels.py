"""The labels of the CAMUS data set: what the integers in a mask stand for."""

from __future__ import annotations

BACKGROUND = 0
LV = 1
MYOCARDIUM = 2
LEFT_ATRIUM = 3

UNLABELED = 255
"""Value of every pixel of a frame that nobody annotated: neither trained on nor scored, never background."""

STRUCTURES = {"LV": (LV,), "MYO": (MYOCARDIUM,), "LA": (LEFT_ATRIUM,)}
"""Structures that are labelled, each with the label values it consists of."""

SCORED_STRUCTURES = {**STRUCTURES, "LV_EPI": (LV, MYOCARDIUM)}
"""Structures that are scored: the labelled ones and the epicardium, which encloses cavity and myocardium."""

VIEWS = ("2CH", "4CH")
"""Apical two- and four-chamber view (A2C, A4C), as CAMUS writes them in file names."""
