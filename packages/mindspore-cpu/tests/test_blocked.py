"""Images in blocks of channels: the kernels against the plain references, and where blocks are put into graphs.

In half precision a block is all channels; where the processor does not multiply bfloat16, the decompositions are what
is checked.
"""
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.dtype import bfloat16, float16, float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import made_legal, run_graph
from mindspore.compiler.primitives.base import primitive
from mindspore.compiler.standing import StandingExecutable
from mindspore.plugin import manager
from mindspore.runtime import device
from mindspore_cpu import _ext, packing
from mindspore_cpu.blocked import CONVOLUTIONS, POOLINGS, PREFIX, blocked_shape, plain_shape
from mindspore_cpu.layouts import block_size, with_blocks

BLOCK = block_size()
pytestmark = pytest.mark.skipif(not BLOCK, reason="the processor's instructions have no blocked layouts")
HALVES = bfloat16, float16
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


def to_blocks(x: np.ndarray, block: int = BLOCK) -> np.ndarray:
    n, c, h, w = x.shape
    return np.ascontiguousarray(x.reshape(n, c // block, block, h, w).transpose(0, 1, 3, 4, 2))


def graph_of(rule, *arrays: np.ndarray, dtype=float32):
    b = Builder()
    found = rule(b, *[b.parameter(tensor_aval(a.shape, dtype)) for a in arrays])
    return b.finish(list(found) if isinstance(found, (list, tuple)) else [found])


def count(graph) -> Counter:
    return Counter(node.op.name for node in graph.nodes)


def run_blocked(name: str, attrs: dict, images: tuple, others: tuple = (), block: int | None = None,
                dtype=float32, **options) -> np.ndarray:
    """The blocked primitive on the device, as a plain array; in one launch, without a fall-back. block: of the result,
    0 where it is plain. In half precision all channels are a block."""
    def sized(channels: int) -> int:
        return BLOCK if dtype is float32 else channels

    whole = [to_blocks(x, sized(x.shape[1])).astype(dtype.np) for x in images]
    others = [x.astype(dtype.np) for x in others]
    if block is None:
        channels = {"conv2d": lambda: others[0].shape[0], "conv2d_input_grad": lambda: others[0].shape[1] *
                    attrs["groups"]}.get(name, lambda: images[0].shape[1])()
        block = sized(channels)
    graph = graph_of(lambda b, *ins: b.call(primitive(PREFIX + name), *ins, **attrs, **options, block=block), *whole,
                     *others, dtype=dtype)
    before = device.current().host_fallbacks
    result = run_graph(graph, [*whole, *others], device.current())[0]
    assert device.current().host_fallbacks == before and result.dtype == dtype.np
    result = result.astype(np.float32)
    return result if result.ndim == 4 else result.transpose(0, 1, 4, 2, 3).reshape(
        result.shape[0], -1, *result.shape[2:4])


def reference(name: str, attrs: dict, *arrays: np.ndarray) -> np.ndarray:
    return evaluate(graph_of(lambda b, *ins: b.call(primitive(name), *ins, **attrs), *arrays), arrays)[0]


def whole_numbers(*shape: int) -> np.ndarray:
    """Small whole numbers, whose products of a few hundred are exact in every type that accumulates in float32."""
    return RNG.integers(-2, 3, shape).astype(np.float32)


def rounded(x: np.ndarray, dtype) -> np.ndarray:
    return x.astype(dtype.np).astype(np.float32)


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


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("image, kernels, attrs", GEOMETRIES)
def test_convolutions_of_half_precision(image, kernels, attrs, dtype):
    x, w = whole_numbers(*image), whole_numbers(*kernels)
    y = reference("conv2d", attrs, x, w)
    for block in (None, 0):
        np.testing.assert_array_equal(run_blocked("conv2d", attrs, (x,), (w,), block, dtype), rounded(y, dtype))
    dy = whole_numbers(*y.shape)
    more = {**attrs, "input_shape": image[2:]}
    np.testing.assert_array_equal(run_blocked("conv2d_input_grad", more, (dy,), (w,), dtype=dtype),
                                  rounded(reference("conv2d_input_grad", more, dy, w), dtype))
    more = {**attrs, "kernel_shape": kernels[2:]}
    np.testing.assert_array_equal(run_blocked("conv2d_weight_grad", more, (x, dy), (), 0, dtype),
                                  rounded(reference("conv2d_weight_grad", more, x, dy), dtype))


@pytest.mark.parametrize("dtype", [float32, *HALVES], ids=str)
def test_infinities_stay_where_they_are(dtype):
    x = whole_numbers(2, 48, 7, 6)
    x[0, 3, 2, 2], x[1, 47, 6, 5] = np.inf, np.nan
    attrs = {**ONE, "padding": (1, 1, 1, 1)}
    w = whole_numbers(16, 48, 3, 3)
    np.testing.assert_array_equal(run_blocked("conv2d", attrs, (x,), (w,), dtype=dtype),
                                  rounded(reference("conv2d", attrs, x, w), dtype))


@pytest.mark.parametrize("dtype", [float32, *HALVES], ids=str)
def test_packed_kernels(dtype):
    x, w = whole_numbers(2, 64, 8, 7), whole_numbers(128, 64, 3, 3)
    attrs = {**ONE, "padding": (1, 1, 1, 1)}
    blocks = (BLOCK, BLOCK) if dtype is float32 else (64, 128)
    name = _ext.conv_packing(str(dtype.key), x.shape, w.shape, (8, 7), (1, 1), (1, 1, 1, 1), (1, 1), 1, blocks)
    if dtype is float32 or _ext.has_blocked_conv("forward", str(dtype.key), x.shape, w.shape, (8, 7), (1, 1),
                                                 (1, 1, 1, 1), (1, 1), 1, blocks, ""):
        assert name
    name = name or "OhwI16i32o2i"
    packed = evaluate(graph_of(lambda b, w: packing.pack(b, w, name), w), [w])[0]
    assert packed.shape == packing.packed_shape(name, w.shape) and packing.plain_shape(name, packed.shape) == w.shape
    np.testing.assert_array_equal(evaluate(graph_of(lambda b, p: packing.unpack(b, p, name), packed), [packed])[0], w)
    np.testing.assert_array_equal(
        run_blocked("conv2d", attrs, (x,), (packed,), blocks[1], dtype, kernels=name),
        rounded(reference("conv2d", attrs, x, w), dtype))


def test_a_packing_is_read_from_its_name():
    w = np.arange(4 * 6 * 1 * 2).reshape(4, 6, 1, 2)
    packed = evaluate(graph_of(lambda b, w: packing.pack(b, w, "OhwI3i2o2i"), w), [w.astype(np.float32)])[0]
    assert packed.shape == (2, 1, 2, 1, 3, 2, 2)
    assert packed[1, 0, 1, 0, 2, 0, 1] == w[2, 5, 0, 1]


@pytest.mark.parametrize("dtype", [float32, *HALVES], ids=str)
@pytest.mark.parametrize("image, attrs", POOLS)
def test_pooling(image, attrs, dtype):
    x = RNG.integers(-3, 4, image).astype(np.float32)
    x[RNG.random(image) < 0.03], x[RNG.random(image) < 0.03] = np.nan, -np.inf
    more = {**attrs, "dilation": (1, 1)}
    y = reference("max_pool2d", more, x)
    np.testing.assert_array_equal(run_blocked("max_pool2d", more, (x,), dtype=dtype), y)
    dy = RNG.integers(-3, 4, y.shape).astype(np.float32)
    np.testing.assert_array_equal(run_blocked("max_pool2d_grad", more, (x, y, dy), dtype=dtype),
                                  reference("max_pool2d_grad", more, x, y, dy))
    near = {"rtol": 1e-6 if dtype is float32 else 2 ** -8}
    for counted in (False, True):
        mean = {**attrs, "count_include_pad": counted}
        np.testing.assert_allclose(run_blocked("avg_pool2d", mean, (x,), dtype=dtype),
                                   reference("avg_pool2d", mean, x), **near)
        grad = {**mean, "input_shape": image[2:]}
        np.testing.assert_allclose(run_blocked("avg_pool2d_grad", grad, (dy,), dtype=dtype),
                                   reference("avg_pool2d_grad", grad, dy), rtol=10 * near["rtol"], atol=1e-6)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_pooling_of_plain_half_precision(dtype):
    """As many planes as a vector has lanes at once, and the planes that are left over; every value, rounded once."""
    x = np.arange(1 << 16, dtype=np.uint16).view(dtype.np).reshape(1, 32, 32, 64)
    x = np.concatenate([x, x[:, :3]], 1)
    more = {"kernel": (1, 1), "stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1)}
    graph = graph_of(lambda b, x: b.call(primitive("max_pool2d"), x, **more), x, dtype=dtype)
    np.testing.assert_array_equal(run_graph(graph, [x], device.current())[0].astype(np.float32), x.astype(np.float32))
    thirds = {"kernel": (1, 3), "stride": (1, 3), "padding": (0, 0, 0, 1), "count_include_pad": False}
    y = normal(2, 19, 5, 8)
    graph = graph_of(lambda b, y: b.call(primitive("avg_pool2d"), y, **thirds), y, dtype=dtype)
    found = run_graph(graph, [y.astype(dtype.np)], device.current())[0]
    np.testing.assert_array_equal(found.astype(np.float32),
                                  rounded(reference("avg_pool2d", thirds, rounded(y, dtype)), dtype))


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


@pytest.mark.parametrize("name", [*CONVOLUTIONS, *POOLINGS])
def test_samples_of_a_blocked_primitive_on_the_device(name):
    op = primitive(PREFIX + name)
    for sample in op.samples():
        if sample.error is None:
            arrays = [np.asarray(x, np.float32) for x in sample.ins]
            graph = graph_of(lambda b, *ins, sample=sample: b.call(op, *ins, **sample.attrs), *arrays)
            np.testing.assert_allclose(run_graph(graph, arrays, device.current())[0], evaluate(graph, arrays)[0],
                                       rtol=1e-4, atol=1e-4)


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


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_half_precision_stays_in_blocks_of_all_channels_through_a_cast(dtype):
    arrays = normal(2, 32, 10, 9), normal(32, 32, 3, 3), normal(32, 32, 1, 1), normal(32)

    def rule(b, x, w1, w2, shift):
        x, w1, w2 = [b.cast(a, dtype=dtype) for a in (x, w1, w2)]
        y = b.call(primitive("conv2d"), x, w1, **{**ONE, "padding": (1, 1, 1, 1)})
        y = b.maximum(b.mul(b.cast(y, dtype=float32), b.reshape(shift, shape=(1, 32, 1, 1))), 0.0)
        z = b.call(primitive("conv2d"), b.cast(y, dtype=dtype), w2, **ONE)
        return b.sum(b.cast(z, dtype=float32), axis=(2, 3))
    graph = graph_of(rule, *arrays)
    found = count(with_blocks(made_legal(graph, manager.device("reference")), frozenset()))
    shapes = (2, 32, 10, 9), (32, 32, 3, 3), (10, 9), (1, 1), (1, 1, 1, 1), (1, 1), 1, (32, 32), ""
    if _ext.has_blocked_conv("forward", str(dtype.key), *shapes):
        assert found["blocked_conv2d"] == 2 and found["transpose"] == 0
    for got, want in zip(run_graph(graph, arrays, device.current()), evaluate(graph, arrays)):
        np.testing.assert_allclose(got, want, rtol=0.02, atol=0.5)


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


def similar(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two results of half precision are alike: sums in another order round otherwise."""
    return np.abs(found - expected).max() <= 0.03 * np.abs(expected).max() + 1e-3


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


@pytest.mark.parametrize("dtype", [None, ms.bfloat16, ms.float16], ids=str)
@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_a_network_computes_the_same_without_blocks(mode, dtype, monkeypatch):
    from mindspore.compiler import pipeline
    from mindspore.eager import segment

    def computed() -> list[np.ndarray]:
        pipeline.clear_cache()
        segment.clear_cache()
        return steps(network() if dtype is None else network().to_float(dtype))

    ms.set_context(mode=mode)
    try:
        found = computed()
        monkeypatch.setattr(type(device.current()), "rewrite", lambda self, graph, stable: graph)
        expected = computed()
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
        pipeline.clear_cache()
        segment.clear_cache()
    for got, want in zip(found, expected, strict=True):
        if dtype is None:
            np.testing.assert_allclose(got, want, rtol=2e-4, atol=1e-5)
        else:
            assert similar(got, want)


@pytest.mark.parametrize("channels", [1, 3, 20])
def test_few_channels_are_padded_for_tiles(channels):
    x, w = whole_numbers(2, channels, 11, 12), whole_numbers(16, channels, 3, 3)
    x[0, 0, 4, 4], x[1, channels - 1, 10, 11] = np.inf, np.nan
    attrs = {**ONE, "stride": (2, 2), "padding": (1, 1, 1, 1)}

    dy = whole_numbers(2, 16, 6, 6)
    more = {**attrs, "kernel_shape": (3, 3)}

    def rule(b, x, w, dy):
        return b.call(primitive("conv2d"), x, w, **attrs), b.call(primitive("conv2d_weight_grad"), x, dy, **more)
    arrays = [a.astype(bfloat16.np) for a in (x, w, dy)]
    graph = graph_of(rule, *arrays, dtype=bfloat16)
    found = count(with_blocks(graph, frozenset({1})))
    if _ext.has_tiles():
        assert found["blocked_conv2d"] == found["blocked_conv2d_weight_grad"] == (channels > 1)
    y, dw = [each.astype(np.float32) for each in run_graph(graph, arrays, device.current())]
    np.testing.assert_array_equal(y, rounded(reference("conv2d", attrs, x, w), bfloat16))
    np.testing.assert_array_equal(dw, rounded(reference("conv2d_weight_grad", more, x, dy), bfloat16))


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
