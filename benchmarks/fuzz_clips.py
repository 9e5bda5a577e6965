"""Small clips in every format, and random damage to them, for ``fuzz.py``."""

from __future__ import annotations

import random
import re
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip

SECRET = "Zwiebelfrosch"
"""Name of the patient in every header that has one."""
NUMBERS = (0, 1, 2, 3, 7, 255, 256, 65535, 1 << 31, (1 << 32) - 1, (1 << 63) - 1)
TEXTS = (
    "-1",
    "0",
    "9999",
    "65535",
    "4294967296",
    "1e999",
    "nan",
    "",
    "%s%n",
    "../x",
    "None",
    "1" * 5000,
    "\\0",
    SECRET,
)


@dataclass(frozen=True)
class Base:
    """An undamaged clip: its files with their content, by the path that is damaged."""

    name: str
    path: Path
    files: dict[Path, bytes]
    frames: int
    secret: str = SECRET


def write_bases(folder: Path) -> list[Base]:
    """Write a clip of 48 x 40 pixels in every format, each in its own folder."""
    clip = render_phantom_clip(EchoPhantom(1), "4CH", 1.0, 8, (48, 40))
    bases = []
    for name, write in _writers().items():
        place = folder / name.replace(" ", "_")
        place.mkdir()
        path = write(place, clip)
        files = sorted(file for file in (path.iterdir() if path.is_dir() else place.iterdir()) if file.is_file())
        contents = {file: file.read_bytes() for file in files if "_label" not in file.name}
        bases.append(Base(name, path, contents, clip.image.shape[2]))
    return bases


def damage(base: Base, rng: random.Random) -> str:
    """Write a damaged version of a clip, and return the kind of damage."""
    for file, content in base.files.items():
        file.write_bytes(content)
    file = rng.choice(list(base.files))
    kind = rng.choice(list(DAMAGE))
    file.write_bytes(DAMAGE[kind](base.files[file], rng))
    return kind


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    reach = rng.choice((64, 400, 2000, len(changed)))
    for _ in range(rng.choice((1, 2, 8, 64))):
        changed[rng.randrange(min(reach, len(changed)))] = rng.randrange(256)
    return bytes(changed)


def _number(content: bytes, rng: random.Random) -> bytes:
    """Overwrite an integer of 1, 2, 4, or 8 bytes, mostly in the header."""
    changed, size = bytearray(content), rng.choice((1, 2, 4, 8))
    place = rng.randrange(max(min(rng.choice((64, 400, 2000)), len(changed) - size), 1))
    value = (rng.choice(NUMBERS) & ((1 << 8 * size) - 1)).to_bytes(size, rng.choice(("little", "big")))
    changed[place : place + size] = value
    return bytes(changed)


def _text(content: bytes, rng: random.Random) -> bytes:
    """Replace a number or a word of the header by another text, of another length, too."""
    words = list(re.finditer(rb"[\w.%-]{1,40}", content[:3000]))
    word = rng.choice(words) if words else re.match(b"", content)
    return content[: word.start()] + rng.choice(TEXTS).encode() + content[word.end() :]


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def _insert(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + rng.randbytes(rng.choice((1, 2, 100, 5000))) + content[place:]


def _delete(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + content[place + rng.choice((1, 2, 100, 2000)) :]


def _clear(content: bytes, rng: random.Random) -> bytes:
    place, length = rng.randrange(len(content)), rng.choice((2, 16, 500, 10_000))
    return content[:place] + bytes(min(length, len(content) - place)) + content[place + length :]


def _extend(content: bytes, rng: random.Random) -> bytes:
    return content + rng.choice((bytes(1), bytes(1000), content))


DAMAGE: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "flip": _flip,
    "number": _number,
    "text": _text,
    "cut": _cut,
    "insert": _insert,
    "delete": _delete,
    "clear": _clear,
    "extend": _extend,
}


def _writers() -> dict[str, Callable]:
    """By name: functions that write a clip into a folder and return its path."""

    def simple(format: str, name: str, **options) -> Callable:
        def write(place: Path, clip) -> Path:
            write_clip(place / name, clip, format, **options)
            return place / name

        return write

    return {
        "nii.gz": simple("nifti", "clip.nii.gz"),
        "nii": _plain_nifti,
        "mhd": simple("mhd", "clip.mhd"),
        "mha packed": _packed_metaimage,
        "npy": simple("npy", "clip.npy"),
        "png": simple("png", "clip"),
        "avi": simple("avi", "clip.avi"),
        "mp4": simple("mp4", "clip.mp4"),
        "mkv": _matroska,
        "dicom": simple("dicom", "clip.dcm", patient_name=SECRET),
        "dicom rgb": simple("dicom", "clip.dcm", patient_name=SECRET, photometric="RGB"),
        "dicom rle": lambda place, clip: _compressed_dicom(place, clip, "1.2.840.10008.1.2.5"),
        "dicom jpeg-ls": lambda place, clip: _compressed_dicom(place, clip, "1.2.840.10008.1.2.4.80"),
        "dicom jpeg 2000": lambda place, clip: _compressed_dicom(place, clip, "1.2.840.10008.1.2.4.90"),
        "dicom lossless jpeg": lambda place, clip: _itk_dicom(place, clip, lossless=True),
        "dicom jpeg": lambda place, clip: _itk_dicom(place, clip, lossless=False),
    }


def _plain_nifti(place: Path, clip) -> Path:
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(clip.image), np.diag([0.3, 0.3, 1, 1])), place / "clip.nii")
    return place / "clip.nii"


def _packed_metaimage(place: Path, clip) -> Path:
    packed = zlib.compress(clip.image.tobytes(order="F"))
    size = " ".join(map(str, clip.image.shape))
    lines = ["ObjectType = Image", f"Comment = {SECRET}", "NDims = 3", f"DimSize = {size}", "ElementType = MET_UCHAR"]
    lines += ["CompressedData = True", f"CompressedDataSize = {len(packed)}", "ElementDataFile = LOCAL"]
    (place / "clip.mha").write_bytes("\n".join(lines).encode() + b"\n" + packed)
    return place / "clip.mha"


def _matroska(place: Path, clip) -> Path:
    import av

    write_clip(place / "clip.mp4", clip, "mp4")
    with av.open(str(place / "clip.mp4")) as source, av.open(str(place / "clip.mkv"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    (place / "clip.mp4").unlink()
    return place / "clip.mkv"


def _compressed_dicom(place: Path, clip, syntax: str) -> Path:
    import pydicom

    write_clip(place / "clip.dcm", clip, "dicom", patient_name=SECRET)
    data = pydicom.dcmread(place / "clip.dcm")
    data.compress(syntax, generate_instance_uid=False)
    data.save_as(place / "clip.dcm")
    return place / "clip.dcm"


def _itk_dicom(place: Path, clip, lossless: bool) -> Path:
    """Baseline JPEG by Pillow, lossless JPEG by GDCM, each in the header of an uncompressed clip."""
    import pydicom
    from pydicom.encaps import encapsulate, generate_frames

    write_clip(place / "clip.dcm", clip, "dicom", patient_name=SECRET)
    data = pydicom.dcmread(place / "clip.dcm")
    packed = []
    for frame in np.moveaxis(clip.image, -1, 0):
        packed.append(_lossless_jpeg(place, frame.T, generate_frames) if lossless else _jpeg(frame.T))
    data.PixelData = encapsulate(packed)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.70" if lossless else "1.2.840.10008.1.2.4.50"
    data.save_as(place / "clip.dcm")
    return place / "clip.dcm"


def _jpeg(frame: np.ndarray) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(frame)).save(file, "JPEG", quality=90)
    return file.getvalue()


def _lossless_jpeg(place: Path, frame: np.ndarray, generate_frames: Callable) -> bytes:
    import pydicom

    scratch = place / "scratch"
    scratch.mkdir()
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(str(scratch / "frame.dcm"))
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.Execute(SimpleITK.GetImageFromArray(np.ascontiguousarray(frame)))
    data = pydicom.dcmread(scratch / "frame.dcm")
    (packed,) = generate_frames(data.PixelData, number_of_frames=1)
    shutil.rmtree(scratch)
    return packed
