"""Clips from a DICOMweb archive, and results stored there."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gdkvm_monai.archive.delivery import SendError
from gdkvm_monai.archive.packages import require
from gdkvm_monai.data.dicom.header import MULTI_FRAME

__all__ = ["DicomWebArchive", "StudyClip"]

TIMEOUT_S, ATTEMPTS = 120, 3
USER, PASSWORD, TOKEN = "GDKVM_DICOMWEB_USER", "GDKVM_DICOMWEB_PASSWORD", "GDKVM_DICOMWEB_TOKEN"
"""Environment variables with the credentials; on the command line, other users could read them."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class StudyClip:
    """Where an archive has a clip.

    Attributes:
        study: Study Instance UID.
        series: Series Instance UID.
        instance: SOP Instance UID.
    """

    study: str
    series: str
    instance: str


class DicomWebArchive:
    """An archive that speaks QIDO-RS, WADO-RS, and STOW-RS.

    Args:
        url: address of the service, such as ``http://localhost:8042/dicom-web``.

    Raises:
        ImportError: if dicomweb-client is not installed.
        ValueError: if the address is not one of HTTP.
    """

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"the archive is {url!r}, expected a URL such as http://localhost:8042/dicom-web.")
        client = require("dicomweb_client")
        self._client = client.DICOMwebClient(url, session=_session(), timeout=TIMEOUT_S)
        self._client.set_http_retry_params(max_attempts=ATTEMPTS)

    def clips(self, study: str | None = None) -> list[StudyClip]:
        """Return the multi-frame ultrasound images of a study, or of all studies.

        Raises:
            ConnectionError: if the archive cannot be reached, or answers an error or no list of instances.
            ValueError: if the UID is not one.
        """
        clips = [entry for entry in self._instances(study) if _value(entry, "00080016") in MULTI_FRAME]
        uids = [[_value(clip, tag) for tag in ("0020000D", "0020000E", "00080018")] for clip in clips]
        return [StudyClip(study or of_clip, series, instance) for of_clip, series, instance in uids]

    def _instances(self, study: str | None) -> list[dict]:
        """Ask for one page after another until one holds nothing new: some archives ignore the offset."""
        search = {"search_filters": None if study else {"Modality": "US"}, "fields": ["SOPClassUID"]}
        found: dict[str, dict] = {}
        offset = 0
        while True:
            page = _ask(lambda: self._client.search_for_instances(study, **search, offset=offset))
            if not isinstance(page, list) or not all(_value(entry, "00080018") for entry in page):
                raise ConnectionError("the archive did not answer a list of instances; check the URL.")
            new = {_value(entry, "00080018"): entry for entry in page}
            if new.keys() <= found.keys():
                return list(found.values())
            found |= new
            offset += len(page)

    def retrieve(self, clip: StudyClip) -> bytes:
        """Return a clip as a DICOM file, compressed as it is in the archive.

        Raises:
            ConnectionError: if the archive cannot be reached or answers an error.
        """
        kinds = (("application/dicom", "*"),)
        place = (clip.study, clip.series, clip.instance)
        data = _ask(lambda: self._client.retrieve_instance(*place, media_types=kinds))
        file = io.BytesIO()
        with _unvalidated():
            data.save_as(file, enforce_file_format=True)
        return file.getvalue()

    def store(self, files: Sequence[Path]) -> None:
        """Store DICOM files.

        Raises:
            SendError: if the archive cannot be reached or does not take one of them.
        """
        import pydicom

        try:
            with _unvalidated():
                answer = _ask(lambda: self._client.store_instances([pydicom.dcmread(file) for file in files]))
        except ConnectionError as error:
            raise SendError(str(error)) from error
        if refused := len(answer.get("FailedSOPSequence") or ()):
            raise SendError(f"the archive did not take {refused} of {len(files)} files; see its log.")


def _session() -> Any:
    from dicomweb_client.session_utils import create_session, create_session_from_user_pass

    user, token = os.environ.get(USER), os.environ.get(TOKEN)
    session = create_session_from_user_pass(user, os.environ.get(PASSWORD, "")) if user else create_session()
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    session.hooks["response"].append(_refuse_web_page)
    return session


def _refuse_web_page(response: Any, **_: object) -> None:
    """Refuse an answer such as a login page, which would count as success."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if response.status_code == 200 and kind in ("text/html", "application/xhtml+xml"):
        raise ConnectionError(f"the archive answered {kind}, not DICOM; check the URL.")


def _ask(request: Callable[[], Answer]) -> Answer:
    """Make a request; an error names neither the study nor the answer, which may quote it."""
    import requests

    try:
        return request()
    except requests.HTTPError as error:
        code = error.response.status_code if error.response is not None else "an error"
        advice = f"set {USER} and {PASSWORD}, or {TOKEN}" if code in (401, 403) else "check the URL and the study"
        raise ConnectionError(f"the archive answered {code}; {advice}.") from error
    except requests.JSONDecodeError as error:
        raise ConnectionError("the archive's answer is not DICOM JSON; check the URL.") from error
    except requests.TooManyRedirects as error:
        raise ConnectionError("the archive redirects too often; check the URL.") from error
    except requests.RequestException as error:
        raise ConnectionError("the archive cannot be reached, or ended the connection; check the URL.") from error


def _value(entry: Any, tag: str) -> str:
    """Return the first value of an attribute; empty if there is none, or if the entry is not DICOM JSON."""
    try:
        return str(entry[tag]["Value"][0])
    except (KeyError, IndexError, TypeError):
        return ""


@contextmanager
def _unvalidated() -> Iterator[None]:
    """Copy header values as they are, without a warning that would quote them."""
    from pydicom.config import disable_value_validation

    with warnings.catch_warnings(), disable_value_validation():
        warnings.simplefilter("ignore")
        yield
