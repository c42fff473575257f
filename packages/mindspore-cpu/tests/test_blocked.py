"""Images in blocks of channels: the kernels against the plain references, and where blocks are put into graphs."""
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import made_legal, run_graph
from mindspore.compiler.primitives.base import primitive
from mindspore.compiler.standing import StandingExecutable
from mindspore.plugin import manager
from mindspore.runtime import device
from mindspore_cpu.blocked import CONVOLUTIONS, POOLINGS, PREFIX, blocked_shape, plain_shape
from mindspore_cpu.layouts import block_size, with_blocks

BLOCK = block_size()
pytestmark = pytest.mark.skipif(not BLOCK, reason="the processor's instructions have no blocked layouts")
RNG = np.random.default_rng(0)
ONE = {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1}
GEOMETRIES = [  # images [n, c, h, w], kernels, attributes
    ((2, 32, 9, 8), (48, 32, 1, 1), ONE),
    ((1, 64, 12, 11), (32, 64, 3, 3), {**ONE, "padding": (1, 1, 1, 1)}),
    ((2, 32, 13, 12), (64, 32, 3, 3), {**ONE, "stride": (2, 2), "padding": (1, 1, 1, 1)}),
    ((2, 32, 14, 9), (32, 32, 3, 2), {**ONE, "dilation": (2, 1), "padding": (0, 1, 2, 0)}),  # oneDNN has none for AVX2
    ((2, 64, 8, 8), (64, 32, 3, 3), {**ONE, "groups": 2, "padding": (1, 1, 1, 1)}),
]
POOLS = [  # images, attributes
    ((2, 32, 9, 8), {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0, 0, 0)}),
    ((1, 32, 13, 12), {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1, 1, 1)}),
    ((2, 16, 7, 9), {"kernel": (3, 2), "stride": (1, 3), "padding": (1, 0, 0, 1)}),
]


@pytest.fixture(scope="module", autouse=True)
def plugins():
    """The primitives are the plugin's."""
    manager.load()


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def to_blocks(x: np.ndarray) -> np.ndarray:
    n, c, h, w = x.shape
    return np.ascontiguousarray(x.reshape(n, c // BLOCK, BLOCK, h, w).transpose(0, 1, 3, 4, 2))


def graph_of(rule, *arrays: np.ndarray):
    b = Builder()
    found = rule(b, *[b.parameter(tensor_aval(a.shape, float32)) for a in arrays])
    return b.finish(list(found) if isinstance(found, (list, tuple)) else [found])


def count(graph) -> Counter:
    return Counter(node.op.name for node in graph.nodes)


def run_blocked(name: str, attrs: dict, images: tuple, others: tuple = (), block: int | None = None) -> np.ndarray:
    """The blocked primitive on the device, as a plain array; in one launch, without a fall-back."""
    graph = graph_of(lambda b, *ins: b.call(primitive(PREFIX + name), *ins, **attrs,
                                            block=BLOCK if block is None else block),
                     *map(to_blocks, images), *others)
    before = device.current().host_fallbacks
    result = run_graph(graph, [*map(to_blocks, images), *others], device.current())[0]
    assert device.current().host_fallbacks == before
    return result if result.ndim == 4 else result.transpose(0, 1, 4, 2, 3).reshape(
        result.shape[0], -1, *result.shape[2:4])


def reference(name: str, attrs: dict, *arrays: np.ndarray) -> np.ndarray:
    return evaluate(graph_of(lambda b, *ins: b.call(primitive(name), *ins, **attrs), *arrays), arrays)[0]


@pytest.mark.parametrize("image, kernels, attrs", GEOMETRIES)
def test_convolutions(image, kernels, attrs):
    x, w = normal(*image), normal(*kernels)
    y = reference("conv2d", attrs, x, w)
    np.testing.assert_allclose(run_blocked("conv2d", attrs, (x,), (w,)), y, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(run_blocked("conv2d", attrs, (x,), (w,), block=0), y, rtol=1e-4, atol=1e-4)
    dy = normal(*y.shape)
    more = {**attrs, "input_shape": image[2:]}
    np.testing.assert_allclose(run_blocked("conv2d_input_grad", more, (dy,), (w,)),
                               reference("conv2d_input_grad", more, dy, w), rtol=1e-4, atol=1e-4)
    more = {**attrs, "kernel_shape": kernels[2:]}
    np.testing.assert_allclose(run_blocked("conv2d_weight_grad", more, (x, dy), block=0),
                               reference("conv2d_weight_grad", more, x, dy), rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("image, attrs", POOLS)
def test_pooling(image, attrs):
    x = RNG.integers(-3, 4, image).astype(np.float32)
    x[RNG.random(image) < 0.03], x[RNG.random(image) < 0.03] = np.nan, -np.inf
    more = {**attrs, "dilation": (1, 1)}
    y = reference("max_pool2d", more, x)
    np.testing.assert_array_equal(run_blocked("max_pool2d", more, (x,)), y)
    dy = RNG.integers(-3, 4, y.shape).astype(np.float32)
    np.testing.assert_array_equal(run_blocked("max_pool2d_grad", more, (x, y, dy)),
                                  reference("max_pool2d_grad", more, x, y, dy))
    for counted in (False, True):
        mean = {**attrs, "count_include_pad": counted}
        np.testing.assert_allclose(run_blocked("avg_pool2d", mean, (x,)), reference("avg_pool2d", mean, x), rtol=1e-6)
        grad = {**mean, "input_shape": image[2:]}
        np.testing.assert_allclose(run_blocked("avg_pool2d_grad", grad, (dy,)),
                                   reference("avg_pool2d_grad", grad, dy), rtol=1e-5, atol=1e-6)


def test_every_blocked_primitive_is_its_plain_one_between_copies():
    for name in (*CONVOLUTIONS, *POOLINGS):
        op = primitive(PREFIX + name)
        samples = [s for s in op.samples() if s.error is None]
        assert samples
        for sample in samples:
            arrays = [np.asarray(x, np.float32) for x in sample.ins]
            body = graph_of(lambda b, *ins, op=op, sample=sample: b.call(op, *ins, **sample.attrs), *arrays)
            assert blocked_shape(reference_shape(name, sample, arrays), sample.attrs["block"]) == body.outputs[0].shape
            found = run_graph(body, arrays, manager.device("reference"))[0]
            assert found.shape == body.outputs[0].shape


def reference_shape(name: str, sample, arrays: list) -> tuple:
    plain = [np.zeros(plain_shape(a.shape), np.float32) for a in arrays]
    attrs = {k: v for k, v in sample.attrs.items() if k != "block"}
    return reference(name, attrs, *plain).shape


def residual_block(b, x, w1, w2, shift):
    """Two convolutions with a normalisation by numbers, a relu and a way around them."""
    y = b.call(primitive("conv2d"), x, w1, **{**ONE, "padding": (1, 1, 1, 1)})
    y = b.maximum(b.add(b.mul(y, b.reshape(shift, shape=(1, 32, 1, 1))), 1.0), 0.0)
    z = b.call(primitive("conv2d"), y, w2, **ONE)
    out = b.maximum(b.add(z, y), 0.0)
    return b.sum(out, axis=(2, 3)), b.sum(out, axis=(0, 2, 3), keepdims=True), b.max(out, axis=(1,))


def test_blocks_stay_from_one_convolution_to_the_next():
    arrays = normal(2, 32, 10, 9), normal(32, 32, 3, 3), normal(32, 32, 1, 1), normal(32)
    graph = graph_of(residual_block, *arrays)
    written = with_blocks(made_legal(graph, manager.device("reference")), frozenset())
    found = count(written)
    assert found["blocked_conv2d"] == 2 and found["conv2d"] == 0
    assert found["transpose"] == 0  # the first convolution takes the plain image, the sums read blocks
    for got, want in zip(run_graph(graph, arrays, device.current()), evaluate(graph, arrays)):
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rule", [
    lambda b, x, w: b.call(primitive("conv2d"), x, w, **ONE),
    lambda b, x, w: b.reshape(b.maximum(b.call(primitive("conv2d"), x, w, **ONE), 0.0), shape=(2, 32 * 90)),
])
def test_a_plain_reader_gets_it_plain_at_once(rule):
    graph = graph_of(rule, normal(2, 32, 10, 9), normal(32, 32, 1, 1))
    assert with_blocks(graph, frozenset()) is graph


def test_pooling_puts_a_plain_image_into_blocks():
    pool = {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1, 1, 1), "dilation": (1, 1)}

    def rule(b, x, w):
        y = b.call(primitive("max_pool2d"), b.exp(x), **pool)
        return b.call(primitive("conv2d"), y, w, **ONE), b.call(primitive("max_pool2d_grad"), b.exp(x), y, y, **pool)
    arrays = normal(2, 32, 9, 8), normal(64, 32, 1, 1)
    graph = graph_of(rule, *arrays)
    found = count(with_blocks(graph, frozenset()))
    assert found["blocked_max_pool2d"] == found["blocked_max_pool2d_grad"] == 1 and not found["max_pool2d"]
    for got, want in zip(run_graph(graph, arrays, device.current()), evaluate(graph, arrays)):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


def test_odd_channels_broadcasts_and_other_types_are_left_or_put_right():
    def rule(b, x, w1, w2, row, image):
        y = b.call(primitive("conv2d"), x, w1, **ONE)
        y = b.add(b.mul(y, b.broadcast_to(row, shape=(2, 32, 6, 5))), image)  # along the last axis; a plain image
        y = b.select(b.gt(y, 0.0), y, b.full(y.shape, -1.0, float32))
        z = b.call(primitive("conv2d"), y, w2, **ONE)  # 5 channels
        return z, b.add(b.transpose(y, perm=(0, 2, 3, 1)), 1.0)
    arrays = normal(2, 16, 6, 5), normal(32, 16, 1, 1), normal(5, 32, 1, 1), normal(5), normal(1, 32, 6, 5)
    graph = graph_of(rule, *arrays)
    for got, want in zip(run_graph(graph, arrays, device.current()), evaluate(graph, arrays)):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, has_bias=True)
        self.second = nn.Conv2d(16, 32, 3, pad_mode="pad", padding=1, has_bias=False)
        self.norm = nn.BatchNorm2d(32)
        self.third = nn.Conv2d(32, 32, 1, has_bias=True)
        self.most, self.mean = nn.MaxPool2d(3, 2, pad_mode="pad", padding=1), nn.AvgPool2d(2, 2)
        self.dense = nn.Dense(32, 5)

    def construct(self, x):
        y = self.most(ops.relu(self.norm(self.second(self.first(x)))))
        return self.dense(ops.relu(self.mean(self.third(y) + y)).mean((2, 3)))


def network() -> Net:
    rng, net = np.random.default_rng(1), Net()
    for p in net.get_parameters():
        p.set_data(Tensor(rng.random(p.shape).astype(np.float32) * 0.3 + ("variance" in p.name)))
    return net


def steps(net: Net) -> list[np.ndarray]:
    """What inference, three steps of training and inference again give."""
    x, labels = Tensor(np.random.default_rng(2).random((2, 3, 24, 24), np.float32)), Tensor(np.array([1, 2], np.int32))
    loss = nn.WithLossCell(net, nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean"))
    train = nn.TrainOneStepCell(loss, nn.Momentum(net.trainable_params(), 0.05, 0.9))
    found = [net.set_train(False)(x) for _ in range(3)]
    train.set_train()
    found += [train(x, labels) for _ in range(3)]
    net.set_train(False)
    return [t.asnumpy() for t in [*found, *[net(x) for _ in range(3)], *net.get_parameters()]]


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_a_network_computes_the_same_without_blocks(mode, monkeypatch):
    ms.set_context(mode=mode)
    try:
        found = steps(network())
        monkeypatch.setattr(type(device.current()), "rewrite", lambda self, graph, stable: graph)
        from mindspore.compiler import pipeline
        pipeline.clear_cache()
        expected = steps(network())
        pipeline.clear_cache()
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-4, atol=1e-5)


def test_kernels_of_a_network_that_infers_are_put_into_blocks_once(monkeypatch):
    made, prepare = [], StandingExecutable.prepare
    monkeypatch.setattr(StandingExecutable, "prepare", lambda self, inputs: made.append(1) or prepare(self, inputs))
    net = network().set_train(False)
    run = ms.jit(net)
    x = Tensor(normal(2, 3, 24, 24))
    first = run(x).asnumpy()
    for _ in range(4):
        np.testing.assert_array_equal(run(x).asnumpy(), first)
    assert len(made) == 2  # in the first call, and in the second, which keeps them
    net.third.weight.set_data(net.third.weight * 2)
    changed = run(x).asnumpy()
    assert not np.allclose(changed, first)
    net.third.weight.set_data(Parameter(net.third.weight / 2))
    np.testing.assert_array_equal(run(x).asnumpy(), first)
