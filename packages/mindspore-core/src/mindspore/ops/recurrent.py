"""Recurrent networks as single operators: all steps, with the weights as operands.

Each network computes the input's part of all gates in one product; a scan goes through the steps. s is the logistic
function. Gates of an LSTM, with c the memory and h the output:

    i = s(.), f = s(. + forget bias), g = tanh(.), o = s(.): c' = f c + i g, h' = o tanh(c')

and of a gated recurrent unit: r = s(.), z = s(.), n = tanh(x_n + r (W_n h + b_n)): h' = (1 - z) n + z h. Sources:
Hochreiter and Schmidhuber (1997), Cho et al. (2014).
"""
from __future__ import annotations

from functools import cache

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
from mindspore.ops.random import dropout
from mindspore.ops.shapes import cut, reshape, squeeze, swapaxes

__all__: list[str] = []


def _lstm_cell(gates: Tensor, memory: Tensor, order: str, forget_bias: float) -> dict[str, Tensor]:
    """The gates by letter (g is the new part of the memory), the memory c, its tanh t and the output h."""
    parts = dict(zip(order, split(gates, gates.shape[-1] // 4, -1)))
    found = {k: tanh(v) if k == "g" else sigmoid(add(v, forget_bias) if k == "f" and forget_bias else v)
             for k, v in parts.items()}
    found["c"] = add(mul(found["f"], memory), mul(found["i"], found["g"]))
    found["t"] = tanh(found["c"])
    found["h"] = mul(found["o"], found["t"])
    return found


def _wanted(name: str, given: dict, expected: dict) -> None:
    """ValueError where a setting is not what the operator computes."""
    for what, value in expected.items():
        if given[what] != value:
            raise ValueError(f"{name}: {what} is {given[what]!r}; expected {value!r}")


# -- several layers, one vector of weights -----------------------------------------------------------------------------

def _lstm_step(state, slices, fixed):
    gates = add(slices[0], matmul(state[0], swapaxes(fixed[0], 0, 1)))
    found = _lstm_cell(gates, state[1], "ifgo", 0.0)
    return (found["h"], found["c"]), (found["h"],)


def lstm(input: Operand, h: Operand, c: Operand, w: Operand, input_size: int, hidden_size: int, num_layers: int,
         has_bias: bool, bidirectional: bool, dropout: float, proj_size: int = 0):
    """An LSTM of several layers, in one direction or both.

    Args:
        input: (L, N, input_size). h, c: the first states, (num_layers * directions, N, hidden_size).
        w: all weights in one row, of any shape: for each layer and direction the weights of the input
            (4 hidden_size, inputs), those of the state (4 hidden_size, hidden_size), and with `has_bias` one or two
            biases (4 hidden_size,); the rows are those of the gates i, f, g, o.
        dropout: the probability of a zero in what a layer hands to the next. proj_size: must be 0.

    Returns:
        (outputs (L, N, hidden_size * directions), h, c after the last step, and twice a tensor (1,) of zeros, which
        stands for what a device may keep for the gradient).

    Raises:
        ValueError: other shapes and settings.
    """
    name = "LSTM"
    x = as_inexact(name, input)
    states = [as_dtype_of(name, as_tensor(name, v, k), x) for k, v in (("h", h), ("c", c))]
    directions, rows = 1 + bool(bidirectional), 4 * hidden_size
    _wanted(name, {"proj_size": proj_size}, {"proj_size": 0})
    shape = (num_layers * directions, x.shape[1] if x.ndim == 3 else -1, hidden_size)
    if x.ndim != 3 or x.shape[2] != input_size or any(s.shape != shape for s in states):
        raise ValueError(f"{name}: input has shape {x.shape}, h {states[0].shape} and c {states[1].shape}; expected "
                         f"(L, N, {input_size}) and ({shape[0]}, N, {hidden_size})")
    weights = _layers(name, reshape(as_dtype_of(name, as_tensor(name, w, "w"), x), (-1,)), rows,
                      [size for k in range(num_layers) for size in
                       [hidden_size * directions if k else input_size] * directions], hidden_size, has_bias)
    last: list[tuple[Tensor, Tensor]] = []
    for layer in range(num_layers):
        outputs = []
        for k in range(layer * directions, (layer + 1) * directions):
            of_input, of_state, bias = weights[k]
            gates = matmul(x, swapaxes(of_input, 0, 1))
            gates = gates if bias is None else add(gates, bias)
            after, output = scan(_lstm_step, (states[0][k], states[1][k]), (gates,), (of_state,),
                                 reverse=bool(bidirectional) and k % 2 == 1)
            last.append((after[0], after[1]))
            outputs.append(output[0])
        x = outputs[0] if directions == 1 else concat(outputs, 2)
        if dropout and layer < num_layers - 1:
            x = _dropped(x, dropout)
    return x, stack([a[0] for a in last]), stack([a[1] for a in last]), zeros((1,), x.dtype), zeros((1,), x.dtype)


def _layers(name: str, flat: Tensor, rows: int, inputs: list[int], hidden: int, has_bias: bool):
    """(weights of the input, of the state, the sum of the biases or None) for each layer and direction."""
    plain = sum(rows * (size + hidden) for size in inputs)
    biases, left = divmod(flat.shape[0] - plain, rows * len(inputs))
    if left or biases not in ((1, 2) if has_bias else (0,)):
        raise ValueError(f"{name}: w has {flat.shape[0]} numbers; expected {plain} weights"
                         + (f" and {rows * len(inputs)} or {2 * rows * len(inputs)} biases" if has_bias else ""))
    found, start = [], 0
    for size in inputs:
        parts: list[Tensor] = []
        for shape in ((rows, size), (rows, hidden), *(((rows,),) * biases)):
            count = shape[0] * (shape[1] if len(shape) > 1 else 1)
            parts.append(reshape(cut(flat, 0, start, start + count), shape))
            start += count
        found.append((parts[0], parts[1], None if not biases else parts[2] if biases == 1 else add(*parts[2:])))
    return found


# -- one layer, with its gates among the results -----------------------------------------------------------------------

@cache
def _dynamic_lstm_trip(masked: bool, forget_bias: float):
    def step(state, slices, fixed):
        found = _lstm_cell(add(slices[0], matmul(state[0], fixed[0])), state[1], "igfo", forget_bias)
        h, c = found["h"], found["c"]
        if masked:
            h, c = (where(slices[1], new, old) for new, old in ((h, state[0]), (c, state[1])))
        y = where(slices[1], h, zeros_like(h)) if masked else h
        return (h, c), (y, h, c, *(found[k] for k in "igfot"))
    return step


def _going_on(name: str, seq_length: Operand | None, steps: int, batch: int) -> list[Tensor]:
    """[whether each sequence goes on at each step, (L, N, 1)], or nothing where all have the full length."""
    if seq_length is None:
        return []
    lengths = as_tensor(name, seq_length, "seq_length")
    if lengths.shape != (batch,) or not lengths.dtype.is_integer:
        raise ValueError(f"{name}: seq_length is {lengths.dtype} of shape {lengths.shape}; expected integers "
                         f"({batch},)")
    return [less(reshape(arange(steps), (-1, 1, 1)), reshape(convert(lengths, arange(1).dtype), (1, -1, 1)))]


def dynamic_rnn(x: Operand, w: Operand, b: Operand, seq_length: Operand | None = None, init_h: Operand | None = None,
                init_c: Operand | None = None, cell_type: str = "LSTM", direction: str = "UNIDIRECTIONAL",
                cell_depth: int = 1, use_peephole: bool = False, keep_prob: float = 1.0, cell_clip: float = -1.0,
                num_proj: int = 0, time_major: bool = True, activation: str = "tanh", forget_bias: float = 0.0,
                is_training: bool = True):
    """An LSTM of one layer, with its gates.

    Args:
        x: (L, N, inputs). w: (inputs + hidden, 4 hidden), the columns those of the gates i, g, f, o. b: (4 hidden,).
        seq_length: the length of each sequence, integers (N,). init_h, init_c: (1, N, hidden), zeros by default.
        forget_bias: added to the forget gate. The other settings must have their defaults, time_major be True;
            is_training has no influence.

    Returns:
        (outputs, which are zeros behind the end of a sequence, h, c, i, g, f, o, tanh(c)), (L, N, hidden) each.

    Raises:
        ValueError: other shapes and settings.
    """
    name = "DynamicRNN"
    _wanted(name, {"cell_type": cell_type, "direction": direction, "cell_depth": cell_depth, "num_proj": num_proj,
                   "use_peephole": use_peephole, "keep_prob": keep_prob, "cell_clip": cell_clip,
                   "time_major": time_major, "activation": activation},
            {"cell_type": "LSTM", "direction": "UNIDIRECTIONAL", "cell_depth": 1, "num_proj": 0,
             "use_peephole": False, "keep_prob": 1.0, "cell_clip": -1.0, "time_major": True, "activation": "tanh"})
    value = as_inexact(name, x)
    weight, bias = (as_dtype_of(name, as_tensor(name, v, k), value) for k, v in (("w", w), ("b", b)))
    hidden = weight.shape[-1] // 4
    if value.ndim != 3 or weight.shape != (value.shape[2] + hidden, 4 * hidden) or bias.shape != (4 * hidden,):
        raise ValueError(f"{name}: shapes {value.shape}, w {weight.shape} and b {bias.shape}; expected (L, N, inputs), "
                         f"(inputs + hidden, 4 hidden) and (4 hidden,)")
    steps, batch, inputs = value.shape
    state = [_first_state(name, k, v, (1, batch, hidden), value) for k, v in (("init_h", init_h), ("init_c", init_c))]
    mask = _going_on(name, seq_length, steps, batch)
    gates = add(matmul(value, cut(weight, 0, 0, inputs)), bias)
    _, found = scan(_dynamic_lstm_trip(bool(mask), float(forget_bias)), [squeeze(s, 0) for s in state],
                    (gates, *mask), (cut(weight, 0, inputs, inputs + hidden),))
    return found


def _first_state(name: str, what: str, given: Operand | None, shape: tuple, like: Tensor) -> Tensor:
    if given is None:
        return zeros(shape, like.dtype)
    state = as_dtype_of(name, as_tensor(name, given, what), like)
    if state.shape != shape:
        raise ValueError(f"{name}: {what} has shape {state.shape}; expected {shape}")
    return state


@cache
def _gru_trip(masked: bool, order: str, reset_after: bool):
    def step(state, slices, fixed):
        h, weight, bias = state[0], fixed[0], fixed[1]
        size = h.shape[1]
        own = dict(zip(order, split(slices[0], size, -1)))
        part = dict(zip(order, split(add(matmul(h, weight), bias), size, -1)))
        reset, update = (sigmoid(add(own[k], part[k])) for k in "rz")
        if reset_after:
            hidden_new = part["h"]
            new = tanh(add(own["h"], mul(reset, hidden_new)))
        else:
            at = order.index("h") * size
            hidden_new = add(matmul(mul(reset, h), cut(weight, 1, at, at + size)), cut(bias, 0, at, at + size))
            new = tanh(add(own["h"], hidden_new))
        after = add(mul(sub(1, update), new), mul(update, h))
        if masked:
            after = where(slices[1], after, h)
        y = where(slices[1], after, zeros_like(after)) if masked else after
        return (after,), (y, after, update, reset, new, hidden_new)
    return step


def dynamic_gru(x: Operand, weight_input: Operand, weight_hidden: Operand, bias_input: Operand | None = None,
                bias_hidden: Operand | None = None, seq_length: Operand | None = None, init_h: Operand | None = None,
                direction: str = "UNIDIRECTIONAL", cell_depth: int = 1, keep_prob: float = 1.0,
                cell_clip: float = -1.0, num_proj: int = 0, time_major: bool = True, activation: str = "tanh",
                gate_order: str = "rzh", reset_after: bool = True, is_training: bool = True):
    """A layer of gated recurrent units, with its gates.

    Args:
        x: (L, N, inputs). weight_input: (inputs, 3 hidden). weight_hidden: (hidden, 3 hidden). bias_input,
            bias_hidden: (3 hidden,), zeros by default. seq_length: integers (N,). init_h: (N, hidden).
        gate_order: 'rzh' or 'zrh', the order of the columns: reset, update, new. reset_after: the reset gate acts on
            the product with the state, otherwise on the state. The other settings must have their defaults.

    Returns:
        (outputs, which are zeros behind the end of a sequence, h, update, reset, new, the state's part of the new
        one), (L, N, hidden) each.

    Raises:
        ValueError: other shapes and settings.
    """
    name = "DynamicGRUV2"
    _wanted(name, {"direction": direction, "cell_depth": cell_depth, "keep_prob": keep_prob, "cell_clip": cell_clip,
                   "num_proj": num_proj, "time_major": time_major, "activation": activation},
            {"direction": "UNIDIRECTIONAL", "cell_depth": 1, "keep_prob": 1.0, "cell_clip": -1.0, "num_proj": 0,
             "time_major": True, "activation": "tanh"})
    if gate_order not in ("rzh", "zrh"):
        raise ValueError(f"{name}: gate_order is {gate_order!r}; expected 'rzh' or 'zrh'")
    value = as_inexact(name, x)
    of_input, of_state = (as_dtype_of(name, as_tensor(name, v, k), value) for k, v in (
        ("weight_input", weight_input), ("weight_hidden", weight_hidden)))
    hidden = of_state.shape[0]
    if value.ndim != 3 or of_input.shape != (value.shape[2], 3 * hidden) or of_state.shape != (hidden, 3 * hidden):
        raise ValueError(f"{name}: shapes {value.shape}, weight_input {of_input.shape} and weight_hidden "
                         f"{of_state.shape}; expected (L, N, inputs), (inputs, 3 hidden) and (hidden, 3 hidden)")
    steps, batch, _ = value.shape
    biases = [_first_state(name, k, v, (3 * hidden,), value) for k, v in (("bias_input", bias_input),
                                                                         ("bias_hidden", bias_hidden))]
    mask = _going_on(name, seq_length, steps, batch)
    _, found = scan(_gru_trip(bool(mask), gate_order, bool(reset_after)),
                    (_first_state(name, "init_h", init_h, (batch, hidden), value),),
                    (add(matmul(value, of_input), biases[0]), *mask), (of_state, biases[1]))
    return found


# -- one step ----------------------------------------------------------------------------------------------------------

def basic_lstm_cell(x: Operand, h: Operand, c: Operand, w: Operand, b: Operand, keep_prob: float = 1.0,
                    forget_bias: float = 1.0, state_is_tuple: bool = True, activation: str = "tanh"):
    """One step of an LSTM, with its gates: (c, h, i, g, f, o, tanh(c)), (N, hidden) each.

    x: (N, inputs). h, c: (N, hidden). w: (inputs + hidden, 4 hidden), the columns those of the gates i, g, f, o. b:
    (4 hidden,). keep_prob: the share of the inputs that is not dropped. ValueError for other shapes, for state_is_tuple
    False and for another activation than 'tanh'.
    """
    name = "BasicLSTMCell"
    _wanted(name, {"state_is_tuple": state_is_tuple, "activation": activation},
            {"state_is_tuple": True, "activation": "tanh"})
    value = as_inexact(name, x)
    state, memory, weight, bias = (as_dtype_of(name, as_tensor(name, v, k), value) for k, v in (
        ("h", h), ("c", c), ("w", w), ("b", b)))
    hidden = weight.shape[-1] // 4
    if value.ndim != 2 or state.shape != (value.shape[0], hidden) or memory.shape != state.shape or \
            weight.shape != (value.shape[1] + hidden, 4 * hidden) or bias.shape != (4 * hidden,):
        raise ValueError(f"{name}: shapes {value.shape}, h {state.shape}, c {memory.shape}, w {weight.shape} and b "
                         f"{bias.shape}; expected (N, inputs), (N, hidden) twice, (inputs + hidden, 4 hidden) and "
                         f"(4 hidden,)")
    if keep_prob < 1:
        value = _dropped(value, 1 - keep_prob)
    found = _lstm_cell(add(matmul(concat([value, state], 1), weight), bias), memory, "igfo", forget_bias)
    return tuple(found[k] for k in "chigfot")


def _dropped(x: Tensor, share: float) -> Tensor:
    return dropout(x, share)
