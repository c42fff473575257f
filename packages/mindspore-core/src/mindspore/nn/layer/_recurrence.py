"""What recurrent cells and layers share: parameters, checks, and the step of each kind.

A step takes the part of the gates that comes from the input, already computed (a layer computes it for all steps in one
product), the state, and the weight of the state. The gates lie one behind the other in the rows of a weight:

    RNN    h' = tanh(i + W h + b), or max(0, .) in place of tanh
    GRU    r, z, n: r = s(i_r + W_r h + b_r), z = s(i_z + W_z h + b_z), n = tanh(i_n + r (W_n h + b_n)),
           h' = n + z (h - n)
    LSTM   i, f, g, o: c' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c')

where s is the logistic function and i the input's part with its bias. Sources: Hochreiter and Schmidhuber (1997) with
the forget gate of Gers, Schmidhuber and Cummins (2000); Cho et al. (2014) with the reset gate behind the product.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from mindspore import ops
from mindspore.common.initializer import Uniform, initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.runtime.record import apply

__all__ = ["GATES", "check_input", "check_state", "gates_of", "new_parameter", "step", "trip"]

_MATMUL, _SPLIT = primitive("matmul"), ops.split
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}


def new_parameter(name: str, hidden: int, shape: tuple[int, ...], dtype) -> Parameter:
    """A parameter that starts evenly distributed over +-1 / sqrt(hidden)."""
    return Parameter(initializer(Uniform(1 / math.sqrt(hidden)), shape, dtype), name=name)


def gates_of(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x W^T + bias: (..., inputs) -> (..., gates)."""
    y = apply(_MATMUL, (x, weight), (False, True))
    return y if bias is None else y + bias


def _rnn_tanh(gates, state, weight, bias):
    return (ops.tanh(gates + gates_of(state[0], weight, bias)),)


def _rnn_relu(gates, state, weight, bias):
    return (ops.relu(gates + gates_of(state[0], weight, bias)),)


def _gru(gates, state, weight, bias):
    size = gates.shape[-1] // 3
    i_reset, i_update, i_new = _SPLIT(gates, size, -1)
    h_reset, h_update, h_new = _SPLIT(gates_of(state[0], weight, bias), size, -1)
    new = ops.tanh(i_new + ops.sigmoid(i_reset + h_reset) * h_new)
    return (new + ops.sigmoid(i_update + h_update) * (state[0] - new),)


def _lstm(gates, state, weight, bias):
    gates = gates + gates_of(state[0], weight, bias)
    take, forget, new, give = _SPLIT(gates, gates.shape[-1] // 4, -1)
    memory = ops.sigmoid(forget) * state[1] + ops.sigmoid(take) * ops.tanh(new)
    return ops.sigmoid(give) * ops.tanh(memory), memory


_STEPS: dict[str, Callable] = {"RNN_TANH": _rnn_tanh, "RNN_RELU": _rnn_relu, "GRU": _gru, "LSTM": _lstm}


def step(kind: str, gates: Tensor, state: tuple[Tensor, ...], weight: Tensor,
         bias: Tensor | None) -> tuple[Tensor, ...]:
    """The state after a step: gates (N, gates), state of (N, hidden) each, weight (gates, hidden), bias (gates,)."""
    return _STEPS[kind](gates, state, weight, bias)


@cache
def trip(kind: str, masked: bool) -> Callable:
    """The function of one step for `scan`: slices (gates[, whether the sequence goes on (N, 1)]), fixed (weight[,
    bias]). A sequence that has ended keeps its state, and its outputs are zeros."""

    def one(state, slices, fixed):
        new = step(kind, slices[0], state, fixed[0], fixed[1] if len(fixed) > 1 else None)
        if not masked:
            return new, new[:1]
        goes_on = slices[1]
        return tuple([ops.where(goes_on, after, before) for after, before in zip(new, state)]), \
            (ops.where(goes_on, new[0], ops.zeros_like(new[0])),)

    return one


def check_input(name: str, x, ndim: int, size: int) -> None:
    """TypeError for what is no floating tensor, ValueError for another shape than (..., size) of `ndim` axes."""
    if not isinstance(x, Tensor) or not x.dtype.is_floating:
        raise TypeError(f"For '{name}', the input must be a floating tensor, but got "
                        f"{x.dtype if isinstance(x, Tensor) else type(x).__name__}.")
    if x.ndim != ndim or x.shape[-1] != size:
        raise ValueError(f"For '{name}', the input must have {ndim} axes, the last one of input_size ({size}), but "
                         f"the input has shape {x.shape}.")


def check_state(name: str, state, shape: tuple[int, ...], like: Tensor, count: int) -> tuple[Tensor, ...]:
    """The tensors of a state: one, or for an LSTM a pair; TypeError and ValueError for others."""
    parts = (state,) if count == 1 else state
    if not isinstance(parts, (tuple, list)) or len(parts) != count or not all(isinstance(p, Tensor) for p in parts):
        expected = "a tensor" if count == 1 else "a tuple of two tensors, hidden state and memory"
        raise TypeError(f"For '{name}', the 'hx' must be {expected}, but got {type(state).__name__}.")
    for part in parts:
        if part.dtype is not like.dtype:
            raise TypeError(f"For '{name}', the 'hx' must have the dtype of the input ({like.dtype}), but has "
                            f"{part.dtype}.")
        if part.shape != shape:
            raise ValueError(f"For '{name}', the 'hx' must have the shape {shape}, but has {part.shape}.")
    return tuple(parts)
