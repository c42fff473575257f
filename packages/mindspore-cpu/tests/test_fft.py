"""Fourier transforms of the C++ kernel against NumPy's in double precision, and which algorithm a length gets."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore_cpu import _ext

LENGTHS = [*range(1, 33), 37, 49, 64, 74, 77, 97, 121, 128, 169, 210, 211, 256, 360, 961, 1000, 1024, 1031, 2048, 4099]
PARTS = {"float32": (np.float32, np.complex64, 1e-6), "float64": (np.float64, np.complex128, 2e-15)}


def around(n: int) -> tuple[int, int]:
    """How many lines there are, in front of the axis and behind it."""
    return (3, 1) if n % 3 == 0 else (2, 5) if n % 3 == 1 else (1, 19)


def near(got: np.ndarray, want: np.ndarray, error: float) -> None:
    assert np.abs(got - want).max() <= error * np.log2(want.size + 2) * max(1.0, np.abs(want).max())


@pytest.mark.parametrize("key", PARTS)
@pytest.mark.parametrize("n", LENGTHS)
def test_all_lengths(run_kernel, key, n):
    part, whole, error = PARTS[key]
    rng, (outer, inner), half = np.random.default_rng(n), around(n), n // 2 + 1
    x = rng.standard_normal((outer, n, inner)).astype(part)
    z = (rng.standard_normal((outer, n, inner)) + 1j * rng.standard_normal((outer, n, inner))).astype(whole)
    for inverse in (False, True):
        got = run_kernel(_ext.fft("full", key, outer, n, inner, inverse), [z], z.shape, whole)
        want = np.fft.ifft(z, axis=1, norm="forward") if inverse else np.fft.fft(z, axis=1)
        near(got, want, error)
    near(run_kernel(_ext.fft("real", key, outer, n, inner, False), [x], (outer, half, inner), whole),
         np.fft.rfft(x.astype(np.float64), axis=1), error)
    spectrum = np.ascontiguousarray(z[:, :half])
    near(run_kernel(_ext.fft("half", key, outer, n, inner, False), [spectrum], x.shape, part),
         np.fft.irfft(spectrum.astype(np.complex128), n, axis=1, norm="forward"), error)


def test_threads_give_the_same_bits(run_kernel):
    z = np.random.default_rng(0).standard_normal((300, 250, 2)).view(np.complex128)[..., 0]
    before, found = _ext.threads(), set()
    for count in (1, 2, 3):
        _ext.set_threads(count)
        kernel = _ext.fft("full", "float64", 300, 250, 1, False)
        found.add(run_kernel(kernel, [z], z.shape, np.complex128).tobytes())
    _ext.set_threads(before)
    assert len(found) == 1


def test_large_primes_are_chirps():
    assert [_ext.fft("full", "float32", 1, n, 1, False).description for n in (1024, 2 * 31, 2 * 37, 1031)] == [
        "fft", "fft", "fft by a chirp", "fft by a chirp"]


def test_no_step_of_a_transform_runs_on_the_host(device):
    x = Tensor(np.random.default_rng(0).standard_normal((4, 30)).astype(np.float32))
    before = device.host_fallbacks
    ops.irfft(ops.rfft(x), 30).asnumpy()
    ops.real(ops.fft(x)).asnumpy()
    ms.grad(lambda x: ops.view_as_real(ops.rfft(x)).sum())(x).asnumpy()
    assert device.host_fallbacks == before
