"""The header-only C++ kit: over a device of its own, and through kernels of other packages."""
from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from buffers import to_buffer, view

import mindspore
from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.pipeline import make_plan
from mindspore_cpu import _ext
from mindspore_cpu.kernels import KERNELS
from mindspore_cpu.lowering import FallbackCounter, build_executable

KIT = Path(__file__).parent / "kit"
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ is installed")
WARNINGS = ["-Wall", "-Wextra", "-Werror", f"-I{mindspore.get_include()}"]


@needs_compiler
@pytest.mark.parametrize("name", ["check_kit", "stress_kit"])
def test_an_executor_over_another_device(tmp_path, name):
    """Both are run under sanitizers, too, by tools/sanitize.py."""
    program = tmp_path / name
    subprocess.run(["g++", "-std=c++17", "-O1", *WARNINGS, "-pthread", str(KIT / f"{name}.cpp"), "-o", str(program)],
                   check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def c_kernel(tmp_path):
    """A capsule of the kernel in kit/add_one.c, and the library that must stay loaded."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc is installed")
    library = tmp_path / "add_one.so"
    subprocess.run(["gcc", "-std=c99", *WARNINGS, "-shared", "-fPIC", str(KIT / "add_one.c"), "-o", str(library)],
                   check=True)
    loaded = ctypes.CDLL(str(library))
    make = ctypes.pythonapi.PyCapsule_New
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    address = ctypes.addressof(ctypes.c_char.in_dll(loaded, "add_one"))
    return make(address, b"mindspore.kernel.1", None), loaded


def test_a_kernel_in_c(c_kernel):
    x, out = np.arange(4, dtype=np.float32), _ext.Buffer(16)
    _ext.Kernel(c_kernel[0])([to_buffer(x)], [out])
    np.testing.assert_array_equal(view(out, x), x + 1)


def running_sum():
    """A graph of one operator that a contributed kernel will serve."""
    b = Builder("foreign")
    return b.finish([b.cumsum(b.parameter(tensor_aval((4,), float32)), axis=0)])


def run_with(builder, device) -> np.ndarray:
    made = build_executable(make_plan(running_sum(), device), {**KERNELS, "cumsum": builder}, FallbackCounter())
    x = np.arange(4, dtype=np.float32)
    return np.array(view(made.run([to_buffer(x)])[0], x))


def test_contributed_kernels_run_in_the_executor(device, c_kernel):
    """As capsules, as objects that have one, and as Python functions."""
    def in_python(ins, outs):
        np.ndarray(4, np.float32, outs[0])[...] = np.ndarray(4, np.float32, ins[0]) * 3

    class WithCapsule:
        def capsule(self):
            return c_kernel[0]

    x = np.arange(4, dtype=np.float32)
    np.testing.assert_array_equal(run_with(lambda spec: c_kernel[0], device), x + 1)
    np.testing.assert_array_equal(run_with(lambda spec: WithCapsule(), device), x + 1)
    np.testing.assert_array_equal(run_with(lambda spec: in_python, device), x * 3)


def test_a_builder_that_declines_leaves_the_host(device):
    made = build_executable(make_plan(running_sum(), device), {**KERNELS, "cumsum": lambda spec: None},
                            counter := FallbackCounter())
    x = np.arange(4, dtype=np.float32)
    np.testing.assert_array_equal(view(made.run([to_buffer(x)])[0], x), np.cumsum(x))
    assert counter.count == 1
