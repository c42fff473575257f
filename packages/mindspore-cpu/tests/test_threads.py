"""Threads, and processes that are forked after threads were used."""
from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from buffers import to_buffer

from mindspore_cpu import _ext

SHAPE = (8, 16, 30, 30), (32, 16, 3, 3), (28, 28)


def large_kernels() -> list:
    """One kernel of each family, large enough for several threads."""
    image, weights, output = SHAPE
    conv = _ext.conv("forward", "float32", image, weights, output, (1, 1), (0,) * 4, (1, 1), 1, implementation="onednn")
    return [(_ext.matmul("float32", (300, 200), (200, 250), False, False, implementation="own"), (300, 200), (200, 250),
             (300, 250)),
            (_ext.matmul("float32", (300, 200), (200, 250), False, False, implementation="onednn"), (300, 200),
             (200, 250), (300, 250)),
            (conv, image, weights, (8, 32, 28, 28))]


def results(kernels: list) -> list[np.ndarray]:
    rng, found = np.random.default_rng(0), []
    for kernel, first, second, out in kernels:
        a, b = (rng.normal(size=s).astype(np.float32) for s in (first, second))
        buffer = _ext.Buffer(int(np.prod(out)) * 4)
        kernel([to_buffer(a), to_buffer(b)], [buffer])
        found.append(np.array(np.ndarray(out, np.float32, buffer)))
    return found


def test_a_forked_child_runs_on_one_thread(thread_count):
    """Kernels that were built and run with several threads before the fork work in the child, without hanging."""
    kernels = large_kernels()
    want = results(kernels)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            same = all(np.allclose(g, w, rtol=1e-4, atol=1e-4) for g, w in zip(results(kernels), want))
            code = 0 if same and _ext.threads() == 1 and _ext.forked() else 2
        finally:
            os._exit(code)
    timer = threading.Timer(60, os.kill, (child, 9))
    timer.start()
    _, status = os.waitpid(child, 0)
    timer.cancel()
    assert os.waitstatus_to_exitcode(status) == 0
    assert not _ext.forked()


def test_the_number_of_threads_may_change_after_kernels_were_built():
    before = _ext.threads()
    try:
        _ext.set_threads(2)
        kernels = large_kernels()
        want = results(kernels)
        for count in (1, 3, 2):
            _ext.set_threads(count)
            for got, expected in zip(results(kernels), want):
                np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
    finally:
        _ext.set_threads(before)


@pytest.mark.parametrize("count", [1, 3])
def test_omp_num_threads_is_honoured(count):
    code = "from mindspore_cpu import _ext; print(_ext.threads())"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": str(count)},
                          capture_output=True, text=True, check=True)
    assert int(done.stdout) <= count and (count != 1 or int(done.stdout) == 1)


def test_wrong_counts():
    with pytest.raises(ValueError, match="got 0, expected at least 1"):
        _ext.set_threads(0)


def test_lower_instruction_sets_give_the_same_numbers():
    """The tests of kernels pass with every instruction set that the processor has."""
    here = os.path.dirname(__file__)
    for level in ("generic", "avx2"):
        code = "from mindspore_cpu import _ext; print(_ext.isa())"
        env = {**os.environ, "MS_CPU_ISA": level}
        got = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        if got.strip() != level:
            continue
        names = ("along_axis", "attention", "matmul", "pool", "conv")
        files = [os.path.join(here, f"test_{name}.py") for name in names]
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files], env=env,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:]
