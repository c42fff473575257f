"""One step of a recurrent network as a layer; `_recurrence` has the formulas."""
from __future__ import annotations

from mindspore.common import dtype as mstype
from mindspore.nn._check import flag, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer._recurrence import GATES, check_input, check_state, gates_of, new_parameter, step
from mindspore.nn.layer.basic import as_computed

__all__ = ["RNNCell", "GRUCell", "LSTMCell"]


class RNNCellBase(Cell):
    """The parameters of a recurrent cell, for classes that define a step of their own in `construct(x, hx)`.

    Args:
        input_size, hidden_size: sizes of input and state. has_bias: whether there are biases.
        num_chunks: how many blocks of `hidden_size` rows the weights have, one for each gate.

    Parameters: weight_ih (num_chunks hidden, input), weight_hh (num_chunks hidden, hidden), bias_ih, bias_hh
    (num_chunks hidden,), None without biases; all of them start evenly distributed over +-1 / sqrt(hidden).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, input_size, hidden_size, has_bias, num_chunks, dtype=mstype.float32):
        super().__init__()
        name = type(self).__name__
        self.input_size = positive_int(name, "input_size", input_size)
        self.hidden_size = positive_int(name, "hidden_size", hidden_size)
        self.has_bias = flag(name, "has_bias", has_bias)
        rows = positive_int(name, "num_chunks", num_chunks) * hidden_size
        self.weight_ih = new_parameter("weight_ih", hidden_size, (rows, input_size), dtype)
        self.weight_hh = new_parameter("weight_hh", hidden_size, (rows, hidden_size), dtype)
        self.bias_ih = new_parameter("bias_ih", hidden_size, (rows,), dtype) if has_bias else None
        self.bias_hh = new_parameter("bias_hh", hidden_size, (rows,), dtype) if has_bias else None

    def extend_repr(self):
        return f"input_size={self.input_size}, hidden_size={self.hidden_size}, has_bias={self.has_bias}"


class _RecurrentCell(RNNCellBase):
    """What the three cells share: `kind` says which step is taken."""

    kind = "RNN_TANH"

    def __init__(self, input_size, hidden_size, has_bias, dtype):
        super().__init__(input_size, hidden_size, has_bias, GATES[self.kind], dtype)

    def construct(self, x, hx):
        """The state after the step: a tensor, of an LSTM the pair (hidden state, memory)."""
        check_input(type(self).__name__, x, 2, self.input_size)
        count = 2 if self.kind == "LSTM" else 1
        state = check_state(type(self).__name__, hx, (x.shape[0], self.hidden_size), x, count)
        inner, outer = (as_computed(self, self.bias_ih), as_computed(self, self.bias_hh)) if self.has_bias \
            else (None, None)
        gates = gates_of(x, as_computed(self, self.weight_ih), inner)
        new = step(self.kind, gates, state, as_computed(self, self.weight_hh), outer)
        return new if count == 2 else new[0]


class RNNCell(_RecurrentCell):
    """A step of an Elman network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or the positive part in place of tanh.

    Args:
        input_size, hidden_size: sizes of input and state. has_bias: whether there are biases.
        nonlinearity: 'tanh' or 'relu'.

    Parameters: weight_ih (hidden, input), weight_hh (hidden, hidden), bias_ih, bias_hh (hidden,); all of them start
    evenly distributed over +-1 / sqrt(hidden).

    Shapes: x (N, input_size), hx (N, hidden_size) -> (N, hidden_size).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes, also at a call.
    """

    def __init__(self, input_size, hidden_size, has_bias=True, nonlinearity="tanh", dtype=mstype.float32):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"For 'RNNCell', the 'nonlinearity' must be 'tanh' or 'relu', but got {nonlinearity!r}.")
        self.__dict__["kind"] = "RNN_" + nonlinearity.upper()
        super().__init__(input_size, hidden_size, has_bias, dtype)
        self.nonlinearity = nonlinearity


class GRUCell(_RecurrentCell):
    """A step of a network with gated recurrent units.

    Args:
        input_size, hidden_size: sizes of input and state. has_bias: whether there are biases.

    Parameters: weight_ih (3 hidden, input), weight_hh (3 hidden, hidden), bias_ih, bias_hh (3 hidden,), the rows for
    the reset gate, the update gate and the new state one behind the other.

    Shapes: x (N, input_size), hx (N, hidden_size) -> (N, hidden_size).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes, also at a call.
    """

    kind = "GRU"

    def __init__(self, input_size, hidden_size, has_bias=True, dtype=mstype.float32):
        super().__init__(input_size, hidden_size, has_bias, dtype)


class LSTMCell(_RecurrentCell):
    """A step of a network with long short-term memory.

    Args:
        input_size, hidden_size: sizes of input and state. has_bias: whether there are biases.

    Parameters: weight_ih (4 hidden, input), weight_hh (4 hidden, hidden), bias_ih, bias_hh (4 hidden,), the rows for
    input gate, forget gate, new memory and output gate one behind the other.

    Shapes: x (N, input_size), hx a pair of (N, hidden_size) -> a pair of (N, hidden_size).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes, also at a call.
    """

    kind = "LSTM"

    def __init__(self, input_size, hidden_size, has_bias=True, dtype=mstype.float32):
        super().__init__(input_size, hidden_size, has_bias, dtype)


# What programs with recurrent layers of their own call: the state after a step, for an input (N, inputs), a state
# (N, hidden), of an LSTM a pair of them, weights (gates, inputs) and (gates, hidden), and biases (gates,) or None.


def _rnn_tanh_cell(inputs, hidden, w_ih, w_hh, b_ih, b_hh):
    return step("RNN_TANH", gates_of(inputs, w_ih, b_ih), (hidden,), w_hh, b_hh)[0]


def _rnn_relu_cell(inputs, hidden, w_ih, w_hh, b_ih, b_hh):
    return step("RNN_RELU", gates_of(inputs, w_ih, b_ih), (hidden,), w_hh, b_hh)[0]


def _gru_cell(inputs, hidden, w_ih, w_hh, b_ih, b_hh):
    return step("GRU", gates_of(inputs, w_ih, b_ih), (hidden,), w_hh, b_hh)[0]


def _lstm_cell(inputs, hidden, w_ih, w_hh, b_ih, b_hh):
    return step("LSTM", gates_of(inputs, w_ih, b_ih), tuple(hidden), w_hh, b_hh)
