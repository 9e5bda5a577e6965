"""A DICOM server that takes ultrasound clips by C-STORE and answers C-ECHO."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from gdkvm_monai.archive.intake import Intake, Receipt
from gdkvm_monai.archive.packages import require
from gdkvm_monai.archive.queued_clip import clip_id
from gdkvm_monai.archive.rejection import rejection_cause
from gdkvm_monai.data.dicom.header import MULTI_FRAME

__all__ = ["Listener", "ListenerSettings"]

logger = logging.getLogger(__name__)

STILLS = ("1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.6")
ECHO = "1.2.840.10008.1.1"
SYNTAXES = (
    *("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"),
    *(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)),
    "1.2.840.10008.1.2.5",
)
"""Transfer syntaxes that can be read: uncompressed little endian, JPEG, JPEG-LS, JPEG 2000, and RLE."""
STATUS = {
    Receipt.STORED: 0x0000,
    Receipt.KNOWN: 0x0000,
    Receipt.FULL: 0xA700,  # out of resources
    Receipt.NO_CLIP: 0xB006,  # elements discarded, a warning: the sender goes on with the rest of the study
    Receipt.DAMAGED: 0xC000,  # cannot understand
}
ASSOCIATIONS, TIMEOUT_S = 4, 60


@dataclass(frozen=True)
class ListenerSettings:
    """Who may send, and where to.

    Attributes:
        title: own AE title; calls to another one are refused.
        host: address to listen at.
        port: TCP port; 0 for any that is free.
        allowed: AE titles that may call; ``None`` for all.
        clip_bytes: largest object; a larger one ends its association.
    """

    title: str
    host: str
    port: int
    allowed: tuple[str, ...] | None
    clip_bytes: int


class Listener:
    """Server in threads of its own; use it as a context manager.

    Args:
        settings: who may send, and where to.
        intake: takes the clips.

    Raises:
        ImportError: if pynetdicom is not installed.
        OSError: from ``with``, if the address cannot be used.
    """

    def __init__(self, settings: ListenerSettings, intake: Intake) -> None:
        self._settings, self._intake = settings, intake
        self._entity = _entity(settings)
        self._server: Any = None

    @property
    def port(self) -> int:
        """TCP port of the running server."""
        return self._server.socket.getsockname()[1]

    def __enter__(self) -> Listener:
        from pynetdicom import evt

        handlers = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda event: 0x0000),
            (evt.EVT_REJECTED, _log_rejection),
            (evt.EVT_PDU_RECV, _SizeGuard(self._settings.clip_bytes)),
        ]
        address = self._settings.host, self._settings.port
        try:
            self._server = self._entity.start_server(address, block=False, evt_handlers=handlers)
        except OSError as error:
            place = f"{self._settings.host}:{self._settings.port}"
            reason = f"{place} cannot be used: {error.strerror or error}; choose another address or port."
            raise OSError(reason) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()

    def _store(self, event: Any) -> int:
        uid = str(event.request.AffectedSOPInstanceUID)
        try:
            if event.request.AffectedSOPClassUID in STILLS:
                size = event.request.DataSet.getbuffer().nbytes
                receipt = self._intake.refuse(uid, size, "the object is a single image, expected a clip.")
            else:
                receipt = self._intake.put(uid, event.encoded_dataset())
        except OSError as error:
            logger.error("clip %s: cannot be stored: %s", clip_id(uid), error.strerror)
            receipt = Receipt.FULL
        logger.info("clip %s: arrived: %s", clip_id(uid), receipt.value)
        return STATUS[receipt]


def _entity(settings: ListenerSettings) -> Any:
    entity = require("pynetdicom").AE(settings.title)
    entity.require_called_aet = True
    entity.require_calling_aet = list(settings.allowed or ())
    entity.maximum_associations = ASSOCIATIONS
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
    entity.add_supported_context(ECHO)
    for uid in (*MULTI_FRAME, *STILLS):
        entity.add_supported_context(uid, list(SYNTAXES))
    return entity


def _log_rejection(event: Any) -> None:
    logger.warning("refused an association: %s", rejection_cause(event.assoc))


class _SizeGuard:
    """Ends associations that send an object above a size, which would fill the memory."""

    def __init__(self, largest: int) -> None:
        self._largest = largest

    def __call__(self, event: Any) -> None:
        from pynetdicom.pdu import P_DATA_TF

        if not isinstance(event.pdu, P_DATA_TF):
            return
        message = event.assoc.dimse.message
        held = message.data_set.getbuffer().nbytes if message is not None and message.data_set is not None else 0
        if held > self._largest:
            logger.error("ended an association: an object of more than %d bytes", self._largest)
            event.assoc.abort()
