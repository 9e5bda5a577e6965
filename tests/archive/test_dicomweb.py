"""Clips from a DICOMweb archive: what is asked for, and what an error may say; a real server is in tests/consumers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable

import pytest

from gdkvm_monai.archive.delivery import SendError
from gdkvm_monai.archive.dicomweb import PASSWORD, TOKEN, USER, DicomWebArchive, StudyClip
from tests.archive.fakes import MULTI_FRAME, clip_bytes

pytest.importorskip("dicomweb_client")
pydicom = pytest.importorskip("pydicom")
requests = pytest.importorskip("requests")
URL = "http://127.0.0.1:9/dicom-web"
STUDY = "2.25.10"
CLIP = StudyClip(STUDY, "2.25.11", "2.25.1")


def entry(sop_class: str, instance: str) -> dict:
    values = {"00080016": sop_class, "0020000D": STUDY, "0020000E": "2.25.11", "00080018": instance}
    return {tag: {"vr": "UI", "Value": [value]} for tag, value in values.items()}


class FakeClient:
    """The calls of dicomweb-client that are used."""

    def __init__(self, failed: int = 0, error: Exception | None = None) -> None:
        self.failed, self.error, self.stored = failed, error, []

    def search_for_instances(self, study, search_filters, offset, **_):
        if self.error:
            raise self.error
        assert study or search_filters == {"Modality": "US"}
        return [entry(MULTI_FRAME, "2.25.1"), entry("1.2.840.10008.5.1.4.1.1.2", "2.25.2")]

    def retrieve_instance(self, study, series, instance, media_types):
        assert media_types == (("application/dicom", "*"),) and (study, series) == (CLIP.study, CLIP.series)
        return pydicom.dcmread(io.BytesIO(clip_bytes(instance)))

    def store_instances(self, datasets):
        if self.error:
            raise self.error
        self.stored += datasets
        answer = pydicom.Dataset()
        if self.failed:
            answer.FailedSOPSequence = [pydicom.Dataset() for _ in range(self.failed)]
        return answer


def archive(**options) -> DicomWebArchive:
    made = DicomWebArchive(URL)
    made._client = FakeClient(**options)
    return made


@pytest.mark.parametrize("study", [STUDY, None])
def test_the_multi_frame_ultrasound_images_of_a_study_or_of_all_are_its_clips(study):
    assert archive().clips(study) == [CLIP]


def test_a_clip_is_retrieved_as_the_file_that_it_is():
    content = archive().retrieve(CLIP)
    found, stored = (pydicom.dcmread(io.BytesIO(data)) for data in (content, clip_bytes()))
    assert found == stored and found.file_meta.TransferSyntaxUID == stored.file_meta.TransferSyntaxUID


def test_files_are_stored_and_those_that_are_not_taken_are_an_error(tmp_path):
    (tmp_path / "seg.dcm").write_bytes(clip_bytes())
    taking = archive()
    taking.store([tmp_path / "seg.dcm"])
    assert [data.SOPInstanceUID for data in taking._client.stored] == ["2.25.1"]
    with pytest.raises(SendError, match="1 of 1"):
        archive(failed=1).store([tmp_path / "seg.dcm"])


def http_error(code: int) -> Exception:
    response = requests.Response()
    response.status_code = code
    return requests.HTTPError(f"{code} for {URL}/studies/{STUDY}", response=response)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (http_error(401), PASSWORD),
        (http_error(404), "404"),
        (requests.ConnectionError(f"{URL}/studies/{STUDY}"), "cannot be reached"),
    ],
)
def test_errors_name_the_cause_and_no_study(error, cause, tmp_path):
    (tmp_path / "seg.dcm").write_bytes(clip_bytes())
    with pytest.raises(ConnectionError, match=cause) as asked:
        archive(error=error).clips(STUDY)
    with pytest.raises(SendError, match=cause) as sent:
        archive(error=error).store([tmp_path / "seg.dcm"])
    assert STUDY not in f"{asked.value} {sent.value}"


def answering(monkeypatch, answer: Callable[[str], requests.Response]) -> DicomWebArchive:
    """An archive whose real client gets these answers to the URLs that it asks for."""
    asked = DicomWebArchive(URL)
    asked._client.set_http_retry_params(retry=False)

    def send(adapter, request, **_):
        response = answer(request.url)
        response.request, response.url = request, request.url
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return asked


def response(content: str, kind: str = "application/dicom+json", code: int = 200, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code, made.raw = code, io.BytesIO(content.encode())
    made.headers.update({"Content-Type": kind, **headers})
    return made


UIDS = [f"2.25.{number}" for number in range(1, 6)]
ENTRIES = [entry(MULTI_FRAME, uid) for uid in UIDS]


@pytest.mark.parametrize("page", [2, 5, 10])
def test_all_pages_of_a_list_are_read(monkeypatch, page):
    def answer(url):
        offset = int(re.search(r"offset=(\d+)", url)[1])
        return response(json.dumps(ENTRIES[offset : offset + page]))

    assert [clip.instance for clip in answering(monkeypatch, answer).clips(STUDY)] == UIDS


def test_an_archive_that_ignores_the_offset_gives_each_instance_once(monkeypatch):
    asked = []

    def answer(url):
        asked.append(url)
        assert len(asked) < 4
        return response(json.dumps(ENTRIES))

    assert [clip.instance for clip in answering(monkeypatch, answer).clips(STUDY)] == UIDS
    assert len(asked) == 2


@pytest.mark.parametrize("content", ['{"a": 1}', "[1]", '["a"]', "[{}]", '{"00080018": 1}', '"a"', "7", "null"])
def test_an_answer_that_is_no_list_of_instances_is_an_error(monkeypatch, content):
    with pytest.raises(ConnectionError, match="list of instances"):
        answering(monkeypatch, lambda url: response(content)).clips(STUDY)


def test_a_study_without_instances_has_no_clips(monkeypatch):
    assert answering(monkeypatch, lambda url: response("", code=204)).clips(STUDY) == []


def test_a_web_page_is_named_and_does_not_count_as_stored(monkeypatch, tmp_path):
    (tmp_path / "seg.dcm").write_bytes(clip_bytes())
    asked = answering(monkeypatch, lambda url: response("<html>Jane Doe</html>", "text/html; charset=utf-8"))
    for act in (lambda: asked.clips(STUDY), lambda: asked.retrieve(CLIP)):
        with pytest.raises(ConnectionError, match="text/html") as error:
            act()
        assert "Doe" not in str(error.value)
    with pytest.raises(SendError, match="text/html"):
        asked.store([tmp_path / "seg.dcm"])


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (lambda url: response("nothing of JSON"), "not DICOM JSON"),
        (lambda url: response("", "text/html", 302, Location=url), "redirects too often"),
    ],
)
def test_an_answer_that_cannot_be_read_and_a_redirect_loop_are_named(monkeypatch, answer, cause):
    with pytest.raises(ConnectionError, match=cause) as error:
        answering(monkeypatch, answer).clips(STUDY)
    assert STUDY not in str(error.value)


def test_a_server_that_is_off_cannot_be_reached():
    archive = DicomWebArchive(URL)
    archive._client.set_http_retry_params(retry=False)
    with pytest.raises(ConnectionError, match="cannot be reached"):
        archive.clips(STUDY)


def test_credentials_come_from_the_environment(monkeypatch):
    monkeypatch.setenv(TOKEN, "secret")
    assert DicomWebArchive(URL)._client._session.headers["Authorization"] == "Bearer secret"
    monkeypatch.delenv(TOKEN)
    monkeypatch.setenv(USER, "me")
    monkeypatch.setenv(PASSWORD, "word")
    assert DicomWebArchive(URL)._client._session.auth == ("me", "word")


def test_an_address_is_one_of_http():
    with pytest.raises(ValueError, match="ftp://x"):
        DicomWebArchive("ftp://x")
