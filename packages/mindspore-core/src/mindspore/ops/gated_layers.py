"""Gated recurrent units, and long short-term memory, of several layers as one operator, with all weights in one row.

    r = s(.), z = s(.), n = tanh(x_n + r (W_n h + b_n)): h' = (1 - z) n + z h
    i = s(.), f = s(.), g = tanh(.), o = s(.): c' = f c + i g, h' = o tanh(c')

Sources: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014; Hochreiter and Schmidhuber,
"Long short-term memory", 1997.
"""
from __future__ import annotations

from mindspore.common.dtype import float16, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.graph.stepping import scan
from mindspore.ops._operands import Operand, as_dtype_of, as_inexact, as_tensor, convert
from mindspore.ops.activation import sigmoid
from mindspore.ops.arithmetic import add, mul, sub
from mindspore.ops.comparison import less, where
from mindspore.ops.creation import arange, zeros, zeros_like
from mindspore.ops.elementwise import tanh
from mindspore.ops.joining import concat, split, stack
from mindspore.ops.linalg import matmul
from mindspore.ops.random import dropout as dropped
from mindspore.ops.shapes import cut, reshape, swapaxes

__all__: list[str] = []


def _step(state, slices, fixed):
    hidden = state[0]
    of_input = split(slices[0], hidden.shape[-1], -1)
    of_state = split(add(matmul(hidden, swapaxes(fixed[0], 0, 1)), fixed[1]), hidden.shape[-1], -1)
    reset, update = (sigmoid(add(a, b)) for a, b in zip(of_input[:2], of_state[:2]))
    new = tanh(add(of_input[2], mul(reset, of_state[2])))
    after = add(new, mul(update, sub(hidden, new)))
    if len(slices) == 2:
        after = where(slices[1], after, hidden)
    return (after,), (after,)


def _memory_step(state, slices, fixed):
    hidden, cell = state
    gates = add(slices[0], add(matmul(hidden, swapaxes(fixed[0], 0, 1)), fixed[1]))
    taken, kept, new, shown = split(gates, hidden.shape[-1], -1)
    after = add(mul(sigmoid(kept), cell), mul(sigmoid(taken), tanh(new)))
    output = last = mul(sigmoid(shown), tanh(after))
    if len(slices) == 2:
        last, after = where(slices[1], output, hidden), where(slices[1], after, cell)
        output = where(slices[1], output, zeros_like(output))
    return (last, after), (output,)


def gru(input: Operand, h: Operand, w: Operand, input_size: int, hidden_size: int, num_layers: int,
        has_bias: bool = True, bidirectional: bool = False, dropout: float = 0.0):
    """A network of gated recurrent units of several layers, in one direction or both.

    Args:
        input: (L, N, input_size). h: the first states, (num_layers * directions, N, hidden_size).
        w: all weights in one row, of any shape: for each layer and direction the weights of the input
            (3 hidden_size, inputs), those of the state (3 hidden_size, hidden_size), and with `has_bias` a bias
            (3 hidden_size,) for each of the two; the rows are those of r, z and n.
        dropout: the probability of a zero in what a layer hands to the next.

    Returns:
        (outputs (L, N, hidden_size * directions), h after the last step, and twice a tensor (1,) of zeros, which
        stands for what a device may keep for the gradient).

    Raises:
        ValueError: other shapes.
    """
    return _layers("CudnnGRU", input, (h,), w, None, input_size, hidden_size, num_layers, has_bias, bidirectional,
                   dropout)


def gru_of_lengths(input: Operand, h: Operand, w: Operand, seq_lengths: Operand, input_size: int, hidden_size: int,
                   num_layers: int, has_bias: bool, bidirectional: bool, dropout: float, is_train: bool = True):
    """As `gru`, for sequences of different lengths: `seq_lengths`, integers (N,). Behind the end of a sequence the
    state stays as it is, and is the output. Without `is_train` nothing is dropped.

    Raises:
        ValueError: other shapes.
        TypeError: lengths that are no integers.
    """
    return _layers("GRUV2", input, (h,), w, seq_lengths, input_size, hidden_size, num_layers, has_bias, bidirectional,
                   dropout if is_train else 0.0)


def lstm_of_lengths(input: Operand, h: Operand, c: Operand, w: Operand, seq_lengths: Operand, input_size: int,
                    hidden_size: int, num_layers: int, has_bias: bool, bidirectional: bool, dropout: float,
                    is_train: bool = True):
    """A network of long short-term memory for sequences of different lengths, integers (N,); see `gru_of_lengths`.
    The first states are h and c, the rows of the weights are those of i, f, g and o, and the outputs behind the end of
    a sequence are 0.

    Returns:
        (outputs, h and c after the last step, and twice a tensor (1,) of zeros).

    Raises:
        ValueError: other shapes.
        TypeError: operands that are not Float16 or Float32, lengths that are no integers.
    """
    for what, value in (("input", input), ("h", h), ("c", c), ("w", w)):
        dtype = as_tensor("LSTMV2", value, what).dtype
        if dtype not in (float16, float32):
            raise TypeError(f"LSTMV2: {what} is {dtype}; expected Float16 or Float32")
    return _layers("LSTMV2", input, (h, c), w, seq_lengths, input_size, hidden_size, num_layers, has_bias,
                   bidirectional, dropout if is_train else 0.0)


def _layers(name: str, input: Operand, states: tuple[Operand, ...], w: Operand, seq_lengths: Operand | None,
            input_size: int, hidden_size: int, num_layers: int, has_bias: bool, bidirectional: bool, dropout: float):
    """With one state gated recurrent units, with two long short-term memory."""
    x = as_inexact(name, input)
    firsts = [as_dtype_of(name, as_tensor(name, state, what), x) for what, state in zip("hc", states)]
    lengths = None if seq_lengths is None else as_tensor(name, seq_lengths, "seq_lengths")
    if lengths is not None and not lengths.dtype.is_integer:
        raise TypeError(f"{name}: seq_lengths is {lengths.dtype}; expected an integer dtype")
    flat = reshape(as_dtype_of(name, as_tensor(name, w, "w"), x), (-1,))
    directions, rows = 1 + bool(bidirectional), (2 + len(firsts)) * hidden_size
    shape = (num_layers * directions, x.shape[1] if x.ndim == 3 else -1, hidden_size)
    if x.ndim != 3 or x.shape[2] != input_size or any(first.shape != shape for first in firsts):
        given = " and ".join(f"{what} {first.shape}" for what, first in zip("hc", firsts))
        raise ValueError(f"{name}: input has shape {x.shape}, {given}; expected (L, N, {input_size}) and "
                         f"({shape[0]}, N, {hidden_size})")
    sizes = [size for k in range(num_layers) for size in [hidden_size * directions if k else input_size] * directions]
    expected = sum(rows * (size + hidden_size + 2 * bool(has_bias)) for size in sizes)
    if flat.shape[0] != expected:
        raise ValueError(f"{name}: w has {flat.shape[0]} numbers; expected {expected}")
    counted: tuple[Tensor, ...] = ()
    if lengths is not None:
        if lengths.shape != (shape[1],):
            raise ValueError(f"{name}: seq_lengths has shape {lengths.shape}; expected ({shape[1]},), a length for "
                             f"each sequence")
        number = reshape(arange(x.shape[0], dtype=int64), (-1, 1, 1))
        counted = (less(number, reshape(convert(lengths, int64), (1, -1, 1))),)
    start, last = 0, [[] for _ in firsts]
    step = _step if len(firsts) == 1 else _memory_step

    def taken(*wanted: int) -> Tensor:
        nonlocal start
        count = wanted[0] * (wanted[1] if len(wanted) > 1 else 1)
        start += count
        return reshape(cut(flat, 0, start - count, start), wanted)

    for layer in range(num_layers):
        outputs = []
        for k in range(layer * directions, (layer + 1) * directions):
            of_input, of_state = taken(rows, sizes[k]), taken(rows, hidden_size)
            bias = (taken(rows), taken(rows)) if has_bias else (zeros((rows,), x.dtype),) * 2
            gates = add(matmul(x, swapaxes(of_input, 0, 1)), bias[0])
            after, output = scan(step, tuple([first[k] for first in firsts]), (gates, *counted), (of_state, bias[1]),
                                 reverse=bool(bidirectional) and k % 2 == 1)
            for found, state in zip(last, after):
                found.append(state)
            outputs.append(output[0])
        x = outputs[0] if directions == 1 else concat(outputs, 2)
        if dropout and layer < num_layers - 1:
            x = dropped(x, dropout)
    return (x, *(stack(found) for found in last), zeros((1,), x.dtype), zeros((1,), x.dtype))
