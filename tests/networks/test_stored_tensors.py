"""Bombs and tensors without usable values are refused before a network gets them."""

from __future__ import annotations

import zipfile

import pytest
import torch

from gdkvm_monai.networks.checkpoint import load_weights, read_checkpoint
from gdkvm_monai.networks.stored_tensors import fault_of_file, fault_of_storage, fault_of_tensor


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(3),
        torch.ones(3, dtype=torch.float16),
        torch.tensor(5),
        torch.zeros(0),
        torch.ones(4, 3).t(),
        torch.ones(2, 3).expand(2, 3),
    ],
    ids=["float32", "float16", "scalar", "empty", "transposed", "view"],
)
def test_plain_finite_values_have_no_fault(value):
    assert fault_of_tensor(value) == ""


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (torch.tensor([float("nan")]), "not finite"),
        (torch.tensor([float("inf")], dtype=torch.float16), "not finite"),
        (torch.ones(2, 2).to_sparse(), "sparse"),
        (torch.nested.as_nested_tensor([torch.ones(2), torch.ones(3)]), "nested"),
        (torch.empty(2, device="meta"), "no values"),
        (torch.ones(1).expand(1 << 40), "claims 1099511627776 values and stores 1"),
    ],
    ids=["nan", "inf", "sparse", "nested", "meta", "repeated"],
)
def test_what_cannot_be_a_weight_is_described(value, fault):
    assert fault in fault_of_tensor(value)


def test_a_storage_may_hold_values_that_are_not_finite():
    assert fault_of_storage(torch.tensor([float("nan")])) == ""


def test_a_compressed_file_is_refused_before_it_is_expanded(tmp_path):
    torch.save({"weight": torch.zeros(1 << 16)}, tmp_path / "plain.pt")
    assert fault_of_file(tmp_path / "plain.pt") == ""
    with zipfile.ZipFile(tmp_path / "plain.pt") as plain:
        with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb:
            for entry in plain.namelist():
                bomb.writestr(entry, plain.read(entry))
    with pytest.raises(ValueError, match="bomb.pt has .* claims"):
        read_checkpoint(tmp_path / "bomb.pt")


def test_a_file_in_the_earlier_format_of_torch_still_loads(tmp_path):
    network = torch.nn.Linear(2, 2)
    torch.save(network.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    load_weights(network, tmp_path / "old.pt")
