"""Results sent by C-STORE to a server in this process."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from gdkvm_monai.archive.delivery import Delivery, SendError
from gdkvm_monai.archive.queue import ClipQueue
from gdkvm_monai.archive.queued_clip import State
from gdkvm_monai.archive.sender import CLASSES, CStoreSender, Destination, parse_title
from tests.archive.fakes import clip_bytes

pynetdicom = pytest.importorskip("pynetdicom")


@contextmanager
def server(status: int = 0, classes=CLASSES, title: str = "ARCHIVE"):
    """An archive; yields its destination and what it got."""
    got: list[bytes] = []

    def store(event):
        got.append(event.encoded_dataset())
        return status

    entity = pynetdicom.AE(title)
    entity.require_called_aet = True
    for uid in classes:
        entity.add_supported_context(uid)
    running = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(pynetdicom.evt.EVT_C_STORE, store)])
    try:
        yield Destination("ARCHIVE", "127.0.0.1", running.socket.getsockname()[1]), got
    finally:
        running.shutdown()


@pytest.fixture()
def files(tmp_path):
    """An SR and a SEG, by their classes."""
    paths = [tmp_path / "seg.dcm", tmp_path / "sr.dcm"]
    for path, uid in zip(paths, CLASSES):
        path.write_bytes(clip_bytes(sop_class=uid))
    return paths


@pytest.mark.parametrize("status", [0x0000, 0xB000])
def test_files_arrive_as_they_are(files, status):
    with server(status) as (destination, got):
        CStoreSender("GDKVM", destination)(files)
    sent = [path.read_bytes() for path in files]
    assert [data[-200:] for data in got] == [data[-200:] for data in sent]


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"status": 0xA700}, "0xA700"),
        ({"classes": CLASSES[:1]}, "sr.dcm"),
        ({"title": "OTHER"}, "refused the association: no AE of the called title"),
    ],
)
def test_what_does_not_arrive_is_an_error_that_names_the_cause(files, options, cause):
    with server(**options) as (destination, _), pytest.raises(SendError, match=cause):
        CStoreSender("GDKVM", destination)(files)


def test_an_archive_that_is_off_is_an_error_that_names_its_address(files):
    with server() as (destination, _):
        pass
    with pytest.raises(SendError, match=f"ARCHIVE@127.0.0.1:{destination.port} cannot be reached"):
        CStoreSender("GDKVM", destination)(files)


@pytest.mark.parametrize("text", ["ORTHANC", "A@host", "@host:1", "A@host:0", "A@host:65536", "A@host:x"])
def test_a_destination_is_title_host_and_port(text):
    with pytest.raises(ValueError, match="AET@HOST:PORT") as caught:
        Destination.parse(text)
    assert repr(text) in str(caught.value)


def test_an_address_of_version_6_is_written_in_brackets():
    assert Destination.parse("A B@[::1]:104") == Destination("A B", "::1", 104)


@pytest.mark.parametrize("text", ["", "   ", "A" * 17, "A\\B", "Ä", "A\nB"])
def test_a_title_is_what_dicom_allows(text):
    with pytest.raises(ValueError, match="AE title"):
        parse_title(text)
    assert parse_title(" GDKVM ") == "GDKVM"


@pytest.mark.parametrize("content", [b"", b"no DICOM", None])
def test_a_damaged_or_missing_file_is_recorded_and_its_clip_waits(tmp_path, content):
    queue = ClipQueue(tmp_path / "queue.sqlite")
    queue.add("a", 5)
    queue.take()
    queue.finish("a", "a")
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "seg.dcm"
    path.write_bytes(content or b"")

    def send(files):
        if content is None:  # it goes between the look at the folder and the sending
            path.unlink()
        CStoreSender("GDKVM", destination)(files)

    with server() as (destination, got):
        assert Delivery(queue, tmp_path, send).deliver()
    found = queue.find("a")
    assert (found.state, found.sendings, got) == (State.DONE, 1, []) and "Error" in found.reason
    queue.close()
