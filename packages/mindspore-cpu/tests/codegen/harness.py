"""Running generated kernels directly, without an executor."""
from __future__ import annotations

import ctypes
import importlib
import pkgutil
from collections.abc import Sequence

import numpy as np

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler import primitives
from mindspore.compiler.autodiff.vjp import lower_nodes
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore_cpu.codegen import SUPPORTED, LoopKernel, compile_groups

for _module in pkgutil.iter_modules(primitives.__path__):
    importlib.import_module(f"{primitives.__name__}.{_module.name}")

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_GUARD = 64


class GuardedArray:
    """Memory aligned to 64 bytes with a pattern around it, which `check` finds unharmed if nothing wrote there."""

    def __init__(self, shape: tuple, dtype, fill: np.ndarray | None = None):
        nbytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        self.memory = np.full(nbytes + 2 * _GUARD + 64, 0xA5, np.uint8)
        self.start = _GUARD + (-(self.memory.ctypes.data + _GUARD)) % 64
        self.end = self.start + nbytes
        self.array = self.memory[self.start:self.end].view(dtype).reshape(shape)
        if fill is not None:
            self.array[...] = fill

    @property
    def address(self) -> int:
        return self.memory.ctypes.data + self.start

    def check(self) -> None:
        assert (self.memory[:self.start] == 0xA5).all() and (self.memory[self.end:] == 0xA5).all(), \
            "a kernel wrote outside its buffers"


def run_kernel(kernel: LoopKernel, body: Graph, arrays: Sequence[np.ndarray], pieces: int = 1) -> list[np.ndarray]:
    """The outputs of a kernel; its units are done in so many pieces, the last piece first."""
    ins = [GuardedArray(a.shape, a.dtype, a) for a in arrays]
    outs = [GuardedArray(o.shape, o.aval.dtype.np) for o in body.outputs]
    scratch = GuardedArray((kernel.scratch,), np.uint8)
    addresses = [kernel.params, scratch.address, *[b.address for b in ins], *[b.address for b in outs]]
    bufs = (ctypes.c_void_p * len(addresses))(*addresses)
    for phase in kernel.phases:
        edges = [phase.units * k // pieces for k in range(pieces + 1)]
        for begin, end in reversed(list(zip(edges[:-1], edges[1:]))):
            _SIGNATURE(phase.address)(bufs, begin, end)
    for buffer in [*ins, *outs, scratch]:
        buffer.check()
    for given, buffer in zip(arrays, ins):
        assert given.tobytes() == buffer.array.tobytes(), "a kernel wrote to an input"
    return [b.array.copy() for b in outs]


def run_graph(body: Graph, arrays: Sequence[np.ndarray], pieces: int = 1) -> list[np.ndarray]:
    """Compile a group and run it."""
    kernel, = compile_groups([body])
    return run_kernel(kernel, body, arrays, pieces)


def decomposed(graph: Graph) -> Graph:
    """The graph with everything that has no generated form replaced by its decomposition."""
    while True:
        pending = {n.idx for n in graph.nodes if n.op.lower is not None and n.op.name not in SUPPORTED}
        if not pending:
            return graph
        graph = lower_nodes(graph, pending)


def build(rule, *arrays: np.ndarray) -> Graph:
    """The decomposed graph of `rule(b, *nodes)`, which gives a node or a list of nodes."""
    b = Builder()
    nodes = [b.parameter(tensor_aval(a.shape, np_dtype_to_dtype(a.dtype))) for a in arrays]
    found = rule(b, *nodes)
    return decomposed(b.finish(found if isinstance(found, (list, tuple)) else [found]))


def generate(rule, *arrays: np.ndarray, pieces: int = 1) -> list[np.ndarray]:
    """The outputs of the generated kernel of `rule(b, *nodes)` for these arrays."""
    arrays = tuple(np.ascontiguousarray(a) for a in arrays)
    return run_graph(build(rule, *arrays), arrays, pieces)


def ulps(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """The distance of float32 results from exact values (float64) in units in the last place of the exact value;
    0 where both are NaN or the same infinity, infinite where only one is."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        unit = np.spacing(np.minimum(np.abs(rounded), np.finfo(np.float32).max)).astype(np.float64)
        distance = np.abs(found.astype(np.float64) - exact) / unit
    overflow = np.isinf(rounded) & np.isfinite(exact)
    top = np.float64(np.finfo(np.float32).max)
    near_top = overflow & np.isfinite(found) & (np.abs(found) == top) & (np.sign(found) == np.sign(exact))
    distance = np.where(near_top | (found == rounded) | (np.isnan(found) & np.isnan(exact)), np.minimum(
        np.where(np.isnan(distance), 0, distance), 1), distance)
    return np.where(np.isnan(distance), np.inf, distance)
