"""Fourier transforms: all variants against NumPy's, norms, lengths, axes, derivatives, the short-time transform."""
from __future__ import annotations

import inspect

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
import mindspore.numpy as mnp
from mindspore import Tensor, ops
from mindspore.ops import operations as P

X = uniform((3, 4, 6))
Z = (uniform((3, 4, 6), seed=1) + 1j * uniform((3, 4, 6), seed=2)).astype(np.complex64)
NORMS = (None, "backward", "ortho", "forward")
SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _one(name: str, x, n: int | None, axis: int, norm):
    return Case(f"{name} n={n} axis={axis} norm={norm}", lambda x: getattr(ops, name)(x, n, axis, norm),
                lambda x: getattr(np.fft, name)(x, n, axis, norm), (x,), atol=2e-5, grad=norm == "ortho" or n == 5)


def _hermitian(x, s, axes, norm):
    return np.fft.irfftn(x.conj(), s, axes, SWAPPED[norm])


def _inverse_hermitian(x, s, axes, norm):
    return np.fft.rfftn(x, s, axes, SWAPPED[norm]).conj()


def _several(name: str, meaning, x, s, axes, norm):
    return Case(f"{name} s={s} axes={axes} norm={norm}", lambda x: getattr(ops, name)(x, s, axes, norm),
                lambda x: meaning(x, s, axes, norm), (x,), atol=2e-5, grad=norm == "ortho")


MEANING = {"fftn": np.fft.fftn, "ifftn": np.fft.ifftn, "rfftn": np.fft.rfftn, "irfftn": np.fft.irfftn,
           "hfftn": _hermitian, "ihfftn": _inverse_hermitian}
ONE = [_one(name, X if name in ("rfft", "ihfft") else Z, n, axis, norm)
       for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
       for n, axis, norm in ((None, -1, None), (5, 1, "forward"), (7, 0, "ortho"), (4, -1, "backward"))]
SEVERAL = [_several(name, meaning, X if name in ("rfftn", "ihfftn") else Z, s, axes, norm)
           for name, meaning in MEANING.items()
           for s, axes, norm in ((None, (0, 1, 2), "ortho"), ((5, 4), (0, 2), None), ((3, 8), (-1, 1), "forward"))]
TWO = [Case(name, getattr(ops, name), lambda x, m=MEANING[f"{name[:-1]}n"]: m(x, None, (-2, -1), None),
            (X if name in ("rfft2", "ihfft2") else Z,), atol=2e-5)
       for name in ("fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2")]
MORE = [
    Case("fftn of the last axes", lambda x: ops.fftn(x, (2, 3)), lambda x: np.fft.fftn(x, (2, 3), (1, 2)), (Z,),
         atol=2e-5),
    Case("fft of real numbers", ops.fft, np.fft.fft, (X,), atol=2e-5),
    Case("fft of whole numbers", ops.fft, np.fft.fft, (np.arange(6, dtype=np.int32),), atol=2e-5),
    Case("fftshift", ops.fftshift, np.fft.fftshift, (X,)),
    Case("ifftshift", lambda x: ops.ifftshift(x, (0, 2)), lambda x: np.fft.ifftshift(x, (0, 2)), (X,)),
    Case("fftfreq", lambda: ops.fftfreq(7, 0.5), lambda: np.fft.fftfreq(7, 0.5), ()),
    Case("rfftfreq", lambda: ops.rfftfreq(8), lambda: np.fft.rfftfreq(8), ()),
    Case("mindspore.numpy.fft", lambda x: mnp.fft.irfft2(mnp.fft.rfft2(x)), lambda x: x, (X,), atol=2e-5),
    *[Case(f"FFTWithSize {real} {inverse} {onesided}",
           P.FFTWithSize(2, inverse, real, "ortho", onesided, (4, 6) if real and inverse else ()), meaning, (x,),
           atol=2e-5)
      for real, inverse, onesided, meaning, x in (
          (False, False, True, lambda x: np.fft.fft2(x, norm="ortho"), Z),
          (False, True, True, lambda x: np.fft.ifft2(x, norm="ortho"), Z),
          (True, False, True, lambda x: np.fft.rfft2(x, norm="ortho"), X),
          (True, False, False, lambda x: np.fft.fft2(x, norm="ortho"), X),
          (True, True, True, lambda x: np.fft.irfft2(x, (4, 6), norm="ortho"), Z[..., :4]),
          (True, True, False, lambda x: np.fft.ifft2(x, norm="ortho").real, Z))],
]
CASES = [*ONE, *SEVERAL, *TWO, *MORE]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and c.ins and c.ins[0].dtype.kind in "fc"], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_dtypes():
    for part, wide in ((ms.float32, ms.complex64), (ms.float64, ms.complex128)):
        x = Tensor(X, part)
        assert ops.rfft(x).dtype is ops.fft(x).dtype is wide and ops.irfft(ops.rfft(x)).dtype is part
    assert ops.rfft(Tensor(X, ms.float16)).dtype is ms.complex64
    assert ops.fftfreq(4, dtype=ms.float64).dtype is ms.float64


def test_numpy_interface():
    import mindspore.numpy.fft as module
    assert len(module.__all__) == 22
    for name in module.__all__:
        if "freq" in name:
            continue
        x = Z if name not in ("rfft", "rfft2", "rfftn", "ihfft", "ihfft2", "ihfftn") else X
        np.testing.assert_allclose(getattr(module, name)(x).asnumpy(), getattr(ops, name)(Tensor(x)).asnumpy())
        assert list(inspect.signature(getattr(module, name)).parameters)[0] in ("a", "x")


def test_one_graph_serves_all_lengths():
    class Smooth(ms.nn.Cell):
        def construct(self, x):
            return ops.irfft(ops.rfft(x, norm="ortho") * 2, x.shape[1], norm="ortho") + ops.real(ops.ifft(x))

    net = Smooth()
    net.set_inputs(Tensor(shape=[2, None], dtype=ms.float32))
    jitted = ms.jit(net)
    for length in (6, 7, 12):
        x = uniform((2, length))
        want = 2 * x + np.fft.ifft(x).real
        np.testing.assert_allclose(jitted(Tensor(x)).asnumpy(), want, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(net(Tensor(x)).asnumpy(), want, rtol=1e-4, atol=1e-5)


def test_lanes_and_compiled_gradients():
    def power(x):
        return (ops.abs(ops.rfft(x)) ** 2).sum()

    x = Tensor(X[0])
    want = ms.grad(power)(x).asnumpy()
    np.testing.assert_allclose(ms.jit(ms.grad(power))(x).asnumpy(), want, rtol=1e-5, atol=1e-5)
    lanes = ms.vmap(ms.grad(lambda row: (ops.abs(ops.rfft(row)) ** 2).sum()))(x)
    np.testing.assert_allclose(lanes.asnumpy(), want, rtol=1e-4, atol=1e-4)


# -- the short-time transform ------------------------------------------------------------------------------------------

SIGNAL = uniform((2, 40), seed=5)


def _stft(x, n_fft, hop, window, onesided=True, scale=1.0):
    pieces = np.stack([x[..., k:k + n_fft] * window for k in range(0, x.shape[-1] - n_fft + 1, hop)], -2)
    return np.moveaxis((np.fft.rfft if onesided else np.fft.fft)(pieces), -1, -2) * scale


def _parts(z):
    return np.stack([z.real, z.imag], -1)


HANN = ops.hann_window(8).asnumpy()
STFT = [
    Case("stft", lambda x: ops.stft(x, 8), lambda x: _parts(_stft(np.pad(x, [(0, 0), (4, 4)], "reflect"), 8, 2, 1.0)),
         (SIGNAL,)),
    Case("stft of one signal", lambda x: ops.stft(x, 8, center=False, return_complex=True),
         lambda x: _stft(x, 8, 2, 1.0), (SIGNAL[0],)),
    Case("stft window", lambda x: ops.stft(x, 12, 5, 8, Tensor(HANN), False, normalized=True, return_complex=True),
         lambda x: _stft(x, 12, 5, np.pad(HANN, 2), True, 12 ** -0.5), (SIGNAL,)),
    Case("stft win_length", lambda x: ops.stft(x, 8, win_length=4, pad_mode="constant", return_complex=True),
         lambda x: _stft(np.pad(x, [(0, 0), (4, 4)]), 8, 2, np.pad(np.ones(4), 2)), (SIGNAL,)),
    Case("stft of complex numbers", lambda x: ops.stft(x, 8, pad_mode="SYMMETRIC"),
         lambda x: _stft(np.pad(x, [(0, 0), (4, 4)], "symmetric"), 8, 2, 1.0, False),
         ((SIGNAL + 1j * SIGNAL[::-1]).astype(np.complex64),)),
    Case("P.STFT", lambda x: P.STFT(8, 3, 8, False, False, True)(x, Tensor(HANN)),
         lambda x: _stft(x, 8, 3, HANN, False), (SIGNAL,)),
]


@pytest.mark.parametrize("case", STFT, ids=repr)
def test_short_time(case):
    case.atol = 2e-5
    check_eager(case)
    check_graph(case)
    check_gradient(case)


def test_windows():
    np.testing.assert_allclose(ops.kaiser_window(9, False, 5.0).asnumpy(), np.kaiser(9, 5), rtol=1e-6)
    np.testing.assert_allclose(ops.kaiser_window(8).asnumpy(), np.kaiser(9, 12)[:8], rtol=1e-6)
    assert ops.kaiser_window(1).asnumpy() == 1 and ops.kaiser_window(0).shape == (0,)
    length = Tensor(8, ms.int32)
    np.testing.assert_allclose(P.HammingWindow(False)(length).asnumpy(), np.hamming(8), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(P.BlackmanWindow(False)(length).asnumpy(), np.blackman(8), rtol=1e-5, atol=1e-6)
    assert P.BartlettWindow(dtype=ms.float64)(length).dtype is ms.float64


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: ops.fft(Tensor(X), norm="full"), ValueError, "fft: norm is 'full'; expected 'backward'"),
    (lambda: ops.fft(Tensor(X), 0), ValueError, "fft: the length of the transform is 0"),
    (lambda: ops.fft(Tensor(X), dim=3), ValueError, "fft: dim 3 is out of range"),
    (lambda: ops.fft(Tensor(1.0)), ValueError, "fft: the operand has no axes"),
    (lambda: ops.rfft(Tensor(Z)), TypeError, "rfft: the operand is Complex64; expected real"),
    (lambda: ops.fftn(Tensor(X), (2, 3), (1,)), ValueError, "fftn: s is .* expected one size for each axis"),
    (lambda: ops.fft2(Tensor(X), dim=(1, 1)), ValueError, "fft2: dim is .* names an axis twice"),
    (lambda: ops.irfft(Tensor(Z[..., :1])), ValueError, "irfft: the length of the transform is 0"),
    (lambda: P.FFTWithSize(4, False, False)(Tensor(X)), ValueError, "FFTWithSize: signal_ndim is 4"),
    (lambda: ops.stft(Tensor(X), 4), ValueError, "stft: x has shape"),
    (lambda: ops.stft(Tensor(SIGNAL), 8, win_length=9), ValueError, "stft: hop_length is 2 and win_length 9"),
    (lambda: ops.stft(Tensor(SIGNAL), 90), ValueError, "stft: a signal of 40 numbers cannot be extended"),
    (lambda: ops.stft(Tensor(SIGNAL), 8, window=Tensor(HANN[:3])), ValueError, r"stft: the window has shape \(3,\)"),
    (lambda: ops.stft(ops.fft(Tensor(SIGNAL)), 8, onesided=True), ValueError, "stft: onesided is True"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
