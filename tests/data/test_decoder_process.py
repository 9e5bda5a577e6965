"""A decoder in another process gives the same clip, and its crash is an error of that clip."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile

import numpy as np
import pytest

from gdkvm_monai.data import ClipReadError, ClipStream, ReadOptions, open_clip
from gdkvm_monai.data.decoder_process import forked, open_apart
from gdkvm_monai.data.geometry import picture_affine

OPTIONS = ReadOptions()


def stream_of(read) -> ClipStream:
    return ClipStream((4, 3), 2, picture_affine(), {"spacing_trust": "absent", "partial": False}, read)


def opener(end):
    """Return a function that opens a clip of one good frame, after which ``end`` is called."""

    def open_file(path, options):
        def read():
            yield np.zeros((4, 3))
            end()

        return stream_of(read)

    return open_file


def children() -> set[int]:
    return {process.pid for process in multiprocessing.active_children()}


def test_the_clip_is_the_one_that_is_read_here(write_nifti, clip):
    path = write_nifti(clip)
    here, apart = open_clip(path), open_apart(open_clip, path, OPTIONS)
    assert (apart.shape, apart.count, apart.meta) == (here.shape, here.count, here.meta)
    np.testing.assert_array_equal(apart.affine, here.affine)
    for _ in range(2):  # every iteration begins at the first frame
        np.testing.assert_array_equal(np.stack(list(apart), axis=-1), clip)


def test_metadata_that_are_known_after_the_last_frame_arrive():
    def open_file(path, options):
        stream = stream_of(lambda: iter([np.zeros((4, 3))]))
        stream.meta["partial"] = not path
        return stream

    stream = open_apart(open_file, "clip", OPTIONS)
    stream.meta["partial"] = True
    assert len(list(stream)) == 1 and stream.meta["partial"] is False


@pytest.mark.parametrize("signal_number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE])
def test_a_crash_while_decoding_is_an_error_that_names_the_signal(signal_number):
    frames = iter(open_apart(opener(lambda: os.kill(os.getpid(), signal_number)), "clip.x", OPTIONS))
    assert next(frames).shape == (4, 3)
    with pytest.raises(ClipReadError, match=f"clip.x .*decoder crashed .{signal.Signals(signal_number).name}"):
        next(frames)


def test_a_crash_in_the_header_is_an_error_too():
    with pytest.raises(ClipReadError, match="decoder crashed .SIGSEGV"):
        open_apart(lambda path, options: ctypes.string_at(0), "clip.x", OPTIONS)


def test_a_killed_decoder_is_no_sign_of_a_damaged_clip():
    with pytest.raises(ClipReadError, match="memory"):
        list(open_apart(opener(lambda: os.kill(os.getpid(), signal.SIGKILL)), "clip.x", OPTIONS))


@pytest.mark.parametrize("error", [ClipReadError("x is damaged."), FileNotFoundError("x"), ValueError("x", 3)])
def test_an_error_of_the_reader_arrives_with_its_type_and_its_traceback(error):
    def fail():
        raise error

    with pytest.raises(type(error)) as info:
        list(open_apart(opener(fail), "clip.x", OPTIONS))
    assert info.value.args == error.args and "in fail" in str(info.value.__cause__)


def test_no_process_remains(write_nifti, clip):
    before = children()
    stream = open_apart(open_clip, write_nifti(np.tile(clip, 50)), OPTIONS)
    with stream:
        next(iter(stream))
        assert len(children() - before) == 1
    assert children() == before
    with pytest.raises(ClipReadError):
        list(open_apart(opener(lambda: os.abort()), "clip.x", OPTIONS))
    assert children() == before


def test_a_stream_that_is_closed_early_leaves_no_temporary_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def open_file(path, options):
        def read():
            with tempfile.TemporaryDirectory():
                while True:
                    yield np.zeros((400, 300))

        return stream_of(read)

    with open_apart(open_file, "clip.x", OPTIONS) as stream:
        next(iter(stream))
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())


def test_a_signal_while_the_process_is_forked_ends_it_in_silence(capfd):
    at_once = [True]
    os.register_at_fork(after_in_child=lambda: at_once and os.kill(os.getpid(), signal.SIGTERM))
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with forked(lambda work, sender: sender.send(work), 1) as (receiver, process):
            with pytest.raises(EOFError):
                receiver.recv()
            process.join()
            assert process.exitcode == 0
    finally:
        at_once.clear()
        signal.signal(signal.SIGTERM, before)
    assert capfd.readouterr().err == ""
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGTERM}


def test_a_process_whose_parent_is_gone_ends(write_nifti, clip, tmp_path):
    path = write_nifti(np.tile(clip, 50))

    def abandon():
        stream = open_apart(open_clip, path, OPTIONS)
        next(iter(stream))
        (child,) = children()
        (tmp_path / "child").write_text(str(child))
        os.kill(os.getpid(), signal.SIGKILL)

    parent = multiprocessing.get_context("fork").Process(target=abandon)
    parent.start()
    parent.join(30)
    child = int((tmp_path / "child").read_text())
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        signal.sigtimedwait([], 0.05)
    status = open(f"/proc/{child}/stat").read().split()[2]
    assert status == "Z"  # nobody collects orphans in some containers


def test_a_daemonic_process_decodes_in_itself(write_nifti, clip):
    path = write_nifti(clip)
    with multiprocessing.get_context("fork").Pool(1) as pool:  # its processes are daemonic
        assert pool.apply(count_frames, (path,)) == clip.shape[2]


def count_frames(path) -> int:
    return len(list(open_apart(open_clip, path, OPTIONS)))
