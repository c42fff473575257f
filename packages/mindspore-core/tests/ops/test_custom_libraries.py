"""`ops.Custom` with functions of C++ files and shared libraries."""
from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, ops

SOURCE = """
#include <cstdint>
#include <cstring>
extern "C" int scaled_sum(int nparam, void **params, int *ndims, int64_t **shapes, const char **dtypes, void *stream,
                          void *extra) {
    if (nparam != 3) return 1;
    for (int k = 0; k < nparam; ++k)
        if (std::strcmp(dtypes[k], "float32")) return 2;
    int64_t count = 1;
    for (int axis = 0; axis < ndims[2]; ++axis) count *= shapes[2][axis];
    auto *x = (float *)params[0], *y = (float *)params[1], *z = (float *)params[2];
    for (int64_t i = 0; i < count; ++i) z[i] = 2 * x[i] + y[i];
    return 0;
}
"""
needs_compiler = pytest.mark.skipif(
    not (os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")), reason="there is no C++ compiler")


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "sums.cc"
    file.write_text(SOURCE)
    return file


@pytest.mark.parametrize("compiled", [False, True])
@needs_compiler
def test_a_function_of_a_file_is_an_operator_with_the_derivative_that_is_given(source, compiled):
    operator = ops.Custom(f"{source}:scaled_sum", lambda x, y: x, lambda x, y: x, "aot",
                          bprop=lambda x, y, out, dout: (2 * dout, dout))
    function = jit(operator, fullgraph=True) if compiled else operator
    for shape in ((2, 3), (4,), ()):
        x, y = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
        np.testing.assert_allclose(function(Tensor(x), Tensor(y)).asnumpy(), 2 * x + y, rtol=1e-6)
    dx, dy = ms.grad(lambda x, y: (function(x, y) ** 2).sum(), (0, 1))(Tensor([1.0, 2.0]), Tensor([0.5, 0.0]))
    np.testing.assert_allclose(dx.asnumpy(), [10, 16])
    np.testing.assert_allclose(dy.asnumpy(), [5, 8])


@needs_compiler
def test_errors_of_the_function_the_compiler_and_the_loader(source, tmp_path):
    operator = ops.Custom(f"{source}:scaled_sum", (2,), ms.float64, "aot")
    with pytest.raises(RuntimeError, match="scaled_sum returned 2"):
        operator(Tensor([1.0, 2.0]), Tensor([1.0, 2.0])).asnumpy()
    with pytest.raises(RuntimeError, match="has no function 'other'; in C\\+\\+ it must be declared extern"):
        ops.Custom(f"{source}:other", (2,), ms.float32, "aot")
    (tmp_path / "wrong.cpp").write_text("int main( {")
    with pytest.raises(RuntimeError, match="(?s)wrong.cpp cannot be compiled.*error"):
        ops.Custom(f"{tmp_path / 'wrong.cpp'}:main", (2,), ms.float32, "aot")
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(RuntimeError, match="cannot be loaded as a shared library"):
        ops.Custom(f"{tmp_path / 'text.so'}:f", (2,), ms.float32, "aot")


def test_places_that_are_refused(source, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="expected 'path:name'"):
        ops.Custom("sums.cc", (2,), ms.float32, "aot")
    with pytest.raises(FileNotFoundError, match="there is no file 'missing.so'"):
        ops.Custom("missing.so:f", (2,), ms.float32, "aot")
    with pytest.raises(ValueError, match="is a CUDA file"):
        ops.Custom("kernel.cu:f", (2,), ms.float32, "aot")
    monkeypatch.setenv("MS_CUSTOM_AOT_WHITE_LIST", str(tmp_path / "elsewhere"))
    with pytest.raises(ValueError, match="is not below a folder of MS_CUSTOM_AOT_WHITE_LIST"):
        ops.Custom(f"{source}:scaled_sum", (2,), ms.float32, "aot")
