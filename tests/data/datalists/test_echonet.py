"""EchoNet-Dynamic as it is distributed, and its irregularities, in small tables of its layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdkvm_monai.data import echonet_datalist

LARGE, SMALL = 30, 20  # half width of the tracing at ED and ES


def tracing(name: str, half: float, frame: int, lines: int = 21) -> list[str]:
    """Rows of a rectangle of ``2 half`` by ``2 half`` pixels around the middle of the frame."""
    rows = [(56, 56 - half, 56, 56 + half)]
    rows += [
        (56 - half, 56 + y, 56 + half, 56 + y) for y in (half * (2 * n / (lines - 2) - 1) for n in range(lines - 1))
    ]
    return [f"{name},{','.join(map(str, row))},{frame}" for row in rows]


class Copy:
    """A data set whose rows a test may change before :meth:`write`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "Videos").mkdir(parents=True)
        self.files, self.tracings = {}, {}
        for name, split in (("0XA", "TRAIN"), ("0XB", "TRAIN"), ("0XC", "VAL"), ("0XD", "TEST")):
            self.add(name, split)

    def add(self, name: str, split: str = "TRAIN") -> None:
        self.files[name] = f"{name},55.5,40,90,112,112,50,12,{split}"
        self.tracings[name] = tracing(f"{name}.avi", SMALL, 7) + tracing(f"{name}.avi", LARGE, 2)
        (self.root / "Videos" / f"{name}.avi").touch()

    def list(self, section: str = "training") -> tuple[list, str]:
        """Return the items and the report."""
        header = "FileName,EF,ESV,EDV,FrameHeight,FrameWidth,FPS,NumberOfFrames,Split"
        (self.root / "FileList.csv").write_text("\n".join([header, *self.files.values()]))
        rows = [row for rows in self.tracings.values() for row in rows]
        (self.root / "VolumeTracings.csv").write_text("\n".join(["FileName,X1,Y1,X2,Y2,Frame", *rows]))
        reports: list[str] = []
        return echonet_datalist(self.root, section, reports.append), reports[0]


@pytest.fixture
def copy(tmp_path) -> Copy:
    return Copy(tmp_path / "echonet")


@pytest.mark.parametrize(
    ("section", "names"), [("training", "AB"), ("validation", "C"), ("testing", "D"), ("all", "ABCD")]
)
def test_a_section_lists_the_videos_of_its_split(copy, section, names):
    items, report = copy.list(section)
    assert [item["patient"] for item in items] == [f"0X{name}" for name in names]
    assert report == f"EchoNet-Dynamic {section}: {len(names)} videos, 0 left out"
    assert (items[0]["view"], items[0]["ef_percent"], items[0]["frame_rate_hz"]) == ("4CH", 55.5, 50)


def test_the_larger_traced_area_is_end_diastole_in_any_order_of_rows_and_frames(copy):
    copy.tracings["0XA"] = tracing("0XA.avi", LARGE, 9) + tracing("0XA.avi", SMALL, 4)
    (late, early), _ = copy.list()
    assert (late["ed_frame"], late["es_frame"]) == (9, 4) and (early["ed_frame"], early["es_frame"]) == (2, 7)
    assert late["label_frames"] == [9, 4] and late["tracings"][0][1][0] == 56 - LARGE


def damage_tracing(copy: Copy) -> None:
    del copy.tracings["0XA"]


def damage_video(copy: Copy) -> None:
    (copy.root / "Videos" / "0XA.avi").unlink()


def damage_size(copy: Copy) -> None:
    copy.files["0XA"] = "0XA,55.5,40,90,1024,1280,50,12,TRAIN"


def damage_frames(copy: Copy) -> None:
    copy.tracings["0XA"] += tracing("0XA.avi", 25, 5)


def damage_length(copy: Copy) -> None:
    copy.tracings["0XA"] = tracing("0XA.avi", SMALL, 12) + tracing("0XA.avi", LARGE, 2)


def damage_areas(copy: Copy) -> None:
    copy.tracings["0XA"] = tracing("0XA.avi", SMALL, 7) + tracing("0XA.avi", SMALL, 2)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damage_tracing, "no tracing"),
        (damage_video, "no video in Videos"),
        (damage_size, "frames of 1280 x 1024 pixels"),
        (damage_frames, "traced frames: 3 instead of 2"),
        (damage_length, "a tracing of a frame that the video does not have"),
        (damage_areas, "two traced areas of the same size"),
    ],
)
def test_a_video_that_cannot_be_used_is_left_out_with_its_reason_and_count(copy, damage, reason):
    damage(copy)
    items, report = copy.list()
    assert [item["patient"] for item in items] == ["0XB"]
    assert "1 videos, 1 left out" in report and f"left out, {reason}" in report and report.endswith("1 (0XA)")


@pytest.mark.parametrize("lines", [19, 25])
def test_a_tracing_with_other_than_21_lines_is_kept_and_counted(copy, lines):
    copy.tracings["0XA"] = tracing("0XA.avi", SMALL, 7, lines) + tracing("0XA.avi", LARGE, 2)
    items, report = copy.list()
    assert len(items) == 2 and len(items[0]["tracings"][1]) == lines
    assert report.splitlines()[1:] == ["  listed, a tracing with more or fewer than 21 lines: 1 (0XA)"]


def test_a_tracing_of_an_unlisted_video_is_counted(copy):
    copy.tracings["0XE"] = tracing("0XE.avi", SMALL, 7)
    items, report = copy.list()
    assert len(items) == 2 and "tracings of videos that FileList.csv does not list: 1 (0XE)" in report


def test_names_match_with_and_without_avi(copy):
    copy.files["0XA"] = copy.files["0XA"].replace("0XA", "0XA.avi")
    copy.tracings["0XB"] = [row.replace(".avi", "") for row in copy.tracings["0XB"]]
    items, _ = copy.list()
    assert [Path(item["image"]).name for item in items] == ["0XA.avi", "0XB.avi"]


def test_a_section_without_a_traced_video_is_refused_with_the_first_reason(copy):
    del copy.tracings["0XC"]
    with pytest.raises(FileNotFoundError, match="section validation.*0XC: no tracing"):
        copy.list("validation")


def test_a_malformed_number_is_refused_with_file_line_and_value(copy):
    copy.files["0XB"] = copy.files["0XB"].replace("55.5", "high")
    with pytest.raises(ValueError, match="FileList.csv, line 3: EF is 'high'"):
        copy.list()


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="FileList.csv does not exist"):
        echonet_datalist(tmp_path)
