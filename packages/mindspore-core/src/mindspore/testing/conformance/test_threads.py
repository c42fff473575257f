"""A device that several threads use at once, and processes that fork.

After a fork the parent goes on as before. What a child may do is a property of the requirements (`fork`).
"""
from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mindspore import Tensor, ops
from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore.compiler.pipeline import clear_cache, compile_graph, run_graph
from mindspore.runtime.device import use_backend
from mindspore.runtime.transfer import download, upload

AVAL = tensor_aval((40, 30), float32)
ROUNDS, PATIENCE = 12, 60


def numbers(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, AVAL.shape).astype(np.float32)


def program(factor: float) -> Graph:
    """exp(x) * factor + x."""
    b = Builder("program")
    x = b.parameter(AVAL)
    return b.finish([b.add(b.mul(b.exp(x), factor), x)])


def right(got: np.ndarray, seed: int, factor: float) -> bool:
    x = numbers(seed)
    return np.allclose(got, np.exp(x) * np.float32(factor) + x, rtol=1e-5, atol=1e-6)


def in_threads(requirements, tally, work: Callable[[int], int], what: str) -> None:
    """`work(thread)` gives the number of wrong results; all threads begin together."""
    if requirements.threads < 2:
        pytest.skip("the requirements say: one thread")
    begin = threading.Barrier(requirements.threads)

    def started(number: int) -> int:
        begin.wait()
        return work(number)

    with ThreadPoolExecutor(requirements.threads) as pool:
        wrong = list(pool.map(started, range(requirements.threads)))
    for number, count in enumerate(wrong):
        tally.check(f"thread {number}: {count} of {ROUNDS} {what} are wrong" if count else None)


def test_one_executable_in_several_threads(device, requirements, tally):
    run = compile_graph(program(2.0), device).run

    def work(thread: int) -> int:
        wrong = 0
        for seed in range(thread * 100, thread * 100 + ROUNDS):
            (out,) = run([upload(device.allocator, numbers(seed))])
            wrong += not right(download(device.allocator, out, AVAL), seed, 2.0)
        return wrong

    in_threads(requirements, tally, work, "results")


def test_compiling_in_several_threads(device, requirements, tally):
    clear_cache()

    def work(thread: int) -> int:
        return sum(not right(run_graph(program(factor), [numbers(thread)], device)[0], thread, factor)
                   for factor in np.arange(ROUNDS) % 4 + 1.0)

    in_threads(requirements, tally, work, "results")


def test_memory_in_several_threads(device, requirements, tally):
    def work(thread: int) -> int:
        wrong, held = 0, {}
        for seed in range(ROUNDS):
            array = np.random.default_rng(1000 * thread + seed).integers(0, 256, 3000 + 977 * seed, np.uint8)
            held[seed] = upload(device.allocator, array), array
            if seed > 3:
                buffer, array = held.pop(seed - 4)
                back = np.empty_like(array)
                device.allocator.copy_to_host(buffer, back)
                wrong += not np.array_equal(back, array)
        return wrong

    in_threads(requirements, tally, work, "buffers")


def test_a_value_of_another_thread(backend_name, tally):
    with use_backend(backend_name):
        made: list[Tensor] = []
        thread = threading.Thread(target=lambda: made.append(ops.exp(Tensor(numbers(1))) * 2))
        thread.start()
        thread.join()
        got = (made[0] + Tensor(numbers(1))).asnumpy()
    tally.check(None if right(got, 1, 2.0) else "a tensor that another thread recorded is wrong")


def forked(work: Callable[[], bool]) -> int:
    """The exit code of a forked child: 0 where `work()` is true, 1 where it is false, 2 where it raises, -9 where it
    did not end in time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks where there are threads
        child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 0 if work() else 1
        finally:
            os._exit(code)
    timer = threading.Timer(PATIENCE, os.kill, (child, signal.SIGKILL))
    timer.start()
    _, status = os.waitpid(child, 0)
    timer.cancel()
    return os.waitstatus_to_exitcode(status)


def test_forks(device, requirements, tally):
    if requirements.fork == "none" or not hasattr(os, "fork"):
        pytest.skip("nobody forks here")
    graph, held = program(3.0), upload(device.allocator, numbers(4))

    def child() -> bool:
        """What was on the device is there, and the device computes."""
        if requirements.fork != "child":
            return True
        there = np.array_equal(download(device.allocator, held, AVAL), numbers(4))
        return there and right(run_graph(graph, [numbers(2)], device)[0], 2, 3.0)

    before = right(run_graph(graph, [numbers(1)], device)[0], 1, 3.0)
    tally.check(None if before else "wrong before the fork")
    code = forked(child)
    tally.check(None if code == 0 else f"the child ended with {code}")
    after = right(run_graph(graph, [numbers(3)], device)[0], 3, 3.0)
    tally.check(None if after else "wrong in the parent after the fork")
