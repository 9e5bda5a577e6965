"""Results sent by C-STORE."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gdkvm_monai.archive.delivery import SendError
from gdkvm_monai.archive.packages import require
from gdkvm_monai.archive.rejection import rejection_cause

__all__ = ["CStoreSender", "Destination", "parse_title"]

TIMEOUT_S = 60
SYNTAX = "1.2.840.10008.1.2.1"
"""Explicit VR little endian, in which results are written."""
CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.33")
"""Segmentation, Comprehensive SR."""
SUCCESS, WARNINGS = 0x0000, (0xB000, 0xB006, 0xB007)


@dataclass(frozen=True)
class Destination:
    """An archive.

    Attributes:
        title: AE title.
        host: name or address.
        port: TCP port.
    """

    title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Parse ``AET@HOST:PORT``.

        Raises:
            ValueError: if it is something else.

        Example:
            >>> Destination.parse("ORTHANC@localhost:4242")
            Destination(title='ORTHANC', host='localhost', port=4242)
        """
        found = re.fullmatch(r"([^@]+)@(\[[^]]+\]|[^:@]+):(\d{1,5})", text)
        if not found or not 0 < int(found[3]) < 65536:
            raise ValueError(f"the destination is {text!r}, expected AET@HOST:PORT, such as ORTHANC@localhost:4242.")
        return cls(parse_title(found[1]), found[2].strip("[]"), int(found[3]))


def parse_title(text: str) -> str:
    """Return an AE title: 1 to 16 printable ASCII characters without backslash, not only spaces.

    Raises:
        ValueError: if it is something else.
    """
    title = text.strip()
    if not re.fullmatch(r"[ -\[\]-~]{1,16}", title):
        raise ValueError(f"the AE title is {text!r}, expected 1 to 16 ASCII characters without backslash.")
    return title


@dataclass(frozen=True)
class CStoreSender:
    """Sends DICOM files over one association.

    Attributes:
        title: own AE title.
        destination: archive.
    """

    title: str
    destination: Destination

    def __call__(self, files: Sequence[Path]) -> None:
        """Send files.

        Raises:
            SendError: if the archive cannot be reached, or does not confirm a file.
        """
        pynetdicom = require("pynetdicom")
        pynetdicom._config.STORE_SEND_CHUNKED_DATASET = True  # sends the file as it is, without reading it into memory
        entity = pynetdicom.AE(self.title)
        entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
        for uid in CLASSES:
            entity.add_requested_context(uid, SYNTAX)
        to = self.destination
        association = entity.associate(to.host, to.port, ae_title=to.title)
        if association.is_rejected:
            cause = rejection_cause(association)
            raise SendError(f"{to.title}@{to.host}:{to.port} refused the association: {cause}; check its settings.")
        if not association.is_established:
            raise SendError(f"{to.title}@{to.host}:{to.port} cannot be reached; check its address and port.")
        try:
            for file in files:
                _store(association, file, to.title)
        finally:
            association.release()


def _store(association, file: Path, title: str) -> None:
    try:
        status = association.send_c_store(file).get("Status")
    except (RuntimeError, ValueError) as error:  # the association ended, or the class was not accepted
        raise SendError(f"{title} does not take {file.name}: it ended the association or refuses the class.") from error
    if status is None:
        raise SendError(f"{title} did not confirm {file.name}; it ended the association or took too long.")
    if status != SUCCESS and status not in WARNINGS:
        raise SendError(f"{title} answered {file.name} with status 0x{status:04X}; see its log.")
