from .camus import CamusDataset, camus_datalist
from .clip import Clip, ClipReadError, ClipStream, ReadOptions
from .clip_folder import folder_datalist
from .clip_reader import ClipReader
from .clip_stream import open_clip
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
    "ClipStream",
    "EchoPhantomDataset",
    "ReadOptions",
    "camus_datalist",
    "clip_datalist",
    "folder_datalist",
    "open_clip",
    "phantom_datalist",
]
