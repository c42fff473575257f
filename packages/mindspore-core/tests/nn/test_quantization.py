"""Networks with int8 weights: values in both modes, names, checkpoints, reports, export, and what is refused."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, mint, nn, ops
from mindspore.quantization import DynamicLinear, WeightOnlyLinear, quantize, quantize_weight

DRAW = np.random.default_rng(0)
X = Tensor(DRAW.normal(size=(3, 5, 24)).astype(np.float32))
MODES = [ms.PYNATIVE_MODE, ms.GRAPH_MODE]
WAYS = {"weight_only": {}, "groups": {"group_size": 8}, "uneven groups": {"group_size": 7},
        "offsets": {"symmetric": False}, "groups with offsets": {"group_size": 8, "symmetric": False},
        "dynamic": {"mode": "dynamic"}}


class Net(nn.Cell):
    """Every kind of dense layer, one of them used twice, beside a convolution."""

    def __init__(self):
        super().__init__()
        self.first = nn.Dense(24, 40, activation="relu")
        self.blocks = nn.CellList([nn.Dense(40, 40, activation=nn.PReLU(40)), mint.nn.Linear(40, 40, bias=False)])
        self.shared = nn.SequentialCell(self.blocks[1], nn.Tanh())
        self.conv = nn.Conv1d(5, 5, 3)
        self.head = mint.nn.Linear(40, 6)

    def construct(self, x):
        x = self.conv(self.first(x))
        x = ops.reshape(self.blocks[0](ops.reshape(x, (-1, 40))), x.shape)
        return self.head(self.shared(self.blocks[1](x)))


@pytest.fixture(params=MODES, ids=["pynative", "graph"])
def each_mode(request):
    before = ms.get_context("mode")
    ms.set_context(mode=request.param)
    yield
    ms.set_context(mode=before)


@pytest.mark.parametrize("way", WAYS)
def test_network(each_mode, way, tmp_path):
    """Close to the network before; figures are those of the arrays; a checkpoint gives the same network."""
    net = Net()
    names, before = [p.name for p in net.get_parameters()], net(X).asnumpy()
    weights = {path: cell.weight.asnumpy() for path, cell in net.cells_and_names() if isinstance(cell, nn.Dense)}
    report = quantize(net, inputs=X, **WAYS[way])
    assert report.network is net and not report.skipped
    after = net(X).asnumpy()
    error = np.abs(after - before).max() / np.abs(before).max()
    assert 0 < error < 0.05 and report.network_error == pytest.approx(error, rel=1e-3)
    kind = DynamicLinear if way == "dynamic" else WeightOnlyLinear
    layers = {path: cell for path, cell in net.cells_and_names() if isinstance(cell, kind)}
    assert list(layers) == [r.name for r in report.layers] == ["first", "blocks.0", "blocks.1", "head"]
    assert net.shared[0] is net.blocks[1]
    for line in report.layers:
        layer = layers[line.name]
        assert layer.weight.dtype == ms.int8 and line.shape == layer.weight.shape
        difference = np.abs(layer.real_weight() - weights[line.name]).max() / np.abs(weights[line.name]).max()
        assert line.weight_error == pytest.approx(difference) and 0 < difference < 0.01
        assert 0 < line.output_error < 0.03
        held = sum(p.asnumpy().nbytes for p in (layer.weight, layer.weight_scale, layer.weight_offset, layer.bias)
                   if p is not None)
        assert line.bytes_after == held < line.bytes_before
    assert report.bytes_saved == sum(r.bytes_before - r.bytes_after for r in report.layers)
    assert str(report).splitlines()[-1].startswith(f"{kind.mode}: 4 layers, {report.bytes_saved} bytes saved, largest")
    found = [p.name for p in net.get_parameters()]
    added = [name for name in found if name.endswith(("_scale", "_offset"))]
    assert [name for name in found if name not in added] == names
    assert {name.rpartition("_")[0] for name in added} == {layer.weight.name for layer in layers.values()} \
        == {"first.weight", "blocks.0.weight", "shared.0.weight", "head.weight"}
    path = str(tmp_path / "net.ckpt")
    ms.save_checkpoint(net, path)
    other = Net()
    quantize(other, **WAYS[way])
    assert ms.load_param_into_net(other, ms.load_checkpoint(path)) == ([], [])
    assert np.array_equal(other(X).asnumpy(), after)


@pytest.mark.parametrize("way", ["groups with offsets", "dynamic"])
def test_export(way, tmp_path):
    """The file holds the weights as int8, and computes the same."""
    net = Net()
    quantize(net, **WAYS[way])
    ms.export(net, X, file_name=str(tmp_path / "net"), file_format="MINDIR")
    loaded = nn.GraphCell(ms.load(str(tmp_path / "net.mindir")))
    np.testing.assert_allclose(loaded(X).asnumpy(), net(X).asnumpy(), rtol=1e-4, atol=1e-5)
    assert [p.name for p in loaded.get_parameters() if p.dtype == ms.int8] == [
        "first.weight", "blocks.0.weight", "shared.0.weight", "head.weight"]


@pytest.mark.parametrize("dtype, error", [(ms.float16, 5e-3), (ms.bfloat16, 3e-2)])
@pytest.mark.parametrize("mode", ["weight_only", "dynamic"])
def test_half_precision(mode, dtype, error):
    """Weights and rows in half precision, and a layer that computes in it."""
    net = nn.SequentialCell(nn.Dense(24, 40, dtype=dtype), nn.ReLU(), nn.Dense(40, 6, dtype=dtype))
    x = X.astype(dtype)
    want = net(x).astype(ms.float32).asnumpy()
    report = quantize(net, mode, inputs=x)
    got = net(x)
    assert got.dtype == dtype and report.layers[0].bytes_before == 2 * (24 * 40 + 40)
    np.testing.assert_allclose(got.astype(ms.float32).asnumpy(), want, rtol=0, atol=(error + 0.02) * np.abs(want).max())
    casting = nn.Dense(24, 6).to_float(dtype)
    want = casting(X).astype(ms.float32).asnumpy()
    got = quantize(casting, mode).network(X)
    assert got.dtype == dtype
    np.testing.assert_allclose(got.astype(ms.float32).asnumpy(), want, rtol=0, atol=(error + 0.02) * np.abs(want).max())


def test_one_layer_and_vectors(each_mode):
    """A network that is itself a layer is replaced by the report's network; a vector is a row."""
    net = nn.Dense(24, 6)
    want = net(X[0, 0]).asnumpy()
    report = quantize(net, inputs=X[0, 0])
    assert isinstance(report.network, WeightOnlyLinear) and net.weight.dtype == ms.float32
    np.testing.assert_allclose(report.network(X[0, 0]).asnumpy(), want, atol=0.02)
    assert "(the network)" in str(report)
    with pytest.raises(ValueError, match=r"last axis must be in_channels \(24\), but the input has shape \(3, 5, 5\)"):
        report.network(X[:, :, :5])


class Compiled(nn.Cell):
    """Compiled by itself, whatever the mode."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(24, 6)

    @ms.jit
    def construct(self, x):
        return self.dense(x)


def test_compiled_network():
    """What was compiled before is compiled anew; its errors are seen in the outputs alone."""
    net = Compiled()
    before = net(X).asnumpy()
    report = quantize(net, "dynamic", inputs=X)
    after = net(X).asnumpy()
    assert not np.array_equal(before, after) and report.layers[0].output_error is None
    assert 0 < report.network_error < 0.03 and " - " in str(report).splitlines()[1] + " "
    np.testing.assert_allclose(after, before, atol=0.05)


def test_gradients():
    """Of weight-only layers for the rows and the bias; dynamic layers refuse."""
    layer = quantize(nn.Dense(24, 6)).network
    rows = X[0]
    gradient = ms.grad(lambda x: layer(x).sum())(rows).asnumpy()
    want = np.broadcast_to(layer.real_weight().sum(0), gradient.shape)
    np.testing.assert_allclose(gradient, want, rtol=1e-4, atol=1e-5)
    assert [p.name for p in layer.trainable_params()] == ["bias"]
    layer = quantize(nn.Dense(24, 6), "dynamic").network
    with pytest.raises(TypeError, match="a network with dynamically quantised layers cannot be differentiated"):
        ms.grad(lambda x: layer(x).sum())(rows).asnumpy()


class Doubled(nn.Dense):
    """A layer of a program's own."""

    def construct(self, x):
        return 2 * super().construct(x)


class Tied(nn.Cell):
    def __init__(self):
        super().__init__()
        self.table = Parameter(Tensor(np.ones((6, 24), np.float32)), name="table")
        self.head, self.kept, self.hooked = nn.Dense(24, 6), Doubled(24, 6), nn.Dense(24, 6)
        self.left = nn.SequentialCell(nn.Dense(24, 6))
        self.head.weight = self.table
        self.hooked.register_forward_hook(lambda cell, args, output: None)

    def construct(self, x):
        return self.head(x) + self.kept(x) + self.left(x) + self.hooked(x)


def test_what_stays():
    net = Tied()
    want = net(X).asnumpy()
    report = quantize(net, skip=["left"])
    assert report.layers == () and report.bytes_saved == 0
    assert {name: why.split()[-1] for name, why in report.skipped.items()} == {
        "head": "too", "kept": "else", "hooked": "hooks", "left.0": "skipped"}
    assert "kept stays: its class Doubled computes something else" in str(report)
    assert np.array_equal(net(X).asnumpy(), want)


@pytest.mark.parametrize("group_size", [0, 1, 8, 7, 100])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("low, high", [(-1, 1), (2, 3), (-3, -2.9), (0, 0)])
def test_numbers(group_size, symmetric, low, high):
    """No weight is off by more than half a step, and the ends of a range are met."""
    weight = DRAW.uniform(low, high, (5, 24)).astype(np.float32)
    numbers, scale, *offset = quantize_weight(weight, group_size, symmetric)
    size = group_size or 24
    count = -(-24 // size)
    assert numbers.dtype == np.int8 and scale.shape == ((5, count) if group_size else (5,))
    assert len(offset) == (0 if symmetric else 1) and scale.dtype == np.float32
    scale = np.repeat(scale.reshape(5, count), size, 1)[:, :24]
    shift = np.repeat(offset[0].reshape(5, count), size, 1)[:, :24] if offset else 0
    found = (numbers + shift) * scale
    assert np.abs(found - weight).max() <= (0.5 if symmetric else 1) * scale.max() + 1e-6
    if not symmetric or group_size:
        return
    largest = np.abs(weight).argmax(1)
    assert (np.abs(numbers[np.arange(5), largest]) == (127 if high else 0)).all()


bad = nn.Dense(3, 2, weight_init=Tensor(np.array([[1, np.nan, 0], [0, 0, 0]], np.float32)))
REFUSED = {
    "a function": (lambda: quantize(ops.relu), TypeError, "net is a function; expected a Cell"),
    "a mode": (lambda: quantize(Net(), "int4"), ValueError, "mode is 'int4'; expected 'weight_only' or 'dynamic'"),
    "a group": (lambda: quantize(Net(), group_size=-1), ValueError, "group_size is -1"),
    "groups of dynamic layers": (lambda: quantize(Net(), "dynamic", group_size=8), ValueError, "in mode 'dynamic'"),
    "a name": (lambda: quantize(Net(), skip=["tail"]), ValueError, r"skip names \['tail'\], which the network does"),
    "NaN": (lambda: quantize(bad), ValueError, "numbers that are not finite"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    run, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        run()
