from .camus import CamusDataset, camus_datalist
from .clip import Clip, ClipReadError
from .clip_folder import folder_datalist
from .clip_reader import ClipReader
from .datalist import ClipDataset, clip_datalist
from .phantom_dataset import EchoPhantomDataset, phantom_datalist
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
    "Clip",
    "ClipDataset",
    "ClipReadError",
    "ClipReader",
    "EchoPhantomDataset",
    "camus_datalist",
    "clip_datalist",
    "folder_datalist",
    "phantom_datalist",
]
