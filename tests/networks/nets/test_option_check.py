"""Options that contradict each other are refused together, in one sentence."""

from __future__ import annotations

import pytest

from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.networks.nets.option_check import WITHOUT_MEMORY, check_options

DEFAULTS = GDKVM(backbone="resnet18", width=8, key_channels=8, value_channels=8, decoder_width=16).options


def test_the_values_of_a_network_without_memory_are_the_defaults():
    assert {name: DEFAULTS[name] for name in WITHOUT_MEMORY} == WITHOUT_MEMORY
    check_options({**DEFAULTS, "update_rule": "none"})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"out_channels": 1}, "out_channels is 1, expected at least 2"),
        ({"chunk_size": 0}, "chunk_size is 0, expected at least 1"),
        ({"update_rule": "none", "readout_norm": "rms"}, "key_position, .*, and readout_norm need an update_rule"),
        ({"update_rule": "none", "key_standardization": True}, "key_standardization, .* need an update_rule"),
        ({"key_standardization": True}, "key_standardization needs key_position"),
        ({"deep_supervision": True}, "needs the light decoder, not 'full'"),
    ],
)
def test_a_contradiction_is_refused_with_what_to_do(changed, message):
    with pytest.raises(ValueError, match=message):
        check_options({**DEFAULTS, **changed})
