"""Names of clips: short, distinct, and independent of the data folder."""

from __future__ import annotations

import pytest

from gdkvm_monai.evaluation.clip_names import name_clips
from tests.evaluation.clips import scored_clip


def names(*paths: str) -> list[str]:
    return [clip.clip for clip in name_clips([scored_clip("a", clip=path) for path in paths])]


def test_the_file_name_is_enough_if_it_is_unique():
    assert names("/data/a/one.dcm", "/data/b/two.dcm") == ["one.dcm", "two.dcm"]


def test_equal_file_names_get_as_many_folders_as_they_need():
    assert names("/data/x/1/c.dcm", "/data/y/1/c.dcm", "/data/y/2/c.dcm") == ["2/c.dcm", "x/1/c.dcm", "y/1/c.dcm"]


def test_names_do_not_depend_on_the_data_folder():
    assert names("/data/x/c.dcm", "/data/y/c.dcm") == names("/other/place/x/c.dcm", "/other/place/y/c.dcm")


def test_other_patients_and_views_do_not_lengthen_a_name():
    clips = [
        scored_clip("a", clip="/x/c.dcm"),
        scored_clip("b", clip="/y/c.dcm"),
        scored_clip("a", "2CH", clip="/z/c.dcm"),
    ]
    assert [clip.key for clip in name_clips(clips)] == [
        ("a", "2CH", "c.dcm"),
        ("a", "4CH", "c.dcm"),
        ("b", "4CH", "c.dcm"),
    ]


def test_a_repeated_clip_counts_once():
    assert names("/x/c.dcm", "/x/c.dcm") == ["c.dcm"]
    assert len(name_clips([scored_clip("a", clip=""), scored_clip("a", clip="", shift=1)])) == 1  # one label


@pytest.mark.parametrize(("path", "words"), [("", "no file name"), ("/x/c.dcm", "the file /x/c.dcm")])
def test_items_with_the_same_file_or_none_and_different_labels_are_refused(path, words):
    one, other = scored_clip("a", clip=path), scored_clip("a", clip=path)
    other.label_ends[..., 0] = 0
    with pytest.raises(ValueError, match=f"patient a, view 4CH.*{words}.*give each item a 'clip'"):
        name_clips([one, other])


def test_a_clip_without_a_patient_is_a_patient_of_its_own():
    clips = name_clips([scored_clip("", clip="/x/c.dcm"), scored_clip("", clip="/y/c.dcm")])
    assert [clip.patient for clip in clips] == ["x/c.dcm", "y/c.dcm"]
