"""A small DICOM clip, a segmenter that takes no time, and an archive that counts what it gets."""

from __future__ import annotations

from pathlib import Path

from gdkvm_monai.archive.delivery import SENT_FILES, SendError
from gdkvm_monai.files import file_sha256
from gdkvm_monai.folders import atomic_folder

MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"


def clip_bytes(uid: str = "2.25.1", frames: int = 2, sop_class: str = MULTI_FRAME, name: str = "Doe^Jane") -> bytes:
    """A clip of 4 x 4 pixels as a DICOM file."""
    import io

    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    from gdkvm_monai.data.dicom.source import dicom_item

    data = dicom_item(
        SOPClassUID=sop_class, SOPInstanceUID=uid, StudyInstanceUID="2.25.10", SeriesInstanceUID="2.25.11"
    )
    data.PatientName, data.Modality, data.NumberOfFrames = name, "US", frames
    data.Rows = data.Columns = 4
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.PixelData = bytes(16 * frames)
    data["PixelData"].VR = "OB"
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID, data.file_meta.MediaStorageSOPInstanceUID = sop_class, uid
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def fake_segmenter(clip: Path, results: Path) -> str:
    """Write a folder of results as a whole, as the real one does, named by the hash of the clip."""
    name = file_sha256(clip)[:16]
    if not (results / name).exists():
        with atomic_folder(results / name) as folder:
            folder.mkdir()
            for file in SENT_FILES:
                (folder / file).write_text(f"{file} of {name}")
    return name


class FakeArchive:
    """Keeps each object once by its identity, as archives do by the SOP Instance UID, in a folder."""

    def __init__(self, folder: Path, failures: int = 0) -> None:
        self.folder, self.failures = folder, failures
        folder.mkdir(exist_ok=True)

    def __call__(self, files) -> None:
        if self.failures:
            self.failures -= 1
            raise SendError("the archive is full.")
        for file in files:
            (self.folder / file.read_text()).touch()

    @property
    def held(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())
