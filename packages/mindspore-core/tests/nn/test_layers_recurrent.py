"""Recurrent cells and networks against loops in NumPy that are written from the formulas, gate by gate."""
from __future__ import annotations

import numpy as np
import pytest
from layer_checks import check_gradients, compare

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.nn.layer.rnn_cells import RNNCellBase

draw = np.random.default_rng(3)


def s(x):
    return 1 / (1 + np.exp(-x))


def numpy_step(kind, x, h, c, w_ih, w_hh, b_ih, b_hh):
    """(h', c') after one step of float64 arrays."""
    inner, outer = x @ w_ih.T + b_ih, h @ w_hh.T + b_hh
    n = h.shape[1]
    if kind == "tanh":
        return np.tanh(inner + outer), c
    if kind == "relu":
        return np.maximum(inner + outer, 0), c
    if kind == "GRU":
        reset = s(inner[:, :n] + outer[:, :n])
        update = s(inner[:, n:2 * n] + outer[:, n:2 * n])
        new = np.tanh(inner[:, 2 * n:] + reset * outer[:, 2 * n:])
        return (1 - update) * new + update * h, c
    gates = inner + outer
    c = s(gates[:, n:2 * n]) * c + s(gates[:, :n]) * np.tanh(gates[:, 2 * n:3 * n])
    return s(gates[:, 3 * n:]) * np.tanh(c), c


def numpy_network(kind, params, x, h0, c0, layers, directions, lengths=None):
    """Outputs (L, N, H directions) and the last states, one element of the batch and one step at a time."""
    get = {name: np.asarray(value, np.float64) for name, value in params.items()}
    steps, batch = x.shape[:2]
    lengths = [steps] * batch if lengths is None else lengths
    below, last_h, last_c = x.astype(np.float64), [], []
    for layer in range(layers):
        outputs = np.zeros((steps, batch, directions * h0.shape[2]))
        for d in range(directions):
            label = f"l{layer}" + "_reverse" * d
            rows = get[f"weight_hh_{label}"].shape[0]
            biases = [get.get(f"bias_{end}_{label}", np.zeros(rows)) for end in ("ih", "hh")]
            ends_h, ends_c = [], []
            for n in range(batch):
                h, c = h0[layer * directions + d, n:n + 1], c0[layer * directions + d, n:n + 1]
                order = range(lengths[n])
                for t in reversed(order) if d else order:
                    h, c = numpy_step(kind, below[t, n:n + 1], h, c, get[f"weight_ih_{label}"],
                                      get[f"weight_hh_{label}"], *biases)
                    outputs[t, n, d * h.shape[1]:(d + 1) * h.shape[1]] = h[0]
                ends_h.append(h)
                ends_c.append(c)
            last_h.append(np.concatenate(ends_h))
            last_c.append(np.concatenate(ends_c))
        below = outputs
    return below, np.stack(last_h), np.stack(last_c)


CELLS = [("tanh", nn.RNNCell, {}), ("relu", nn.RNNCell, {"nonlinearity": "relu"}), ("GRU", nn.GRUCell, {}),
         ("LSTM", nn.LSTMCell, {}), ("LSTM", nn.LSTMCell, {"has_bias": False}),
         ("GRU", nn.GRUCell, {"has_bias": False})]


@pytest.mark.parametrize("kind, cls, arguments", CELLS, ids=lambda v: str(v) if isinstance(v, (str, dict)) else "")
def test_a_cell_is_one_step(mode, kind, cls, arguments):
    ms.set_seed(0)
    cell = cls(3, 5, **arguments)
    x, h, c = (draw.normal(size=shape).astype(np.float32) for shape in ((4, 3), (4, 5), (4, 5)))
    state = (Tensor(h), Tensor(c)) if kind == "LSTM" else Tensor(h)
    got = cell(Tensor(x), state)
    values = {p.name: p.asnumpy() for p in cell.get_parameters()}
    biases = [values.get(name, np.zeros(values["weight_hh"].shape[0])) for name in ("bias_ih", "bias_hh")]
    expected = numpy_step(kind, x, h, c, values["weight_ih"], values["weight_hh"], *biases)
    for mine, theirs in zip(got if kind == "LSTM" else (got,), expected):
        np.testing.assert_allclose(mine.asnumpy(), theirs, rtol=1e-5, atol=1e-6)
    assert list(values) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"][:len(values)]
    if kind != "relu":  # a difference quotient goes over its corner
        check_gradients(_OneState(cell, state), x)


class _OneState(nn.Cell):
    """A cell as a function of its input alone."""

    def __init__(self, cell, state):
        super().__init__()
        self.cell, self.state = cell, state

    def construct(self, x):
        out = self.cell(x, self.state)
        return out[0] + out[1] if isinstance(out, tuple) else out


class _Outputs(nn.Cell):
    """A network's outputs and last states as one tensor."""

    def __init__(self, net, seq_length=None):
        super().__init__()
        self.net, self.seq_length = net, seq_length

    def construct(self, x):
        out, last = self.net(x, None, self.seq_length)
        last = ops.concat(last, 0) if isinstance(last, tuple) else last
        return ops.concat((ops.reshape(out, (-1,)), ops.reshape(last, (-1,))), 0)


NETWORKS = [
    ("tanh", nn.RNN, {}), ("relu", nn.RNN, {"nonlinearity": "relu", "num_layers": 2}),
    ("GRU", nn.GRU, {"num_layers": 2, "bidirectional": True}), ("GRU", nn.GRU, {"has_bias": False}),
    ("LSTM", nn.LSTM, {}), ("LSTM", nn.LSTM, {"num_layers": 2, "bidirectional": True, "batch_first": True}),
    ("LSTM", nn.LSTM, {"num_layers": 3, "has_bias": False, "dropout": 0.5}),
    ("tanh", nn.RNN, {"bidirectional": True, "batch_first": True}),
]


@pytest.mark.parametrize("lengths", [None, (4, 1, 6)], ids=["whole", "lengths"])
@pytest.mark.parametrize("kind, cls, arguments", NETWORKS, ids=lambda v: str(v) if isinstance(v, (str, dict)) else "")
def test_a_network_is_its_steps(mode, kind, cls, arguments, lengths):
    ms.set_seed(0)
    net = cls(3, 4, **arguments)
    layers, directions = arguments.get("num_layers", 1), 1 + arguments.get("bidirectional", False)
    x = draw.normal(size=(6, 3, 3)).astype(np.float32)
    h0, c0 = draw.normal(size=(2, layers * directions, 3, 4)).astype(np.float32)
    given = np.swapaxes(x, 0, 1) if net.batch_first else x
    state = (Tensor(h0), Tensor(c0)) if kind == "LSTM" else Tensor(h0)
    seq_length = None if lengths is None else Tensor(np.array(lengths, np.int32))
    out, last = net(Tensor(given), state, seq_length)
    values = {p.name: p.asnumpy() for p in net.get_parameters()}
    expected = numpy_network(kind, values, x, h0, c0, layers, directions, lengths)
    out = out.asnumpy()
    np.testing.assert_allclose(np.swapaxes(out, 0, 1) if net.batch_first else out, expected[0], rtol=1e-4, atol=1e-5)
    for mine, theirs in zip(last if kind == "LSTM" else (last,), expected[1:]):
        np.testing.assert_allclose(mine.asnumpy(), theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cls", [nn.RNN, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("lengths", [None, (4, 1, 6)], ids=["whole", "lengths"])
def test_gradients_of_networks(mode, cls, lengths):
    ms.set_seed(1)
    net = cls(2, 3, 2, bidirectional=True)
    length = None if lengths is None else Tensor(np.array(lengths, np.int64))
    check_gradients(_Outputs(net, length), draw.normal(size=(6, 3, 2)))


def test_the_first_state_has_a_gradient(mode):
    net = nn.GRU(2, 3)
    x = Tensor(draw.normal(size=(5, 2, 2)).astype(np.float32))
    h = draw.normal(size=(1, 2, 3)).astype(np.float32)

    def total(h):
        out, last = net(x, h)
        return ops.sum(out * out) + ops.sum(last)

    gradient = ms.grad(total)(Tensor(h)).asnumpy()
    compare(lambda a: float(total(Tensor(a)).asnumpy()), h, gradient, np.random.default_rng(0))


def names(layer):
    return [p.name for p in layer.get_parameters()]


def test_parameter_names_are_those_of_checkpoints(tmp_path):
    net = nn.LSTM(3, 4, 2, bidirectional=True)
    labels = ["l0", "l0_reverse", "l1", "l1_reverse"]
    assert names(net) == [f"{what}_{label}" for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                          for label in labels]

    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(3, 4)
            self.cell = nn.LSTMCell(4, 2)

    net = Net()
    assert names(net) == ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0",
                          "cell.weight_ih", "cell.weight_hh", "cell.bias_ih", "cell.bias_hh"]
    ms.save_checkpoint(net, str(tmp_path / "rnn.ckpt"))
    other = Net()
    assert ms.load_param_into_net(other, ms.load_checkpoint(str(tmp_path / "rnn.ckpt"))) == ([], [])
    for mine, theirs in zip(net.get_parameters(), other.get_parameters()):
        np.testing.assert_array_equal(mine.asnumpy(), theirs.asnumpy())


def test_the_parameters_are_spread_by_the_size_of_the_state():
    ms.set_seed(0)
    net = nn.LSTM(20, 16)
    for param in net.get_parameters():
        value = param.asnumpy()
        assert np.abs(value).max() <= 0.25 and np.abs(value).max() > 0.2


def test_the_graph_does_not_grow_with_the_steps(mode):
    net = nn.LSTM(3, 4, 2)
    graphs = [net.graph(Tensor(np.zeros((steps, 2, 3), np.float32))) for steps in (3, 300)]
    assert len(graphs[0].nodes) == len(graphs[1].nodes)
    assert [n.op.name for n in graphs[1].nodes].count("scan") == 2


def test_a_step_is_recorded_once_for_all_lengths():
    from mindspore.graph import stepping
    stepping._BODIES.clear()
    net = nn.GRU(3, 4)
    for steps in (2, 5, 9):
        net(Tensor(np.zeros((steps, 2, 3), np.float32)))
    assert len(stepping._BODIES) == 1


def test_the_number_of_sequences_may_be_symbolic():
    net = nn.GRU(3, 4, bidirectional=True)
    compiled = ms.jit(lambda x: net(x)[0], dynamic=1)
    for count in (2, 3, 5, 8):
        x = Tensor(draw.normal(size=(6, count, 3)).astype(np.float32))
        np.testing.assert_allclose(compiled(x).asnumpy(), net(x)[0].asnumpy(), rtol=1e-5, atol=1e-6)


def test_other_values_compile_nothing(mode):
    net = nn.LSTM(3, 4, 2, bidirectional=True)
    step = ms.value_and_grad(lambda x: ops.sum(net(x)[0]), None, net.trainable_params())
    step(Tensor(np.ones((7, 2, 3), np.float32)))[0].asnumpy()
    with assert_max_compiles(0):
        step(Tensor(np.zeros((7, 2, 3), np.float32)))[0].asnumpy()


def test_dropout_acts_between_layers_while_training(mode):
    x = Tensor(np.ones((4, 8, 3), np.float32))
    net = nn.GRU(3, 16, 2, dropout=0.9)
    calm = net(x)[0].asnumpy()
    np.testing.assert_array_equal(calm, net(x)[0].asnumpy())
    net.set_train()
    assert not np.allclose(net(x)[0].asnumpy(), calm)
    single = nn.GRU(3, 16, 1, dropout=0.9)
    calm = single(x)[0].asnumpy()
    np.testing.assert_array_equal(single.set_train()(x)[0].asnumpy(), calm)


@pytest.mark.parametrize("dtype", [ms.float16, ms.bfloat16])
def test_networks_in_low_precision(mode, dtype):
    net = nn.LSTM(3, 4, 2, bidirectional=True)
    x = Tensor(draw.normal(size=(5, 2, 3)).astype(np.float32))
    exact = net(x)[0].asnumpy()
    out, (h, c) = net.to_float(dtype)(x)
    assert out.dtype is dtype and h.dtype is dtype and c.dtype is dtype
    np.testing.assert_allclose(out.astype(ms.float32).asnumpy(), exact, atol=0.05)


def zeros(*shape):
    return Tensor(np.zeros(shape, np.float32))


@pytest.mark.parametrize("make, error, text", [
    (lambda: nn.LSTM(0, 4), ValueError, "'input_size' must be a positive int, but got 0"),
    (lambda: nn.LSTM(3, 4.0), TypeError, "'hidden_size' must be a positive int"),
    (lambda: nn.GRU(3, 4, has_bias=1), TypeError, "'has_bias' must be a bool"),
    (lambda: nn.GRU(3, 4, dropout=1.0), ValueError, "'dropout' must be at least 0 and below 1"),
    (lambda: nn.RNN(3, 4, nonlinearity="gelu"), ValueError, "must be 'tanh' or 'relu'"),
    (lambda: nn.RNNCell(3, 4, nonlinearity="gelu"), ValueError, "must be 'tanh' or 'relu'"),
    (lambda: nn.LSTM(3, 4)(zeros(5, 3)), ValueError, "must have 3 axes"),
    (lambda: nn.LSTM(3, 4)(zeros(5, 2, 2)), ValueError, "input_size (3), but the input has shape (5, 2, 2)"),
    (lambda: nn.LSTM(3, 4)(Tensor([1])), TypeError, "must be a floating tensor, but got Int64"),
    (lambda: nn.LSTM(3, 4)(zeros(5, 2, 3), zeros(1, 2, 4)), TypeError, "a tuple of two tensors"),
    (lambda: nn.GRU(3, 4)(zeros(5, 2, 3), zeros(2, 2, 4)), ValueError, "shape (1, 2, 4), but has (2, 2, 4)"),
    (lambda: nn.GRU(3, 4)(zeros(5, 2, 3), zeros(1, 2, 4).astype(ms.float16)), TypeError, "the dtype of the input"),
    (lambda: nn.GRU(3, 4)(zeros(5, 2, 3), None, [1, 2]), TypeError, "'seq_length' must be an integer tensor"),
    (lambda: nn.GRU(3, 4)(zeros(5, 2, 3), None, Tensor([1, 2, 3])), ValueError, "must have the shape (2,)"),
    (lambda: nn.GRUCell(3, 4)(zeros(2, 3), zeros(2, 5)), ValueError, "shape (2, 4), but has (2, 5)"),
    (lambda: nn.LSTMCell(3, 4)(zeros(2, 3), zeros(2, 4)), TypeError, "a tuple of two tensors"),
])
def test_errors(make, error, text):
    with pytest.raises(error) as caught:
        make()
    assert text in str(caught.value)


class Leaky(RNNCellBase):
    """A cell of a step of its own: half of the state, and the product with the input."""

    def __init__(self, input_size, hidden_size, has_bias):
        super().__init__(input_size, hidden_size, has_bias, num_chunks=1)

    def construct(self, x, hx):
        return hx / 2 + ops.matmul(x, self.weight_ih.T) + (self.bias_ih if self.has_bias else 0)


def test_a_cell_with_a_step_of_its_own_has_the_base_parameters():
    x, state = Tensor(np.ones((2, 3), np.float32)), Tensor(np.ones((2, 4), np.float32))
    net = Leaky(3, 4, True)
    assert {p.name: p.shape for p in net.get_parameters()} == {
        "weight_ih": (4, 3), "weight_hh": (4, 4), "bias_ih": (4,), "bias_hh": (4,)}
    expected = 0.5 + net.weight_ih.asnumpy().sum(1) + net.bias_ih.asnumpy()
    np.testing.assert_allclose(net(x, state).asnumpy(), np.tile(expected, (2, 1)), rtol=1e-5, atol=1e-6)
    assert Leaky(3, 4, False).bias_ih is None
    with pytest.raises(ValueError, match="num_chunks"):
        RNNCellBase(3, 4, True, 0)
