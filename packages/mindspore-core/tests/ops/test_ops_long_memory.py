"""LSTMV2, long short-term memory of sequences of different lengths, beside nn.LSTM."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops.operations._rl_inner_ops import LSTMV2

DRAW = np.random.default_rng(3)


def drawn(*size):
    return Tensor(DRAW.normal(size=size).astype(np.float32))


def weights_of(layer, layers, bidirectional, has_bias):
    kinds = ("weight_ih", "weight_hh") + (("bias_ih", "bias_hh") if has_bias else ())
    parameters = {p.name.split(".")[-1]: p for p in layer.get_parameters()}
    return ops.concat([parameters[f"{kind}_l{k}{way}"].reshape((-1, 1, 1)) for k in range(layers)
                       for way in ("", "_reverse")[:1 + bidirectional] for kind in kinds])


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("has_bias", [False, True])
def test_sequences_of_different_lengths(has_bias, bidirectional, how):
    layer, lengths = nn.LSTM(3, 4, 2, has_bias=has_bias, bidirectional=bidirectional), [5, 2, 3]
    x, h, c = drawn(5, 3, 3), drawn(2 + 2 * bidirectional, 3, 4), drawn(2 + 2 * bidirectional, 3, 4)
    memory = LSTMV2(3, 4, 2, has_bias, bidirectional, 0.5, False)
    found = how(memory)(x, h, c, weights_of(layer, 2, bidirectional, has_bias), Tensor(lengths, ms.int32))
    for n, length in enumerate(lengths):  # each sequence by itself
        one, last = layer(x[:length, n:n + 1], (h[:, n:n + 1], c[:, n:n + 1]))
        np.testing.assert_allclose(found[0].asnumpy()[:length, n], one.asnumpy()[:, 0], atol=1e-5)
        assert not found[0].asnumpy()[length:, n].any()
        for state, expected in zip(found[1:3], last):
            np.testing.assert_allclose(state.asnumpy()[:, n], expected.asnumpy()[:, 0], atol=1e-5)
    assert len(found) == 5


def test_gradients():
    memory, lengths = LSTMV2(3, 2, 1, True, False, 0.0), Tensor([4, 2], ms.int32)
    given = [drawn(4, 2, 3), drawn(1, 2, 2), drawn(1, 2, 2), drawn(8 * (3 + 2 + 2), 1, 1)]
    shares = [drawn(4, 2, 2), drawn(1, 2, 2), drawn(1, 2, 2)]

    def weighed(*operands):
        return sum((value * share).sum() for value, share in zip(memory(*operands, lengths), shares))

    for k, slope in enumerate(ms.grad(weighed, (0, 1, 2, 3))(*given)):
        for at in [tuple(DRAW.integers(given[k].shape)) for _ in range(6)]:
            moved = np.zeros(given[k].shape, np.float32)
            moved[at] = 1e-2
            sides = [weighed(*given[:k], given[k] + Tensor(sign * moved), *given[k + 1:]).item() for sign in (1, -1)]
            assert abs(slope.asnumpy()[at] - (sides[0] - sides[1]) / 2e-2) < 5e-3
    assert not ms.grad(weighed)(*given).asnumpy()[2:, 1].any()  # behind the end of the second sequence


@pytest.mark.parametrize("change, error, words", [
    ({"x": drawn(4, 2, 4)}, ValueError, r"expected \(L, N, 3\)"),
    ({"c": drawn(1, 2, 3)}, ValueError, r"c \(1, 2, 3\)"),
    ({"w": drawn(55, 1, 1)}, ValueError, "w has 55 numbers; expected 56"),
    ({"lengths": Tensor([4], ms.int32)}, ValueError, "seq_lengths has shape"),
    ({"lengths": Tensor([4.0, 2.0])}, TypeError, "seq_lengths is Float32"),
    ({"h": Tensor(np.zeros((1, 2, 2)))}, TypeError, "h is Float64; expected Float16 or Float32"),
])
def test_refused(change, error, words):
    operands = {"x": drawn(4, 2, 3), "h": drawn(1, 2, 2), "c": drawn(1, 2, 2), "w": drawn(56, 1, 1),
                "lengths": Tensor([4, 2], ms.int32)}
    with pytest.raises(error, match=words):
        LSTMV2(3, 2, 1, True, False, 0.0)(*{**operands, **change}.values())
