"""Device memory: what goes in comes out, buffers keep to themselves, and no room is a typed error.

Buffers are opaque, so everything is seen through copies; where the host sees the memory (`host_memory`) addresses are
looked at, too. Every element type makes the round trip whether kernels take it or not: values wait in device memory for
operators that run on the host.
"""
from __future__ import annotations

import gc

import numpy as np
import pytest

from mindspore.common.dtype import DType, float32, uint8
from mindspore.plugin import DeviceMemoryError

SIZES = (1, 63, 64, 65, 4095, 4096, 4097, (1 << 20) + 1)
SHAPES = ((), (1,), (0,), (3, 0, 2), (7,), (3, 5), (2, 3, 4, 5), (257, 33))
LAYOUTS = {
    "transposed": lambda a: np.ascontiguousarray(a.T),
    "unaligned": lambda a: _unaligned(a),
    "read-only": lambda a: _read_only(a),
    "part of another": lambda a: np.stack([a, a])[1],
}


def _unaligned(array: np.ndarray) -> np.ndarray:
    """The same bytes at an address that is one more than a multiple of 16."""
    room = np.empty(array.nbytes + 32, np.uint8)
    start = (1 - room.ctypes.data) % 16
    bytes_ = room[start:start + array.nbytes]
    bytes_[:] = array.reshape(-1).view(np.uint8)
    return bytes_


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def pattern(nbytes: int, seed: int = 0) -> np.ndarray:
    """Random bytes."""
    return np.random.default_rng(seed).integers(0, 256, nbytes, np.uint8)


def put(device, array: np.ndarray):
    """A buffer that was given these bytes; not yet waited for."""
    buffer = device.allocator.allocate(array.nbytes)
    device.allocator.copy_from_host(buffer, array)
    return buffer


def get(device, buffer, nbytes: int) -> np.ndarray:
    """The first bytes of a buffer."""
    array = np.full(nbytes, 0xEE, np.uint8)
    device.allocator.copy_to_host(buffer, array)
    return array


def differ(got: np.ndarray, want: np.ndarray) -> str | None:
    """What is wrong with bytes; None where they are equal."""
    wrong = np.flatnonzero(got != want)
    return None if not wrong.size else f"{wrong.size} of {want.size} bytes differ, first at {wrong[0]}: got " \
                                       f"{got[wrong[0]]}, expected {want[wrong[0]]}"


@pytest.mark.parametrize("dtype", [t.key for t in DType._all])
def test_all_bits_of_every_type_come_back(device, tally, dtype):
    kind = DType._by_key[dtype]
    for number, shape in enumerate(SHAPES):
        nbytes = int(np.prod(shape)) * kind.itemsize
        bits = pattern(nbytes, number) & 1 if kind.kind == "b" else pattern(nbytes, number)
        given, back = bits.view(kind.np).reshape(shape), np.empty(shape, kind.np)
        buffer = put(device, given)
        device.allocator.synchronize()
        device.allocator.copy_to_host(buffer, back)
        problem = differ(back.reshape(-1).view(np.uint8), bits)
        tally.check(problem and f"{dtype}{list(shape)}: {problem}")


@pytest.mark.parametrize("nbytes", SIZES)
def test_sizes_around_the_alignment(device, tally, nbytes):
    bits = pattern(nbytes)
    tally.check(differ(get(device, put(device, bits), nbytes), bits))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_host_arrays_of_any_kind(device, tally, layout):
    array = LAYOUTS[layout](pattern(35 * 4).view(np.float32).reshape(5, 7))
    buffer = put(device, array)
    device.allocator.synchronize()
    want = array.reshape(-1).view(np.uint8)
    tally.check(differ(get(device, buffer, array.nbytes), want))
    into = _unaligned(np.zeros(array.nbytes, np.uint8))
    device.allocator.copy_to_host(buffer, into)
    tally.check(differ(into, want))


def test_a_large_block(device, requirements, tally):
    bits = pattern(requirements.large_bytes)
    buffer = put(device, bits)
    other = device.allocator.allocate(bits.nbytes)
    device.allocator.copy(other, buffer, bits.nbytes)
    del buffer
    tally.check(differ(get(device, other, bits.nbytes), bits))


def test_nothing_is_copied_where_nothing_is(device, tally):
    empty = np.empty(0, np.uint8)
    buffer, other = put(device, empty), put(device, empty)
    device.allocator.copy(other, buffer, 0)
    full = put(device, pattern(16))
    device.allocator.copy(full, buffer, 0)
    device.allocator.copy_from_host(full, empty)
    device.allocator.synchronize()
    tally.check(differ(get(device, full, 16), pattern(16)))
    device.allocator.copy_to_host(buffer, empty)


def test_a_shorter_array_leaves_the_rest(device, tally):
    buffer, whole = put(device, pattern(1000, 1)), pattern(1000, 1)
    whole[:333] = pattern(333, 2)
    device.allocator.copy_from_host(buffer, pattern(333, 2))
    tally.check(differ(get(device, buffer, 1000), whole))
    other = put(device, pattern(1000, 3))
    device.allocator.copy(other, buffer, 77)
    tally.check(differ(get(device, other, 1000), np.concatenate([whole[:77], pattern(1000, 3)[77:]])))


def test_buffers_in_use_do_not_overlap(device, tally):
    sizes = np.random.default_rng(0).integers(1, 5000, 120)
    held = {n: put(device, pattern(int(size), n)) for n, size in enumerate(sizes)}
    for n in range(0, 120, 3):
        del held[n]
    held |= {n: put(device, pattern(int(size), n)) for n, size in enumerate(sizes, 1000)}
    for n, buffer in held.items():
        size = int(sizes[n % 1000])
        problem = differ(get(device, buffer, size), pattern(size, n))
        tally.check(problem and f"buffer {n}: {problem}")


def test_the_array_may_change_after_synchronize(device, tally):
    array = pattern(100_000)
    buffer = put(device, array)
    device.allocator.synchronize()
    array[:] = 0
    tally.check(differ(get(device, buffer, array.nbytes), pattern(100_000)))


def test_copies_happen_in_order(device, tally):
    a, b = put(device, pattern(50_000, 1)), put(device, pattern(50_000, 2))
    c = device.allocator.allocate(50_000)
    device.allocator.copy(c, a, 50_000)
    device.allocator.copy(a, b, 50_000)
    device.allocator.copy(b, c, 50_000)
    third = pattern(50_000, 3)
    device.allocator.copy_from_host(c, third)
    for buffer, seed in ((a, 2), (b, 1), (c, 3)):
        tally.check(differ(get(device, buffer, 50_000), pattern(50_000, seed)))


def test_a_freed_buffer_lives_until_its_work_is_done(device, tally):
    """Buffers that the program lets go of while copies of them wait, and others that may take their place."""
    targets = []
    for seed in range(40):
        source, target = put(device, _held[seed]), device.allocator.allocate(20_000)
        device.allocator.copy(target, source, 20_000)
        del source
        targets.append((target, put(device, _held[seed + 1])))
    for seed, (target, _) in enumerate(targets):
        problem = differ(get(device, target, 20_000), _held[seed])
        tally.check(problem and f"copy {seed}: {problem}")


_held = [pattern(20_000, seed) for seed in range(41)]


def test_the_host_sees_aligned_memory(device, requirements, tally):
    if not device.capabilities.host_memory:
        pytest.skip("the host does not see the device's memory")
    held = [device.allocator.allocate(n) for n in (*SIZES, 4, 24, 1000) for _ in range(3)]
    for buffer in held:
        address = device.as_numpy(buffer, uint8, (1,)).ctypes.data
        tally.check(None if address % requirements.alignment == 0 else
                    f"a buffer begins at {address:#x}, expected a multiple of {requirements.alignment}")


def test_a_view_is_the_memory_and_keeps_it(device, tally):
    if not device.capabilities.host_memory:
        pytest.skip("the host does not see the device's memory")
    bits = pattern(4096)
    buffer = put(device, bits)
    device.allocator.synchronize()
    seen = device.as_numpy(buffer, float32, (32, 32))
    tally.check(None if seen.shape == (32, 32) and seen.dtype == np.float32 else f"a view is {seen.dtype}{seen.shape}")
    tally.check(differ(seen.reshape(-1).view(np.uint8), bits))
    device.allocator.copy_from_host(buffer, pattern(4096, 1))
    device.allocator.synchronize()
    tally.check(differ(seen.reshape(-1).view(np.uint8), pattern(4096, 1)))
    del buffer
    gc.collect()
    others = [put(device, pattern(4096, seed)) for seed in range(2, 30)]
    tally.check(differ(seen.reshape(-1).view(np.uint8), pattern(4096, 1)))
    del others


def refusal(device, nbytes: int) -> str | None:
    """What is wrong with the answer to a request that no device can meet."""
    try:
        device.allocator.allocate(nbytes)
    except DeviceMemoryError as error:
        return None if str(nbytes) in str(error) else f"the message does not say how much was asked for: {error}"
    except Exception as error:
        return f"{nbytes} bytes were refused with {type(error).__name__}: {error}; expected a DeviceMemoryError"
    return f"{nbytes} bytes were not refused"


def test_no_room_is_a_typed_error_and_harmless(device, requirements, tally):
    if not requirements.impossible_bytes:
        pytest.skip("the requirements say that requests are not refused")
    held = put(device, pattern(5000))
    for nbytes in (*[requirements.impossible_bytes] * 3, 1 << 62, (1 << 63) - 1):
        tally.check(refusal(device, nbytes))
    tally.check(differ(get(device, held, 5000), pattern(5000)))
    tally.check(differ(get(device, put(device, pattern(7000, 1)), 7000), pattern(7000, 1)))


def _statistics(device):
    if not hasattr(device, "memory_statistics"):
        pytest.skip("the device keeps no statistics")
    gc.collect()
    device.allocator.synchronize()
    return device.memory_statistics()


def test_statistics_follow_buffers(device, tally):
    before, nbytes = _statistics(device), 1 << 21
    held = [put(device, pattern(nbytes, seed)) for seed in range(2)]
    during = _statistics(device)
    tally.check(None if during["allocated"] - before["allocated"] >= 2 * nbytes else
                f"two buffers of {nbytes} bytes changed `allocated` from {before} to {during}")
    tally.check(None if during["reserved"] >= during["allocated"] else f"less reserved than allocated: {during}")
    tally.check(None if during["allocated_peak"] >= during["allocated"] else f"the peak is lower: {during}")
    del held
    after = _statistics(device)
    tally.check(None if after["allocated"] == before["allocated"] else
                f"`allocated` was {before['allocated']} before and is {after['allocated']} after the buffers went")
    tally.check(None if after["allocated_peak"] >= during["allocated"] else f"the peak went down: {after}")


def test_peaks_start_again(device, tally):
    _statistics(device)
    if not hasattr(device, "reset_memory_peaks"):
        pytest.skip("peaks cannot be started again")
    held = put(device, pattern(1 << 21))
    del held
    _statistics(device)
    device.reset_memory_peaks(True, True)
    now = device.memory_statistics()
    tally.check(None if now["allocated_peak"] == now["allocated"] else f"the peak of `allocated` stays: {now}")


def test_idle_memory_goes_back(device, tally):
    _statistics(device)
    if not hasattr(device, "release_idle_memory"):
        pytest.skip("the device cannot give idle memory back")
    held = put(device, pattern(1 << 21))
    before = _statistics(device)
    del held
    _statistics(device)
    device.release_idle_memory()
    after = device.memory_statistics()
    tally.check(None if before["reserved"] - after["reserved"] >= 1 << 21 else
                f"a buffer of {1 << 21} bytes went, and `reserved` from {before['reserved']} to {after['reserved']}")


def test_a_limit_holds_and_can_be_raised(device, tally):
    used = _statistics(device)
    if not hasattr(device, "limit_memory"):
        pytest.skip("memory cannot be limited")
    try:
        device.limit_memory(used["reserved"] + (1 << 20))
        with pytest.raises(DeviceMemoryError):
            device.allocator.allocate(used["reserved"] + (4 << 20))
        tally.check(differ(get(device, put(device, pattern(1000)), 1000), pattern(1000)))
    finally:
        device.limit_memory((1 << 63) - 1)
    tally.check(differ(get(device, put(device, pattern(4 << 20)), 4 << 20), pattern(4 << 20)))
