"""Recurrent networks over whole sequences; `_recurrence` has the formulas of a step.

For each layer and direction the input's part of the gates is one product over all steps; what is left of a step runs in
a loop that is one operation (`graph.stepping`). A sequence that is shorter than the batch's longest keeps its state
once it has ended, so that the backward direction, too, begins at its last element.
"""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.parameter import ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.graph.stepping import scan
from mindspore.nn._check import flag, number, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer._recurrence import GATES, check_input, check_state, gates_of, new_parameter, trip
from mindspore.nn.layer.basic import Dropout, as_computed

__all__ = ["RNN", "GRU", "LSTM"]


class _Recurrent(Cell):
    """What the three networks share: parameters of all layers and directions, and the way through them."""

    def __init__(self, kind, input_size, hidden_size, num_layers, has_bias, batch_first, dropout, bidirectional, dtype):
        super().__init__()
        name = type(self).__name__
        self.input_size = positive_int(name, "input_size", input_size)
        self.hidden_size = positive_int(name, "hidden_size", hidden_size)
        self.num_layers = positive_int(name, "num_layers", num_layers)
        self.has_bias, self.batch_first = flag(name, "has_bias", has_bias), flag(name, "batch_first", batch_first)
        self.bidirectional = flag(name, "bidirectional", bidirectional)
        if not 0 <= number(name, "dropout", dropout) < 1:
            raise ValueError(f"For '{name}', the 'dropout' must be at least 0 and below 1, but got {dropout}.")
        self.dropout = float(dropout)
        self.dropout_op = Dropout(p=self.dropout)
        self.kind = kind
        self._make_parameters(dtype)

    def _make_parameters(self, dtype) -> None:
        """All weights of the inputs, then those of the states, then the biases, each in the order of the layers."""
        rows, size, directions = GATES[self.kind] * self.hidden_size, self.hidden_size, 1 + self.bidirectional
        places = [(layer, f"l{layer}{suffix}") for layer in range(self.num_layers)
                  for suffix in ("", "_reverse")[:directions]]

        def made(what: str, shape_of) -> ParameterTuple:
            return ParameterTuple([new_parameter(f"{what}_{label}", size, shape_of(layer), dtype)
                                   for layer, label in places])

        self.w_ih_list = made("weight_ih", lambda k: (rows, size * directions if k else self.input_size))
        self.w_hh_list = made("weight_hh", lambda k: (rows, size))
        if self.has_bias:
            self.b_ih_list = made("bias_ih", lambda k: (rows,))
            self.b_hh_list = made("bias_hh", lambda k: (rows,))

    def construct(self, x, hx=None, seq_length=None):
        """(outputs of the last layer, states of all layers and directions after the last step).

        Args:
            x: (L, N, input_size), with `batch_first` (N, L, input_size).
            hx: the first states, (num_layers * directions, N, hidden_size), of an LSTM a pair; zeros by default.
            seq_length: the length of each sequence, integers (N,); outputs behind it are zeros.
        """
        name, count = type(self).__name__, 2 if self.kind == "LSTM" else 1
        check_input(name, x, 3, self.input_size)
        x = ops.swapaxes(x, 0, 1) if self.batch_first else x
        directions = 1 + self.bidirectional
        shape = (self.num_layers * directions, x.shape[1], self.hidden_size)
        states = (ops.zeros(shape, x.dtype),) * count if hx is None else check_state(name, hx, shape, x, count)
        mask = None if seq_length is None else self._mask(seq_length, x)
        last: list[tuple] = []
        for layer in range(self.num_layers):
            outputs = []
            for k in range(layer * directions, (layer + 1) * directions):
                after, output = self._run_direction(k, x, tuple([s[k] for s in states]), mask)
                last.append(after)
                outputs.append(output)
            x = outputs[0] if directions == 1 else ops.concat(outputs, 2)
            if self.dropout and layer < self.num_layers - 1:
                x = self.dropout_op(x)
        final = tuple([ops.stack([after[k] for after in last]) for k in range(count)])
        return (ops.swapaxes(x, 0, 1) if self.batch_first else x), (final if count == 2 else final[0])

    def _run_direction(self, k: int, x: Tensor, state: tuple, mask: Tensor | None) -> tuple[tuple, Tensor]:
        """(state after the last step, outputs (L, N, hidden)) of the k-th direction; every other one runs backwards
        where there are two."""
        gates = gates_of(x, as_computed(self, self.w_ih_list[k]),
                         as_computed(self, self.b_ih_list[k]) if self.has_bias else None)
        fixed = [as_computed(self, self.w_hh_list[k])]
        if self.has_bias:
            fixed.append(as_computed(self, self.b_hh_list[k]))
        sliced = [gates] if mask is None else [gates, mask]
        after, outputs = scan(trip(self.kind, mask is not None), state, sliced, fixed,
                              reverse=self.bidirectional and k % 2 == 1)
        return after, outputs[0]

    def _mask(self, seq_length, x: Tensor) -> Tensor:
        """Whether each sequence goes on at each step, (L, N, 1)."""
        name = type(self).__name__
        if not isinstance(seq_length, Tensor) or not seq_length.dtype.is_integer:
            raise TypeError(f"For '{name}', the 'seq_length' must be an integer tensor, but got "
                            f"{seq_length.dtype if isinstance(seq_length, Tensor) else type(seq_length).__name__}.")
        if seq_length.shape != (x.shape[1],):
            raise ValueError(f"For '{name}', the 'seq_length' must have the shape {(x.shape[1],)}, one length for each "
                             f"sequence, but has {seq_length.shape}.")
        steps = ops.reshape(ops.arange(x.shape[0]), (-1, 1, 1))
        return ops.less(steps, ops.reshape(ops.cast(seq_length, mstype.int64), (1, -1, 1)))

    def extend_repr(self):
        return (f"input_size={self.input_size}, hidden_size={self.hidden_size}, num_layers={self.num_layers}, "
                f"has_bias={self.has_bias}, batch_first={self.batch_first}, dropout={self.dropout}, "
                f"bidirectional={self.bidirectional}")


class RNN(_Recurrent):
    """An Elman network over sequences, of several layers, in one direction or both.

    Args:
        input_size, hidden_size: sizes of the inputs and of the states. num_layers: layers one above the other.
        has_bias: whether there are biases. batch_first: whether the batch, not the time, is the first axis of input
            and output. dropout: the probability of a zero in what a layer hands to the next while training.
        bidirectional: whether each layer runs in both directions; their outputs stand side by side.
        nonlinearity: 'tanh' or 'relu'.

    Parameters: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, and for the other direction with `_reverse`, l1 and
    so on for further layers; all of them start evenly distributed over +-1 / sqrt(hidden_size).

    Shapes: x (L, N, input_size), hx (num_layers * directions, N, hidden_size), seq_length (N,) -> (outputs
    (L, N, hidden_size * directions), hx after the last step).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes, also at a call.
    """

    def __init__(self, input_size, hidden_size, num_layers=1, has_bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, dtype=mstype.float32, *, nonlinearity="tanh"):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"For 'RNN', the 'nonlinearity' must be 'tanh' or 'relu', but got {nonlinearity!r}.")
        super().__init__("RNN_" + nonlinearity.upper(), input_size, hidden_size, num_layers, has_bias, batch_first,
                         dropout, bidirectional, dtype)


class GRU(_Recurrent):
    """A network with gated recurrent units over sequences; arguments and shapes are those of `RNN`, the rows of the
    parameters those of `GRUCell`."""

    def __init__(self, input_size, hidden_size, num_layers=1, has_bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, dtype=mstype.float32):
        super().__init__("GRU", input_size, hidden_size, num_layers, has_bias, batch_first, dropout, bidirectional,
                         dtype)


class LSTM(_Recurrent):
    """A network with long short-term memory over sequences; arguments and shapes are those of `RNN`, the rows of the
    parameters those of `LSTMCell`. The state hx is a pair, hidden states and memories."""

    def __init__(self, input_size, hidden_size, num_layers=1, has_bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, dtype=mstype.float32):
        super().__init__("LSTM", input_size, hidden_size, num_layers, has_bias, batch_first, dropout, bidirectional,
                         dtype)
