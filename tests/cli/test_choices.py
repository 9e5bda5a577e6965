"""The choices of the options equal those in the packages that define them."""

from __future__ import annotations

import inspect

from monai.bundle import __main__ as monai_command

from gdkvm_monai.cli import choices
from gdkvm_monai.data import phantom
from gdkvm_monai.data.phantom import folder
from gdkvm_monai.export import FORMATS, FORMS
from gdkvm_monai.export.bundle import NAME
from gdkvm_monai.export.bundle.networks import NETWORK_FILES
from gdkvm_monai.export.engines import AUTO, ENGINES
from gdkvm_monai.study import options
from gdkvm_monai.study.averaging import VERSIONS


def test_the_choices_equal_their_definitions():
    assert set(choices.MASK_FORMATS) == set(options.FORMATS) and set(choices.OVERLAYS) == set(options.OVERLAYS)
    assert set(choices.CLIP_FORMATS) == set(phantom.FORMATS) and choices.DATA_SETS == folder.DATA_SETS
    assert set(choices.QUALITIES) == set(phantom.QUALITIES)
    assert set(choices.NETWORK_FORMATS) == set(FORMATS) and set(choices.NETWORK_FORMS) == set(FORMS)
    assert set(choices.ENGINES) == {AUTO, *ENGINES} and choices.VERSIONS == VERSIONS
    assert choices.BUNDLE_NAME == NAME and set(choices.BUNDLE_FORMATS) == set(NETWORK_FILES)


def test_every_monai_command_is_offered():
    assert set(choices.BUNDLE_COMMANDS) == {
        name for name, item in vars(monai_command).items() if inspect.isfunction(item)
    }
