from __future__ import annotations

import sys
from types import ModuleType

import pytest
import torch

from gdkvm_monai.networks.layers import selective_scan
from gdkvm_monai.networks.layers.selective_scan import MIN_STEPS

FORMS = pytest.mark.parametrize("scan", ["reference", "chunked"])


def example(length: int = 9, batch: int = 2, channels: int = 3, states: int = 4, dtype=torch.float64):
    """Return the six arguments of a scan."""
    torch.manual_seed(0)
    sequence = (batch, length, channels)
    x, delta = torch.randn(sequence, dtype=dtype), torch.rand(sequence, dtype=dtype)
    write, read = (torch.randn(batch, length, states, dtype=dtype) for _ in range(2))
    return [x, delta, -torch.rand(channels, states, dtype=dtype), write, read, torch.randn(channels, dtype=dtype)]


def test_the_reference_equals_the_equation_written_for_every_entry():
    x, delta, decay, write, read, skip = example()
    found = selective_scan(x, delta, decay, write, read, skip, "reference")
    for b in range(2):
        for d in range(3):
            state = [0.0] * 4
            for t in range(9):
                size = float(delta[b, t, d])
                for s in range(4):
                    kept = float(torch.exp(size * decay[d, s])) * state[s]
                    state[s] = kept + size * float(write[b, t, s]) * float(x[b, t, d])
                expected = sum(float(read[b, t, s]) * state[s] for s in range(4)) + float(skip[d]) * float(x[b, t, d])
                assert float(found[b, t, d]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("length", [1, MIN_STEPS, MIN_STEPS + 1, 150])
def test_the_chunked_form_equals_the_reference_forward_and_backward_across_segments(length, monkeypatch):
    monkeypatch.setattr(sys.modules[selective_scan.__module__], "SEGMENT", 1)
    arguments = [x.requires_grad_() for x in example(length)]
    outputs = [selective_scan(*arguments, scan) for scan in ("chunked", "reference")]
    torch.testing.assert_close(*outputs)
    weights = torch.randn_like(outputs[0])
    for found, expected in zip(*(torch.autograd.grad(output, arguments, weights) for output in outputs)):
        torch.testing.assert_close(found, expected)


@FORMS
def test_gradients_are_correct_in_double_precision(scan):
    arguments = [x.requires_grad_() for x in example(length=6, batch=1, channels=2, states=2)]
    assert torch.autograd.gradcheck(lambda *x: selective_scan(*x, scan), arguments)


@FORMS
def test_without_decay_the_state_is_a_running_sum(scan):
    x, delta, decay, write, read, skip = example()
    sums = torch.cumsum((delta * x).unsqueeze(-1) * write.unsqueeze(2), dim=1)  # (B, L, D, S)
    expected = (sums * read.unsqueeze(2)).sum(-1) + skip * x
    torch.testing.assert_close(selective_scan(x, delta, 0 * decay, write, read, skip, scan), expected)


@FORMS
def test_with_full_decay_only_the_current_step_counts(scan):
    x, delta, decay, write, read, skip = example()
    delta = delta + 0.1
    expected = delta * x * (write * read).sum(-1, keepdim=True) + skip * x
    torch.testing.assert_close(selective_scan(x, delta, 0 * decay - 1e6, write, read, skip, scan), expected)


@FORMS
def test_a_step_of_size_zero_writes_nothing_and_keeps_the_state(scan):
    x, delta, decay, write, read, skip = example()
    torch.testing.assert_close(selective_scan(x, 0 * delta, decay, write, read, skip, scan), skip * x)
    delta[:, 4] = 0
    removed = [torch.cat([y[:, :4], y[:, 5:]], dim=1) for y in (x, delta, write, read)]
    found = selective_scan(x, delta, decay, write, read, skip, scan)
    others = torch.cat([found[:, :4], found[:, 5:]], dim=1)
    torch.testing.assert_close(others, selective_scan(*removed[:2], decay, *removed[2:], skip, scan))


@FORMS
def test_changing_a_step_changes_only_its_own_and_later_outputs(scan):
    arguments = example()
    changed = [arguments[0].clone(), *arguments[1:]]
    changed[0][:, 4] += 1
    difference = (selective_scan(*arguments, scan) - selective_scan(*changed, scan)).abs().amax(dim=(0, 2))
    assert not difference[:4].any() and difference[4:].all()


def test_autocast_does_not_lower_the_precision():
    arguments = example(dtype=torch.float32)
    expected = selective_scan(*arguments)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(selective_scan(*arguments), expected)


def test_the_kernel_gets_time_last_and_its_output_is_turned_back(monkeypatch):
    """A stand-in with the kernel's documented layout: ``u, delta (B, D, L); A (D, N); B, C (B, N, L)``."""

    def selective_scan_fn(u, delta, A, B, C):
        assert all(tensor.is_contiguous() for tensor in (u, delta, B, C))
        x, delta, write, read = (tensor.transpose(1, 2) for tensor in (u, delta, B, C))
        return selective_scan(x, delta, A, write, read, torch.zeros_like(A[:, 0]), "reference").transpose(1, 2)

    interface = ModuleType("mamba_ssm.ops.selective_scan_interface")
    interface.selective_scan_fn = selective_scan_fn
    for name in ("mamba_ssm", "mamba_ssm.ops"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    arguments = example()
    torch.testing.assert_close(selective_scan(*arguments, "kernel"), selective_scan(*arguments, "reference"))


@pytest.mark.gpu
def test_the_installed_kernel_equals_the_reference_forward_and_backward():
    pytest.importorskip("mamba_ssm")
    arguments = [x.cuda().requires_grad_() for x in example(length=100, states=16, dtype=torch.float32)]
    outputs = [selective_scan(*arguments, scan) for scan in ("kernel", "reference")]
    torch.testing.assert_close(*outputs, atol=1e-4, rtol=1e-4)
    weights = torch.randn_like(outputs[0])
    for found, expected in zip(*(torch.autograd.grad(output, arguments, weights) for output in outputs)):
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_a_missing_kernel_and_an_unknown_form_are_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "mamba_ssm", None)
    with pytest.raises(ImportError, match="mamba_ssm is not installed"):
        selective_scan(*example(), "kernel")
    with pytest.raises(ValueError, match="chunkd"):
        selective_scan(*example(), "chunkd")


@FORMS
def test_a_sequence_without_steps_is_refused(scan):
    with pytest.raises(ValueError, match=r"\(2, 0, 3\), expected \(B, L, D\)"):
        selective_scan(*example(length=0), scan)
