from .camus import CamusDataset, camus_datalist
from .clip_reader import ClipReader
from .datalist import ClipDataset, clip_datalist
from .structures import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM, SCORED_STRUCTURES, STRUCTURES, UNLABELED, VIEWS

__all__ = [
    "BACKGROUND",
    "LEFT_ATRIUM",
    "LV",
    "MYOCARDIUM",
    "SCORED_STRUCTURES",
    "STRUCTURES",
    "UNLABELED",
    "VIEWS",
    "CamusDataset",
    "ClipDataset",
    "ClipReader",
    "camus_datalist",
    "clip_datalist",
]
