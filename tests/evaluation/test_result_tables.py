"""Reading result tables: identifiers stay text, and an invalid number is reported."""

from __future__ import annotations

import pytest

from gdkvm_monai.evaluation.clip_result import frame_table
from gdkvm_monai.evaluation.result_tables import read_ef_table, read_frame_table, read_scored_grid
from gdkvm_monai.evaluation.results import write_evaluation
from tests.evaluation.clips import scored_clip


@pytest.fixture
def folder(tmp_path):
    write_evaluation([scored_clip("0001", shift=1), scored_clip("NA", empty=True)], tmp_path, {"scored_grid": "native"})
    return tmp_path


def test_scores_are_read_back_unchanged_and_identifiers_stay_text(folder):
    table, written = read_frame_table(folder), frame_table(
        [scored_clip("0001", shift=1), scored_clip("NA", empty=True)]
    )
    assert table["patient"].unique().tolist() == ["0001", "NA"]
    for name in ("dice", "hd95", "nsd@1", "spacing_axis0"):
        assert table[name].tolist() == written[name].tolist()
    assert read_scored_grid(folder) == "native"


def test_an_empty_number_is_read_as_nan(folder):
    table = read_ef_table(folder).set_index("patient")
    assert table["predicted_ef_percent"].isna().to_dict() == {"0001": False, "NA": True}
    (folder / "ef_per_patient.csv").unlink()
    assert read_ef_table(folder) is None


def test_the_error_names_a_missing_folder_or_table(folder):
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        read_frame_table(folder / "nowhere")
    (folder / "per_frame.csv").unlink()
    with pytest.raises(FileNotFoundError, match="per_frame.csv does not exist"):
        read_frame_table(folder)
    (folder / "metrics.json").unlink()
    assert read_scored_grid(folder) is None


@pytest.mark.parametrize("text", ["", "x,y\n1,2\n", "patient,view,frame,structure,status,unit\na,4CH,0,LV,ok,mm\n"])
def test_a_table_without_required_columns_is_refused_with_their_names(folder, text):
    (folder / "per_frame.csv").write_text(text)
    with pytest.raises(ValueError, match="per_frame.csv has no .*spacing_axis0.* pass a table written by evaluating"):
        read_frame_table(folder)


def test_text_in_a_numeric_column_is_refused_with_the_column_name(folder):
    file = folder / "per_frame.csv"
    lines = file.read_text().splitlines()
    position = lines[0].split(",").index("hd95")
    cells = lines[1].split(",")
    cells[position] = "about 3"
    file.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]))
    with pytest.raises(ValueError, match="column hd95.*about 3"):
        read_frame_table(folder)
