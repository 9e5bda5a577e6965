"""The truth of clips comes back from its file as it was written."""

from __future__ import annotations

import pytest

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip
from gdkvm_monai.data.phantom.truth import read_truth, write_truth


def test_the_truth_is_read_back_as_written_and_sorted(tmp_path):
    truth = render_phantom_clip(EchoPhantom((0, 3)), beats=1, frame_rate_hz=5, size=(32, 32)).truth()
    write_truth(tmp_path / "truth.json", {"b.npy": truth, "a.npy": truth})
    assert list(read_truth(tmp_path / "truth.json").items()) == [("a.npy", truth), ("b.npy", truth)]
    assert read_truth(tmp_path / "absent.json") == {}


@pytest.mark.parametrize("text", ["[1]", "{}", '{"clips": {"a": {"seed": 1}}}', '{"clips": {"a": 1}}', "no JSON"])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "truth.json").write_text(text)
    with pytest.raises(ValueError, match=r"truth\.json is not a truth\.json of this command"):
        read_truth(tmp_path / "truth.json")
