"""Slices between tensors: of a known length they compile; what Python would shorten raises; others are refused."""
import warnings

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit
from mindspore.compiler.frontend.errors import TensorConditionError

V = Tensor(np.float32([1, 2, 3, 4, 5]))


def at(k):
    return Tensor(np.int64(k))


@pytest.mark.parametrize(("key", "count"), [
    (lambda k: slice(k, k + 3), 3), (lambda k: slice(k + 3, k, -1), 3), (lambda k: slice(k - 2, k + 2, 2), 2),
    (lambda k: slice(k, k), 0), (lambda k: slice(k + 1, k), 0)])
def test_what_a_slice_of_known_length_gives_is_what_numpy_gives_or_an_error(key, count):
    run = jit(lambda x, k: x[key(k)])
    for k in range(-9, 9):
        expected = V.asnumpy()[key(k)]
        if len(expected) == count:
            assert run(V, at(k)).asnumpy().tolist() == expected.tolist()
        else:
            with pytest.raises(IndexError, match="of 5 elements has not .* elements"):
                run(V, at(k))


def test_writing_through_a_slice_writes_into_the_tensor():
    def program(x, k):
        x = x * 1
        part = x[k:k + 3]
        part[0] = 7.0
        x[1:4][k - k] = 9.0
        return x, part
    for k in range(3):
        for expected, found in zip(program(V, at(k)), jit(program)(V, at(k))):
            assert found.asnumpy().tolist() == expected.asnumpy().tolist()


def test_the_error_shows_the_bounds():
    with pytest.raises(IndexError, match="the slice 4:7 of 5 elements has not 3 elements"):
        jit(lambda x, k: x[k:k + 3])(V, at(4))


@pytest.mark.parametrize("program", [lambda x, k: x[:k], lambda x, k: x[k:], lambda x, k: x[k:2 * k],
                                     lambda x, k: [x, x][:k], lambda x, k: x.reshape(5, 1)[:, k:],
                                     lambda x, k: x[k:k + 3:k]])
def test_a_slice_of_unknown_length_is_refused_in_words_or_taken_in_pynative_mode(program):
    with pytest.raises(TensorConditionError, match="The number of elements of a slice depends on a tensor"):
        jit(program)(V, at(2))
    ms.set_context(jit_syntax_level=ms.LAX)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # shown once for each place
            found, expected = jit(program)(V, at(2)), program(V, at(2))
    finally:
        ms.set_context(jit_syntax_level=ms.STRICT)
    for part, same in zip(found, expected, strict=True):
        assert part.asnumpy().tolist() == same.asnumpy().tolist()


def test_lists_beside_a_window_cannot_be_assigned():
    def program(x, k):
        x = x.reshape(5, 1) * 1
        x[k:k + 2, [0]] = 1.0
        return x
    with pytest.raises(IndexError, match="ops.arange"):
        jit(program)(V, at(2))
