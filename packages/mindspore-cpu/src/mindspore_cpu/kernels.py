"""The kernel table: for each primitive that code generation does not serve, the call of a kernel factory.

A builder gets a `KernelSpec` (one primitive at fixed shapes, dtypes and attributes) and returns a `_ext.Kernel`, which
core's Python executor may call and the C++ executor runs. `supports` says beforehand which dtypes a builder takes.
"""
from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from mindspore.plugin import KernelSpec
from mindspore_cpu import _ext
from mindspore_cpu.blocked import PREFIX, block_of, conv_problem, plain_shape

KERNELS: dict[str, Callable[[KernelSpec], _ext.Kernel | None]] = {}
_KINDS: dict[str, str] = {}
_FITS: dict[str, Callable[[KernelSpec], bool]] = {}


def kernel(*names: str, kinds: str, fits: Callable[[KernelSpec], bool] | None = None):
    """Register a builder for primitives; `kinds` are the dtype kinds of the first operand that it takes, `fits` says
    whether it takes a spec of these, if it does not take all."""
    def enter(build):
        for name in names:
            KERNELS[name] = build
            _KINDS[name] = kinds
            if fits is not None:
                _FITS[name] = fits
        return build
    return enter


def supports(spec: KernelSpec) -> bool:
    """Whether the table has a kernel for `spec`; of kernels from elsewhere nothing is known, so yes."""
    kinds, fits = _KINDS.get(spec.name), _FITS.get(spec.name)
    return kinds is None or (spec.ins[0].dtype.kind in kinds and (fits is None or fits(spec)))


def _conv_problem(spec: KernelSpec) -> tuple[str, tuple, tuple]:
    return conv_problem(spec.name, *[a.shape for a in (*spec.ins, *spec.outs)], spec.attrs.get("kernels", ""))


def _supports_blocks(spec: KernelSpec) -> bool:
    """Whether there is a kernel for these blocks."""
    attrs = spec.attrs
    if spec.name.startswith(f"{PREFIX}conv2d"):
        if spec.name.endswith("weight_grad") and attrs["block"]:  # kernels in blocks
            return False
        kind, shapes, blocks = _conv_problem(spec)
        return _ext.has_blocked_conv(kind, spec.ins[0].dtype.key, *shapes, attrs["stride"], attrs["padding"],
                                     attrs["dilation"], attrs["groups"], blocks, attrs.get("kernels", ""))
    blocks, lanes = {block_of(a.shape) for a in (*spec.ins, *spec.outs)}, {"avx512": 16, "avx2": 8}.get(_ext.isa(), 0)
    if not lanes or len(blocks) != 1 or spec.ins[0].dtype.key == "float64":
        return False
    block = blocks.pop()
    return block > 0 and (block % lanes == 0 or (block == 8 and spec.ins[0].dtype.key == "float32"))


@kernel("matmul", kinds="iuf")
def _matmul(spec: KernelSpec):
    a, b = spec.ins
    return _ext.matmul(a.dtype.key, a.shape, b.shape, spec.attrs["transpose_a"], spec.attrs["transpose_b"])


def conv_kernel(kind: str, dtype: str, image: tuple, weights: tuple, output: tuple, attrs: dict, *, bias: bool = False,
                relu: bool = False) -> _ext.Kernel | None:
    """A convolution (see `_ext.conv`). image, weights: whole shapes; output: its spatial sizes."""
    return _ext.conv(kind, dtype, image, weights, output, attrs["stride"], attrs["padding"], attrs["dilation"],
                     attrs["groups"], bias, relu)


@kernel("conv2d", kinds="f")
def _conv2d(spec: KernelSpec):
    x, w = spec.ins
    return conv_kernel("forward", x.dtype.key, x.shape, w.shape, spec.outs[0].shape[2:], spec.attrs)


@kernel("conv2d_input_grad", kinds="f")
def _conv2d_input_grad(spec: KernelSpec):
    dy, w = spec.ins
    return conv_kernel("input_grad", dy.dtype.key, spec.outs[0].shape, w.shape, dy.shape[2:], spec.attrs)


@kernel("conv2d_weight_grad", kinds="f")
def _conv2d_weight_grad(spec: KernelSpec):
    x, dy = spec.ins
    return conv_kernel("weight_grad", x.dtype.key, x.shape, spec.outs[0].shape, dy.shape[2:], spec.attrs)


def pool_kernel(kind: str, dtype: str, image: tuple, output: tuple, attrs: dict, *,
                positive: bool = False) -> _ext.Kernel | None:
    """Pooling, or a derivative of it (see `_ext.pool`). image, output: whole shapes, both plain or both in blocks."""
    return _ext.pool(kind, dtype, plain_shape(image), plain_shape(output)[2:], attrs["kernel"], attrs["stride"],
                     attrs["padding"], attrs.get("dilation", (1, 1)), attrs.get("count_include_pad", False), positive,
                     block_of(image))


def blocked_conv_kernel(kind: str, dtype: str, shapes: tuple, blocks: tuple, attrs: dict, *, bias: bool = False,
                        relu: bool = False) -> _ext.Kernel | None:
    """A convolution on blocks (see `_ext.blocked_conv`). shapes: of image and kernels, and the output's spatial
    sizes."""
    return _ext.blocked_conv(kind, dtype, *shapes, attrs["stride"], attrs["padding"], attrs["dilation"],
                             attrs["groups"], bias, relu, blocks, attrs.get("kernels", ""))


@kernel("blocked_conv2d", "blocked_conv2d_input_grad", "blocked_conv2d_weight_grad", kinds="f", fits=_supports_blocks)
def _blocked_conv(spec: KernelSpec):
    kind, shapes, blocks = _conv_problem(spec)
    return blocked_conv_kernel(kind, spec.ins[0].dtype.key, shapes, blocks, spec.attrs)


@kernel("blocked_max_pool2d", "blocked_max_pool2d_grad", kinds="f", fits=_supports_blocks)
@kernel("max_pool2d", "max_pool2d_grad", "max_pool2d_pick", "max_pool2d_index", kinds="f")
def _max_pool(spec: KernelSpec):
    kind = spec.name.removeprefix(PREFIX).replace("max_pool2d", "max")
    x, y = spec.ins[0], (*spec.ins, *spec.outs)[1]
    return pool_kernel(kind, x.dtype.key, x.shape, y.shape, spec.attrs)


@kernel("blocked_avg_pool2d", kinds="f", fits=_supports_blocks)
@kernel("avg_pool2d", kinds="f")
def _avg_pool(spec: KernelSpec):
    x, y = spec.ins[0], spec.outs[0]
    return pool_kernel("mean", x.dtype.key, x.shape, y.shape, spec.attrs)


@kernel("blocked_avg_pool2d_grad", kinds="f", fits=_supports_blocks)
@kernel("avg_pool2d_grad", kinds="f")
def _avg_pool_grad(spec: KernelSpec):
    dy, dx = spec.ins[0], spec.outs[0]
    return pool_kernel("mean_grad", dy.dtype.key, dx.shape, dy.shape, spec.attrs)


@kernel("conv3d", "conv3d_input_grad", "conv3d_weight_grad", kinds="f")
def _conv3d(spec: KernelSpec):
    kind, shapes, _ = _conv_problem(spec)
    attrs = spec.attrs
    return _ext.conv3d(kind, spec.ins[0].dtype.key, *shapes, attrs["stride"], attrs["padding"], attrs["dilation"],
                       attrs["groups"])


@kernel("max_pool3d", "max_pool3d_grad", "max_pool3d_pick", "max_pool3d_index", "avg_pool3d", "avg_pool3d_grad",
        kinds="f")
def _pool3d(spec: KernelSpec):
    kind = spec.name.replace("max_pool3d", "max").replace("avg_pool3d", "mean")
    attrs, (x, y) = spec.attrs, (*spec.ins, *spec.outs)[:2]
    if kind == "mean_grad":
        x, y = y, x
    return _ext.pool3d(kind, x.dtype.key, x.shape, y.shape[2:], attrs["kernel"], attrs["stride"], attrs["padding"],
                       attrs.get("dilation", (1, 1, 1)), attrs.get("count_include_pad", False))


def row_major(shape: tuple) -> list[int]:
    """The steps of a contiguous array, in elements."""
    steps = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        steps[axis] = steps[axis + 1] * shape[axis + 1]
    return steps


@kernel("pad", kinds="biufc")
def _pad(spec: KernelSpec):
    x, y = spec.ins[0], spec.outs[0]
    low, interior = spec.attrs["low"], spec.attrs["interior"]
    steps = row_major(y.shape)
    copy = (x.dtype.itemsize, list(x.shape), row_major(x.shape), [s * (i + 1) for s, i in zip(steps, interior)], 0,
            sum(s * n for s, n in zip(steps, low)))
    return _ext.copies([copy], y.size, np.full((), spec.attrs["value"]).astype(x.dtype.np).tobytes())


@kernel("concat", kinds="biufc")
def _concat(spec: KernelSpec):
    axis, y = spec.attrs["axis"], spec.outs[0]
    steps, copies, place = row_major(y.shape), [], 0
    for x in spec.ins:
        copies.append((x.dtype.itemsize, list(x.shape), row_major(x.shape), steps, 0, place * steps[axis]))
        place += x.shape[axis]
    return _ext.copies(copies, y.size, b"")


@kernel("reverse", kinds="biufc")
def _reverse(spec: KernelSpec):
    x, axes = spec.ins[0], spec.attrs["axes"]
    steps = row_major(x.shape)
    turned = [-s if axis in axes else s for axis, s in enumerate(steps)]
    start = sum(steps[axis] * (x.shape[axis] - 1) for axis in axes if x.size)
    return _ext.copies([(x.dtype.itemsize, list(x.shape), turned, steps, start, 0)], x.size, b"")


def copy_kernel(nbytes: int) -> _ext.Kernel:
    """A copy of so many bytes."""
    return _ext.copies([(1, [nbytes], [1], [1], 0, 0)], nbytes, b"")


def element(dtype) -> str:
    """The element type's key; a bool is compared as a byte."""
    return "uint8" if dtype.kind == "b" else dtype.key


def around(shape: tuple, axis: int) -> tuple[int, int, int]:
    """A shape as [outer, size, inner] about an axis."""
    return prod(shape[:axis]), shape[axis], prod(shape[axis + 1:])


@kernel("argmax", "argmin", kinds="biuf")
def _arg(spec: KernelSpec):
    x, places = spec.ins[0], spec.outs[0]
    return _ext.arg(spec.name == "argmax", element(x.dtype), *around(x.shape, spec.attrs["axis"]), places.dtype.key)


@kernel("cumsum", kinds="iuf")
def _cumsum(spec: KernelSpec):
    x, attrs = spec.ins[0], spec.attrs
    return _ext.cumsum(x.dtype.key, *around(x.shape, attrs["axis"]), attrs["reverse"], attrs["exclusive"])


@kernel("cumprod", kinds="iuf")
def _cumprod(spec: KernelSpec):
    x = spec.ins[0]
    return _ext.cumprod(x.dtype.key, *around(x.shape, spec.attrs["axis"]))


@kernel("cummax", "cummin", kinds="biuf")
def _running_extremum(spec: KernelSpec):
    x = spec.ins[0]
    return _ext.running_extremum(element(x.dtype), *around(x.shape, spec.attrs["axis"]), spec.name == "cummax")


@kernel("sort", kinds="biuf")
def _sort(spec: KernelSpec):
    x = spec.ins[0]
    return _ext.sort(element(x.dtype), *around(x.shape, spec.attrs["axis"]), spec.attrs["descending"])


@kernel("kth", kinds="biuf")
def _kth(spec: KernelSpec):
    x, attrs = spec.ins[0], spec.attrs
    return _ext.kth(element(x.dtype), *around(x.shape, attrs["axis"]), attrs["k"])


@kernel("top_k", kinds="biuf")
def _top_k(spec: KernelSpec):
    x, attrs = spec.ins[0], spec.attrs
    return _ext.top_k(element(x.dtype), prod(x.shape[:-1]), x.shape[-1], attrs["k"], attrs["largest"])


@kernel("scatter_update", kinds="biufc")
def _scatter_update(spec: KernelSpec):
    x, indices, _ = spec.ins
    return _ext.scatter_update(x.shape[0], indices.size, prod(x.shape[1:]) * x.dtype.itemsize, indices.dtype.key)


@kernel("transpose", "slice", "broadcast_to", kinds="c")
def _moved(spec: KernelSpec):
    x, y = spec.ins[0], spec.outs[0]
    steps, start = row_major(x.shape), 0
    if spec.name == "transpose":
        steps = [steps[axis] for axis in spec.attrs["perm"]]
    elif spec.name == "slice":
        start = sum(step * first for step, first in zip(steps, spec.attrs["begin"]))
        steps = [step * stride for step, stride in zip(steps, spec.attrs["strides"])]
    else:
        steps = [0] * (y.ndim - x.ndim) + [0 if d == 1 else step for d, step in zip(x.shape, steps)]
    return _ext.copies([(x.dtype.itemsize, list(y.shape), steps, row_major(y.shape), start, 0)], y.size, b"")


@kernel("real", "imag", kinds="c")
def _part(spec: KernelSpec):
    x, size = spec.outs[0], spec.outs[0].size
    return _ext.copies([(x.dtype.itemsize, [size], [2], [1], int(spec.name == "imag"), 0)], size, b"")


@kernel("complex", kinds="f")
def _complex(spec: KernelSpec):
    shape, copies = spec.outs[0].shape, []
    for place, x in enumerate(spec.ins):
        sizes = (1,) * (len(shape) - x.ndim) + x.shape
        steps = [0 if d == 1 else step for d, step in zip(sizes, row_major(sizes))]
        copies.append((x.dtype.itemsize, list(shape), steps, [2 * step for step in row_major(shape)], 0, place))
    return _ext.copies(copies, 2 * spec.outs[0].size, b"")


@kernel("fft", "rfft", "irfft", kinds="fc")
def _fft(spec: KernelSpec):
    kind, part = {"fft": "full", "rfft": "real", "irfft": "half"}[spec.name], spec.ins[0].dtype.key
    whole = spec.ins[0] if spec.name == "rfft" else spec.outs[0]
    part = {"complex64": "float32", "complex128": "float64"}.get(part, part)
    return _ext.fft(kind, part, *around(whole.shape, spec.attrs["axis"]), spec.attrs.get("inverse", False))


# Pairs of a query and a key of one head, and queries, from which on attention is faster in tiles than by
# whole products (docs/cpu-kernels.md).
_LEAST_PAIRS, _LEAST_QUERIES = 128 * 128, 16


def _is_long(spec: KernelSpec) -> bool:
    """Whether the products of all queries with all keys are worth tiles."""
    *before, q, k, v = spec.ins[:6 if spec.name == "attention_grad" else 3]
    sizes = (*spec.outs[0].shape, *q.shape[-2:], *k.shape[-2:], v.shape[-1])
    if q.dtype.key == "float64" or (before and before[2].dtype.key != "float32"):
        return False
    return all(isinstance(size, int) and size for size in sizes) and q.shape[-2] >= _LEAST_QUERIES \
        and q.shape[-2] * k.shape[-2] >= _LEAST_PAIRS


@kernel("scaled_dot_product_attention", "attention_with_log_sum", "attention_grad", kinds="f", fits=_is_long)
def _attention(spec: KernelSpec):
    kind = {"attention_with_log_sum": "log_sum", "attention_grad": "grad"}.get(spec.name, "plain")
    q, k, v, *mask = spec.ins[3 if kind == "grad" else 0:]
    batch = list(spec.outs[0].shape[:-2])
    steps = [[step * prod(x.shape[-2:]) for step in _stack_steps(list(x.shape[:-2]), batch)] for x in (q, k, v)]
    seen, across = "", []
    for m in mask:
        seen, across = "keep" if m.dtype.kind == "b" else "added", _stack_steps(list(m.shape), [*batch, q.shape[-2],
                                                                                                k.shape[-2]])
    return _ext.attention(kind, q.dtype.key, (q.shape[-2], *v.shape[-2:-1], q.shape[-1], v.shape[-1]), batch, steps,
                          seen, across, spec.attrs["causal"], spec.attrs["scale"])


def _matrices(spec: KernelSpec, kind: str, right: tuple | None = None, **options) -> _ext.Kernel | None:
    """The kernel of `_ext.linalg` for stacks of matrices, with the shape of right sides where there are some. None for
    half precision, of which the reference is computed in float32, and for matrices without elements."""
    a = spec.ins[0]
    part = {"complex64": "float32", "complex128": "float64"}.get(a.dtype.key, a.dtype.key)
    (*stack, m, n), columns = a.shape, 0 if right is None else right[-1]
    if part not in ("float32", "float64") or m * n == 0 or (right is not None and columns == 0):
        return None
    batch, steps = [prod(stack)], ([1], [])
    if right is not None:
        batch = list(spec.outs[0].shape[:-2])
        steps = (_stack_steps(stack, batch), _stack_steps(list(right[:-2]), batch))
    return _ext.linalg(kind, part, a.dtype.kind == "c", (m, n, columns), batch, *steps, **options)


def _stack_steps(stack: list, batch: list) -> list[int]:
    """How many matrices of a stack lie from one to the next along each axis of the stack that it is broadcast to."""
    sizes = [1] * (len(batch) - len(stack)) + stack
    return [0 if size == 1 else step for size, step in zip(sizes, row_major(tuple(sizes)))]


@kernel("cholesky", "lu", "matrix_inverse", "determinant", "log_determinant", "geqrf", kinds="fc")
def _factors(spec: KernelSpec):
    return _matrices(spec, spec.name.replace("matrix_", ""))


# Of larger matrices the reference, which is LAPACK, finds eigenvalues and singular values faster (docs/cpu-kernels.md).
_LARGEST = {"eigh": {"f": 128, "c": 128}, "svd": {"f": 128, "c": 48}}


def _is_small(spec: KernelSpec) -> bool:
    a = spec.ins[0]
    return min(a.shape[-2:]) <= _LARGEST[spec.name][a.dtype.kind]


@kernel("eigh", kinds="fc")
def _eigh(spec: KernelSpec):
    return _matrices(spec, "eigh") if _is_small(spec) else None


@kernel("solve", kinds="fc")
def _solve(spec: KernelSpec):
    return _matrices(spec, "solve", spec.ins[1].shape)


@kernel("triangular_solve", kinds="fc")
def _triangular_solve(spec: KernelSpec):
    attrs = spec.attrs
    return _matrices(spec, "triangular_solve", spec.ins[1].shape, lower=attrs["lower"],
                     transpose=attrs["transpose_a"], unit=attrs["unit_diagonal"])


@kernel("qr", kinds="fc")
def _qr(spec: KernelSpec):
    return _matrices(spec, "qr", full=spec.attrs["full_matrices"])


@kernel("svd", kinds="fc")
def _svd(spec: KernelSpec):
    return _matrices(spec, "svd", full=spec.attrs["full_matrices"]) if _is_small(spec) else None


@kernel("pivots_to_permutation", kinds="i")
def _exchanges(spec: KernelSpec):
    places = spec.ins[0]
    if places.dtype.key not in ("int32", "int64") or places.size == 0:
        return None
    return _ext.exchanges(places.dtype.key, prod(places.shape[:-1]), places.shape[-1], spec.attrs["size"])


@kernel("random_bits", kinds="i")
def _random_bits(spec: KernelSpec):
    return _ext.random_bits(spec.outs[0].size)


@kernel("scatter_add", kinds="iuf")
def _scatter_add(spec: KernelSpec):
    x, indices, _ = spec.ins
    axis = spec.attrs["axis"]
    outer, size, inner = around(x.shape, axis)
    return _ext.scatter_add(x.dtype.key, outer, size, indices.size, inner, indices.dtype.key, False)


@kernel("scatter_add_elements", kinds="iuf")
def _scatter_add_elements(spec: KernelSpec):
    x, indices, _ = spec.ins
    axis = spec.attrs["axis"]
    outer, size, inner = around(x.shape, axis)
    return _ext.scatter_add(x.dtype.key, outer, size, indices.shape[axis], inner, indices.dtype.key, True)
