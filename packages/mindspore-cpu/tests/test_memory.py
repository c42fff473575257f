"""Buffers and the block cache behind them."""
from __future__ import annotations

import gc

import ml_dtypes
import numpy as np
import pytest

from mindspore import Tensor, runtime
from mindspore.plugin import DeviceMemoryError, manager
from mindspore.runtime.device import use_backend
from mindspore_cpu import _ext
from mindspore_cpu.device import CPUAllocator

SIZES = [0, 1, 63, 64, 65, 511, 512, 513, 4096, 100_000, (1 << 20) + 1, 3 << 21]


@pytest.mark.parametrize("nbytes", SIZES)
def test_buffers_are_aligned_and_writable(nbytes):
    buffer = _ext.Buffer(nbytes)
    assert buffer.nbytes == nbytes and buffer.address % 64 == 0 and buffer.address != 0
    with memoryview(buffer) as bytes_:
        assert len(bytes_) == nbytes and not bytes_.readonly
    view = np.ndarray(nbytes, np.uint8, buffer)
    view[...] = 7
    assert view.ctypes.data == buffer.address and view.sum() == 7 * nbytes
    assert f"{nbytes} bytes" in repr(buffer)


@pytest.mark.parametrize("nbytes", [n for n in SIZES if n])
def test_a_freed_block_is_used_again(nbytes):
    address = _ext.Buffer(nbytes).address
    assert _ext.Buffer(nbytes).address == address


def test_blocks_in_use_do_not_overlap():
    rng = np.random.default_rng(0)
    buffers = [_ext.Buffer(int(n)) for n in rng.integers(1, 5000, 300)]
    del buffers[::3]
    buffers += [_ext.Buffer(int(n)) for n in rng.integers(1, 5000, 300)]
    spans = sorted((b.address, b.address + b.nbytes) for b in buffers)
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:]))


def test_a_steady_loop_asks_the_system_for_nothing():
    sizes = [100, 5000, 1 << 20, 9 << 20]

    def step() -> None:
        held = [_ext.Buffer(n) for n in sizes]
        assert len(held) == len(sizes)
    step()
    before = _ext.memory_use()["requests"]
    for _ in range(50):
        step()
    assert _ext.memory_use()["requests"] == before


def test_use_is_counted_and_idle_memory_goes_back():
    gc.collect()
    before = _ext.memory_use()["in_use"]
    buffer = _ext.Buffer(1 << 22)
    held = _ext.memory_use()
    assert (1 << 22) <= held["in_use"] - before <= (1 << 22) * 9 // 8 and held["peak"] >= held["in_use"]
    del buffer
    assert _ext.memory_use()["in_use"] == before and _ext.memory_use()["idle"] >= 1 << 22
    _ext.trim_memory()
    assert _ext.memory_use()["idle"] == 0


def test_no_room_is_a_typed_error():
    with pytest.raises(DeviceMemoryError, match="no room for 1125899906842624 bytes"):
        _ext.Buffer(1 << 50)
    with pytest.raises(DeviceMemoryError):
        _ext.Buffer((1 << 63) - 1)
    with pytest.raises(ValueError, match="nbytes is -1"):
        _ext.Buffer(-1)


def test_peaks_start_again():
    gc.collect()
    buffer = _ext.Buffer(1 << 22)
    del buffer
    _ext.reset_memory_peaks(True, False)
    use = _ext.memory_use()
    assert use["peak"] == use["in_use"] and use["held"] >= use["in_use"] + use["idle"]
    _ext.trim_memory()
    _ext.reset_memory_peaks(False, True)
    assert _ext.memory_use()["held"] == _ext.memory_use()["in_use"]


def test_the_limit_holds_and_idle_memory_makes_room():
    gc.collect()
    _ext.trim_memory()
    use = _ext.memory_use()
    try:
        _ext.limit_memory(use["in_use"] + (1 << 22))
        with pytest.raises(DeviceMemoryError, match="no room for 8388608 bytes"):
            _ext.Buffer(1 << 23)
        small = _ext.Buffer(3 << 20)
        del small
        large = _ext.Buffer(1 << 22)
        assert _ext.memory_use()["in_use"] == use["in_use"] + (1 << 22) and _ext.memory_use()["idle"] == 0
        del large
    finally:
        _ext.limit_memory((1 << 64) - 1)


def test_the_device_tells_its_memory_and_what_it_is():
    device = manager.device("cpu")
    x = Tensor(np.ones(1 << 20, np.float32))
    with use_backend("cpu"):
        before = runtime.memory_allocated()
        y = x + 1
        runtime.synchronize()
        assert runtime.memory_allocated() - before >= 1 << 22 and y.shape == x.shape
        assert runtime.max_memory_allocated() >= runtime.memory_allocated()
        assert runtime.memory_stats()["max_reserved_memory"] >= runtime.memory_reserved()
        runtime.empty_cache()
        assert runtime.memory_stats()["total_idle_memory"] == 0
        runtime.reset_peak_memory_stats()
        assert runtime.max_memory_allocated() == runtime.memory_allocated()
    assert device.properties()["total_memory"] > 1 << 28 and device.properties()["name"]


def test_threads_are_a_setting_of_the_device():
    device = manager.device("cpu")
    before = device.threads
    try:
        assert device.set_option("threads_num", 1) and device.threads == 1
        assert not device.set_option("no_such_setting", 1)
    finally:
        device.threads = before


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, ml_dtypes.bfloat16, np.complex128])
@pytest.mark.parametrize("shape", [(), (0, 3), (3, 5), (700, 1501)])
def test_arrays_go_to_buffers_and_back(dtype, shape):
    """Small ones, and such that several threads copy."""
    allocator = CPUAllocator()
    array = np.asarray(np.random.default_rng(0).integers(0, 2, shape)).astype(dtype)
    buffer, other = allocator.allocate(array.nbytes), allocator.allocate(array.nbytes)
    allocator.copy_from_host(buffer, array)
    allocator.copy(other, buffer, array.nbytes)
    back = np.empty_like(array)
    allocator.copy_to_host(other, back)
    np.testing.assert_array_equal(back, array)


def test_only_runs_of_bytes_of_one_length_are_copied():
    run = np.zeros(8, np.uint8)
    for target, source in ((run, run[:4]), (run[::2], run[:4]), (run[:4].view(np.float32), run[:1]),
                           (run.reshape(2, 4), run)):
        with pytest.raises(ValueError, match="one length"):
            _ext.copy(target, source)
