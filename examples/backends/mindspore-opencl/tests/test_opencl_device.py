"""Memory, queue and generated code of the OpenCL device, through the contract alone."""
from __future__ import annotations

import ast

import numpy as np
import pytest
from conftest import EXAMPLE

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.compiler.executor import HOST_FALLBACKS
from mindspore.compiler.pipeline import make_plan
from mindspore.plugin import DeviceMemoryError, DeviceUnavailableError, manager
from mindspore.runtime.device import use_backend

SOURCES = sorted((EXAMPLE / "src" / "mindspore_opencl").glob("*.py"))
# What docs/writing-a-backend.md names, and what Python and OpenCL bring.
DOCUMENTED = ("mindspore.plugin", "mindspore.compiler.ir", "mindspore.compiler.passes.group_space",
              "mindspore.common.dtype", "mindspore_opencl")


def test_the_backend_uses_documented_modules_only():
    seen = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mindspore"):
                seen.add(node.module)
                own = node.module.startswith("mindspore_opencl.")
                assert own or node.module in DOCUMENTED, (path.name, node.module)
                assert not any(alias.name.startswith("_") for alias in node.names), path.name
    assert "mindspore.plugin" in seen


def test_the_backend_is_small():
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES)
    assert 0 < lines < 1500


def test_a_number_that_no_device_has():
    backend = manager.backends()["opencl"]
    with pytest.raises(DeviceUnavailableError, match=f"numbers of the devices are 0 to {backend.device_count() - 1}"):
        backend.open(999)


@pytest.mark.parametrize("nbytes", [0, 1, 4096])
def test_copies_go_through_the_queue(device, nbytes):
    memory = device.allocator
    data = np.random.default_rng(0).integers(0, 256, nbytes).astype(np.uint8)
    first, second = memory.allocate(nbytes), memory.allocate(nbytes)
    memory.copy_from_host(first, data)
    memory.copy(second, first, nbytes)
    memory.synchronize()
    found = np.zeros_like(data)
    memory.copy_to_host(second, found)
    np.testing.assert_array_equal(found, data)


def test_memory_is_counted_and_limited(device):
    memory = device.allocator
    before = device.memory_statistics()["allocated"]
    buffer = memory.allocate(1 << 20)
    now = device.memory_statistics()
    assert now["allocated"] >= before + (1 << 20) and now["reserved"] >= now["allocated"]
    device.limit_memory(now["allocated"])
    try:
        with pytest.raises(DeviceMemoryError, match="no room for a buffer of 1048576 bytes"):
            memory.allocate(1 << 20)
    finally:
        device.limit_memory(1 << 40)
    del buffer
    device.release_idle_memory()
    assert device.memory_statistics()["reserved"] < now["reserved"]


@pytest.fixture
def inputs():
    return np.random.default_rng(1).standard_normal((3, 5, 7)).astype(np.float32)


def agree(function, *arrays, rtol=1e-5):
    """The compiled function on this device and on the reference backend."""
    found = []
    for backend in ("opencl", "reference"):
        with use_backend(backend):
            found.append(ms.jit(function)(*map(Tensor, arrays)).asnumpy())
    np.testing.assert_allclose(*found, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_row_wise_function_is_one_group(device, inputs, axis):
    def function(x):
        return ops.softmax(x, axis) * 2.0
    plan = make_plan(ms.jit(function).graph(Tensor(inputs)), device)
    assert [step.kind for step in plan.launches] == ["group"]
    agree(function, inputs)


@pytest.mark.parametrize("length", [1, 511, 512, 5000])
def test_rows_of_any_length_are_reduced(device, length):
    x = np.random.default_rng(2).standard_normal((3, length)).astype(np.float32)
    agree(lambda x: (x * x).sum(1) + x.max(1), x)
    agree(lambda x: x.sum(0).min(), x)


def test_views_are_index_arithmetic(inputs):
    agree(lambda x: ops.exp(x.transpose(2, 0, 1)[1:6:2, :, 1:]) + x[:, 1:, 2].sum(), inputs)
    agree(lambda x: (x.reshape(5, 21) + 1.0).reshape(3, 35) * x.reshape(3, 35)[:1], inputs)


def test_sizes_are_arguments_of_the_same_program(device):
    def function(x):
        return ops.exp(x) * x + x.sum(1, keepdims=True)
    agree(function, np.ones((3, 4), np.float32))
    built = len(device.programs.built)
    agree(function, np.ones((5, 6), np.float32))
    assert len(device.programs.built) == built


def test_a_tap_that_meets_only_padding_has_no_gradient():
    """A kernel as wide as the padded image, with a stride above 1."""
    x, w = np.ones((1, 1, 2, 4), np.float32), np.ones((1, 1, 1, 6), np.float32)
    agree(ms.grad(lambda w, x: ops.conv2d(x, w, stride=2, pad_mode="pad", padding=(0, 0, 1, 1)).sum()), w, x)


@pytest.mark.parametrize("shape", [(), (5,), (3, 4, 7)])
def test_random_numbers_are_those_of_every_backend(shape):
    drawn = []
    for backend in ("opencl", "reference"):
        with use_backend(backend):
            ms.set_seed(7)
            drawn.append(ops.uniform(shape, Tensor(0.0), Tensor(1.0), dtype=ms.float32).asnumpy())
    np.testing.assert_array_equal(*drawn)


class Small(nn.Cell):
    """The operators of the quick start's network, smaller."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.relu = nn.Conv2d(1, 4, 3, pad_mode="valid"), nn.MaxPool2d(2, 2), nn.ReLU()
        self.flatten, self.fc = nn.Flatten(), nn.Dense(36, 10)

    def construct(self, x):
        return self.fc(self.flatten(self.pool(self.relu(self.conv(x)))))


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_training_steps_are_those_of_the_reference(monkeypatch, mode):
    """The losses of some steps, with nothing left to the host."""
    monkeypatch.setenv("MS_FORBID_HOST_FALLBACK", "1")
    draw = np.random.default_rng(0)
    images, labels = draw.standard_normal((4, 1, 8, 8)).astype(np.float32), draw.integers(0, 10, 4).astype(np.int32)
    losses = []
    for backend in ("opencl", "reference"):
        with use_backend(backend):
            ms.set_context(mode=mode)
            ms.set_seed(1)
            net = Small()
            loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
            step = nn.TrainOneStepCell(nn.WithLossCell(net, loss), nn.Momentum(net.trainable_params(), 0.1, 0.9))
            step.set_train()
            try:
                losses.append([float(step(Tensor(images), Tensor(labels))) for _ in range(5)])
            finally:
                ms.set_context(mode=ms.PYNATIVE_MODE)
    np.testing.assert_allclose(*losses, rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


def test_what_has_no_kernel_runs_on_the_host():
    """A plan goes between both, and the launch is counted."""
    before = HOST_FALLBACKS.get("sort", 0)
    agree(lambda x: ops.sort(x * 2.0)[0] + 1.0, np.array([3.0, 1.0, 2.0], np.float32))
    assert HOST_FALLBACKS["sort"] == before + 1
