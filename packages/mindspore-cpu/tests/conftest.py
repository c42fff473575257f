"""Shared by the tests of the CPU device: the device, and running one kernel on arrays."""
from __future__ import annotations

import os

import numpy as np
import pytest
from buffers import to_buffer

from mindspore.plugin import manager
from mindspore_cpu import _ext

os.environ.setdefault("MS_CPU_CACHE", "0")  # tests neither write nor read the user's machine code


@pytest.fixture(scope="session")
def device():
    """The opened CPU device."""
    return manager.device("cpu")


@pytest.fixture
def run_kernel():
    """run_kernel(kernel, inputs, shape, dtype): the kernel's result; memory that it must not read or leave unwritten is
    filled with NaN."""
    def run(kernel, inputs, shape, dtype):
        out = _ext.Buffer(int(np.prod(shape)) * np.dtype(dtype).itemsize)
        np.ndarray(out.nbytes, np.uint8, out)[...] = 0xff
        kernel([to_buffer(a) for a in inputs], [out])
        return np.array(np.ndarray(shape, dtype, out))
    return run


@pytest.fixture(params=[1, 2, 3])
def thread_count(request):
    """Every test that uses it runs with one, two and three threads."""
    before = _ext.threads()
    _ext.set_threads(request.param)
    yield request.param
    _ext.set_threads(before)
