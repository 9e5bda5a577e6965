"""A file is whole or absent."""

from __future__ import annotations

import pytest

from gdkvm_monai.files import replace_file


def test_a_file_is_replaced_when_it_is_complete_and_kept_when_not(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with replace_file(target) as partial:
        partial.write_text("whole")
        assert not target.exists() and partial.parent == target.parent
    with pytest.raises(RuntimeError), replace_file(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert target.read_text() == "whole" and list(target.parent.iterdir()) == [target]
