"""The fan is where there is echo, and texture goes on beyond it."""

from __future__ import annotations

import torch

from gdkvm_monai.transforms.fan import continue_outside, find_fan


def triangle(size: int = 64) -> torch.Tensor:
    """A triangle from the middle of the upper edge, depth along W."""
    across, depth = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return (across - size / 2 + 0.5).abs() < depth / 2


def test_the_fan_is_the_hull_of_what_is_bright_without_single_pixels():
    fan = triangle()
    image = (0.5 * fan)[None, ..., None].clone()
    image[:, 28:36, 30:40] = 0  # an echo-free cavity
    image[:, 2, 2] = 1
    assert (find_fan(image) == fan).float().mean() > 0.97 and not find_fan(image)[2, 2]


def test_an_image_that_is_black_or_bright_all_over_is_all_fan():
    assert find_fan(torch.zeros(1, 16, 16, 2)).all() and find_fan(torch.ones(1, 16, 16, 2)).all()


def test_texture_is_mirrored_at_the_border_and_kept_inside():
    fan = triangle()
    image = (torch.rand(64, 64, generator=torch.Generator().manual_seed(0)) + 0.5) * fan
    continued = continue_outside(image[None, ..., None], fan)[0, ..., 0]
    inner = triangle() & (image > 0)
    kept = (continued == image)[inner].float().mean()
    assert kept > 0.8 and (continued[20:44, 8:] > 0).all()
