"""Only known networks are built, and their options are checked first."""

from __future__ import annotations

import pytest
from torch import nn

from gdkvm_monai.networks.known import NETWORKS, build_network, network_name
from gdkvm_monai.networks.nets import GDKVM

UNET = {"network": "UNet", "spatial_dims": 2, "in_channels": 1, "out_channels": 3, "channels": [4, 8], "strides": [2]}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_recognized_by_its_name_and_both_paths(name):
    kind = NETWORKS[name]
    for path in (name, f"gdkvm_monai.networks.nets.{name}", f"{kind.__module__}.{name}"):
        assert network_name(path) == name


@pytest.mark.parametrize("name", ["", "Linear", "torch.nn.Linear", "gdkvm_monai.networks.netsx.GDKVM", "os.GDKVM"])
def test_an_unknown_network_is_refused(name):
    with pytest.raises(ValueError, match="GDKVM, FrameByFrame") as info:
        network_name(name)
    assert repr(name) in str(info.value)


def test_a_module_is_recognized_by_its_class():
    with pytest.raises(ValueError, match="Linear"):
        network_name(nn.Linear(1, 1))


SWIN = {"network": "SwinUNETR", "spatial_dims": 2, "in_channels": 1, "out_channels": 3, "feature_size": 12}


def test_a_network_that_reads_numbers_while_it_is_built_can_be_built():
    assert build_network("FrameByFrame", SWIN).options == SWIN


def test_all_options_of_a_network_are_accepted():
    options = GDKVM(backbone="resnet18", width=8, value_channels=16, decoder_width=16).options
    assert build_network("GDKVM", options).options == options


def test_an_option_may_give_one_number_per_level_or_axis_where_the_network_takes_a_list():
    assert build_network("FrameByFrame", {**UNET, "kernel_size": [3, 3]}).options["kernel_size"] == [3, 3]


@pytest.mark.parametrize(
    ("name", "options", "offending"),
    [
        ("GDKVM", {"widht": 8}, "'widht'; did you mean width"),
        ("GDKVM", {"width": "8"}, "width is '8', expected a whole number"),
        ("GDKVM", {"width": True}, "width is True, expected a whole number"),
        ("GDKVM", {"width": 8.5}, "width is 8.5, expected a whole number"),
        ("GDKVM", {"width": -8}, "width is -8"),
        ("GDKVM", {"width": 0}, "width is 0, expected at least 1"),
        ("GDKVM", {"chunk_size": 0}, "chunk_size is 0"),
        ("FrameByFrame", {**UNET, "spatial_dims": 3}, "spatial_dims is 3, expected 2"),
        ("FrameByFrame", {**UNET, "channels": [4, 0]}, "without channels"),
        ("GDKVM", {"width": [8, 8]}, r"width is \[8, 8\], expected a whole number"),
        ("GDKVM", {"width": [1]}, r"width is \[1\], expected a whole number"),
        ("GDKVM", {"width": None}, "width is None, expected a whole number"),
        ("GDKVM", {"dropout": "much"}, "dropout is 'much', expected a number"),
        ("GDKVM", {"deep_supervision": 1}, "deep_supervision is 1, expected true or false"),
        ("FrameByFrame", {**UNET, "in_channels": "one"}, "in_channels is 'one', expected a whole number"),
        ("FrameByFrame", {**UNET, "channels": ["4", "8"]}, r"channels is \['4', '8'\], expected a whole number"),
        ("FrameByFrame", {**UNET, "in_channels": [1]}, r"in_channels is \[1\], expected a whole number"),
        ("GDKVM", {"width": 10**6}, "width is 1000000"),
        ("GDKVM", {"width": 1024}, "parameters, expected at most"),
        ("GDKVM", {"backbone": "resnet19"}, "resnet19"),
        ("GDKVM", {"backbone": 18}, "backbone is 18, expected a text"),
        ("GDKVM", {"width": {"_target_": "os.system"}}, "_target_"),
        ("FrameByFrame", {**UNET, "network": "torch.nn.Linear"}, "torch.nn.Linear"),
        ("FrameByFrame", {**UNET, "network": ["UNet"]}, "UNet"),
        ("FrameByFrame", {**UNET, "channel": [4, 8]}, "'channel'; did you mean channels"),
        (
            "FrameByFrame",
            {**UNET, "channels": [1024] * 16, "strides": [2] * 15, "kernel_size": 7},
            "parameters, expected at most",
        ),
        ("FrameByFrame", {**UNET, "channels": [4] * 17}, "17 entries"),
        ("FrameByFrame", {**UNET, "channels": [4] * 65}, "65 entries"),
        ("FrameByFrame", {"network": "UNet"}, "be built"),
        ("FrameByFrame", {**SWIN, "window_size": 300}, "numbers in buffers, expected at most"),
    ],
)
def test_wrong_options_are_refused_before_memory_is_allocated(name, options, offending):
    with pytest.raises(ValueError, match=offending) as info:
        build_network(name, options)
    assert "\n" not in str(info.value)
