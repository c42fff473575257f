"""From samples to graphs, and when two results agree.

A *case* is an operator with a dtype. At a floating dtype all samples with floating operands are cast to it; samples
without (or with `exact_dtypes`) form the case `native`. A case is one graph: each sample brings its own parameters, one
node of the operator, and its outputs, so that a device compiles once for all of them.

What a device must give is the reference computed in float64 on the very numbers that the device sees, rounded to the
output's dtype. Float32 results may differ by the sample's tolerance; other dtypes by the same number of units in the
last place, half-precision ones by a fortieth of that since they are rounded once from float32.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import DType, bfloat16, float16, float32, float64, np_dtype_to_dtype
from mindspore.compiler.autodiff.jvp import jvp_graph
from mindspore.compiler.autodiff.vjp import is_differentiable, vjp_graph
from mindspore.compiler.autodiff.vmap import vmap_graph
from mindspore.compiler.ir import Builder, Graph, Node, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.primitives.base import PRIMITIVES, Elementwise, Primitive, Sample
from mindspore.compiler.primitives.lanes import batched_aval

FLOATS = {t.key: t for t in (float16, bfloat16, float32, float64)}
NATIVE = "native"
_EPS32 = float(np.finfo(np.float32).eps)
_STRUCTURAL = ("parameter", "constant", "item", "rec_call", "tape_empty", "tape_push", "tape_pop", "tape_add")


def operators() -> list[str]:
    """The names of all registered operators that compute something."""
    return sorted(name for name in PRIMITIVES if name not in _STRUCTURAL)


def good_samples(op: Primitive, key: str) -> list[tuple[int, Sample]]:
    """The numbered good samples that belong to the case (op, key)."""
    found = []
    for number, sample in enumerate(op.samples()):
        floating = not sample.exact_dtypes and any(_is_float(a) for a in sample.ins)
        if sample.error is None and floating == (key != NATIVE):
            found.append((number, sample))
    return found


def case_keys(name: str) -> list[str]:
    """The dtypes at which an operator is tested, `native` among them."""
    op = PRIMITIVES[name]
    return [key for key in (*FLOATS, NATIVE) if good_samples(op, key)]


def cast_operands(sample: Sample, key: str) -> list[np.ndarray]:
    """The operands of a sample at a dtype."""
    if key == NATIVE:
        return [np.asarray(a) for a in sample.ins]
    with np.errstate(over="ignore"):
        return [np.asarray(a).astype(FLOATS[key].np) if _is_float(a) else np.asarray(a) for a in sample.ins]


def _is_float(array) -> bool:
    return np.asarray(array).dtype in (np.dtype(np.float32), np.dtype(np.float64))


def widened(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Floating arrays as float64, complex ones as complex128: the same numbers."""
    wide = {"f": np.float64, "c": np.complex128}
    return [a.astype(wide.get(np_dtype_to_dtype(a.dtype).kind, a.dtype)) for a in arrays]


def emit_sample(b: Builder, op: Primitive, arrays: Sequence[np.ndarray], attrs: dict) -> tuple:
    """Emit one operator on parameters of its own; the nodes of its outputs."""
    params = tuple([b.parameter(tensor_aval(a.shape, np_dtype_to_dtype(a.dtype))) for a in arrays])
    return b.items(b.emit(op, params, op.pack_attrs(attrs)))


def is_decomposed(op: Primitive, device) -> bool:
    """Whether the device has neither a kernel nor generated code for an operator that has a decomposition."""
    return op.lower is not None and op.name not in device.kernels and op.name not in device.capabilities.codegen


def sample_graph(op: Primitive, arrays: Sequence[np.ndarray], attrs: dict) -> Graph:
    """A graph of one operator on parameters like `arrays`."""
    b = Builder(op.name)
    return verify(b.finish(emit_sample(b, op, arrays, attrs)))


@dataclass
class Part:
    """One sample in the graph of a case: its operands, and its outputs from position `first` on."""

    number: int
    sample: Sample
    arrays: list[np.ndarray]
    first: int


@dataclass
class Case:
    """The graph of an operator's samples at one dtype; `refused` counts samples whose dtypes the device lacks."""

    op: Primitive
    graph: Graph
    parts: list[Part] = field(default_factory=list)
    refused: int = 0

    def arrays(self) -> list[np.ndarray]:
        """The values of the graph's parameters."""
        return [a for part in self.parts for a in part.arrays]


def make_case(name: str, key: str, claimed: frozenset[str],
              keep: Callable[[Sample], bool] = lambda sample: True) -> Case:
    """The case of an operator at a dtype, without the samples whose dtypes are not among `claimed`."""
    op, b, refused = PRIMITIVES[name], Builder(f"{name}_{key}"), 0
    parts: list[Part] = []
    outputs: list[Node] = []
    for number, sample in good_samples(op, key):
        if not keep(sample):
            continue
        arrays = cast_operands(sample, key)
        alone = sample_graph(op, arrays, sample.attrs)
        if not all(n.aval.dtype.key in claimed for n in (*alone.params, *alone.outputs)):
            refused += 1
            continue
        parts.append(Part(number, sample, arrays, len(outputs)))
        outputs.extend(emit_sample(b, op, arrays, sample.attrs))
    return Case(op, b.finish(outputs), parts, refused)


def expected_values(op: Primitive, part: Part) -> list[np.ndarray]:
    """The outputs of a sample's operator, computed in float64 (in their own dtypes for `exact_dtypes`)."""
    arrays = part.arrays if part.sample.exact_dtypes else widened(part.arrays)
    return evaluate(sample_graph(op, arrays, part.sample.attrs), arrays)


# -- agreement -------------------------------------------------------------------------------------------------------


def tolerance(sample: Sample, dtype: DType) -> tuple[float, float]:
    """(rtol, atol) for a result of this dtype."""
    eps = float(ml_dtypes.finfo(dtype.np).eps) / _EPS32
    factor = eps / 40 if dtype.itemsize == 2 else eps
    return sample.rtol * factor, sample.atol * factor


def disagreement(got: np.ndarray, want: np.ndarray, dtype: DType, coarsest: DType, sample: Sample,
                 signed_zeros: bool = False) -> str | None:
    """None if a device's result agrees with the float64 one, else what is wrong. coarsest: the least precise dtype
    among operands and result, which sets the tolerance."""
    if got.shape != want.shape or got.dtype != dtype.np:
        return f"got {got.dtype}{list(got.shape)}, expected {dtype}{list(want.shape)}"
    with np.errstate(all="ignore"):
        want = want.astype(dtype.np)
    if not dtype.is_inexact:
        return None if np.array_equal(got, want) else _difference(got, want)
    rtol, atol = tolerance(sample, coarsest)
    if dtype.kind == "c":
        got, want = (np.stack([a.real, a.imag], -1) for a in (got, want))
    got, want = got.astype(np.float64), want.astype(np.float64)
    with np.errstate(invalid="ignore"):
        near = np.isfinite(got) & (np.abs(got - want) <= atol + rtol * np.abs(want))
        good = (got == want) | (near & np.isfinite(want)) | (np.isnan(got) & np.isnan(want))
    if signed_zeros:
        good &= (want != 0) | (got != 0) | (np.signbit(want) == np.signbit(got))
    return None if good.all() else _difference(got, want, ~good)


def _difference(got, want, where=None) -> str:
    where = got != want if where is None else where
    place = tuple(int(i) for i in np.argwhere(where)[0])
    return (f"{int(where.sum())} of {got.size} elements differ, first at {place}: got {got[place]}, "
            f"expected {want[place]}")


def keeps_zero_signs(op: Primitive) -> bool:
    """Whether the sign of a zero result is part of the operator's meaning: element-wise functions of one operand which
    are not compositions."""
    return isinstance(op, Elementwise) and op.lower is None and op.name not in ("sign", "cast")


def coarsest_dtype(arrays: Sequence[np.ndarray], outputs: Sequence) -> DType:
    """The least precise floating or complex dtype among operands and outputs; float32 where there is none."""
    dtypes = [np_dtype_to_dtype(a.dtype) for a in arrays] + [o.aval.dtype for o in outputs]
    floats = [d for d in dtypes if d.is_inexact]
    return max(floats, key=lambda d: float(ml_dtypes.finfo(d.np).eps), default=float32)


# -- derivatives -----------------------------------------------------------------------------------------------------


def smooth(op: Primitive) -> Callable[[Sample], bool]:
    """Which samples are differentiated."""
    return lambda sample: sample.grad and op.differentiable


def cotangents(graph: Graph, seed: int = 0) -> list[np.ndarray]:
    """Random cotangents for the differentiable outputs of a graph."""
    rng = np.random.default_rng(seed)
    return [random_like(rng, o.aval) for o in graph.outputs if is_differentiable(o.aval)]


def random_like(rng: np.random.Generator, aval) -> np.ndarray:
    """Random numbers of an aval's shape and dtype, complex ones with both parts."""
    numbers = rng.standard_normal(aval.shape)
    if aval.dtype.kind == "c":
        numbers = numbers + 1j * rng.standard_normal(aval.shape)
    return np.asarray(numbers).astype(aval.dtype.np)


def paired(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> float:
    """The pairing of cotangents with tangents: the real part of the sum of products."""
    return sum(float(np.real(np.sum(x * y))) for x, y in zip(first, second, strict=True))


def wanted_parameters(graph: Graph) -> tuple[int, ...]:
    """Positions of the parameters that have derivatives."""
    return tuple(i for i, p in enumerate(graph.params) if is_differentiable(p.aval))


def derivative_errors(graph: Graph, arrays: list[np.ndarray], order: int, level: int = 1) -> Iterator[str]:
    """Compare the vjp of a float64 graph with central differences along a random direction d, for random cotangents u:

        <u, (y(x + h d) - y(x - h d)) / 2h>  =  <vjp(u), d>

    where <u, t> is the real part of the sum of products, and repeat with the graph of the vjp, which is a graph like
    any other, up to `order`.
    """
    wanted = wanted_parameters(graph)
    seeds = cotangents(graph, level)
    if not wanted or not seeds:
        return
    joint = verify(vjp_graph(graph, wanted))
    grads = evaluate(joint, arrays + seeds)[len(graph.outputs):]
    rng, step = np.random.default_rng(100 + level), 1e-6
    direction = [random_like(rng, graph.params[w].aval) for w in wanted]

    def value(sign: float) -> list[np.ndarray]:
        moved = list(arrays)
        for w, d in zip(wanted, direction):
            moved[w] = np.asarray(arrays[w] + sign * step * d)
        return [y for y, o in zip(evaluate(graph, moved), graph.outputs) if is_differentiable(o.aval)]

    numeric = paired(seeds, [(hi - lo) / (2 * step) for hi, lo in zip(value(1), value(-1))])
    analytic = paired(grads, direction)
    if not abs(numeric - analytic) <= 1e-5 * max(1.0, abs(numeric), abs(analytic)):
        yield f"order {level}: central differences give {numeric:.9g}, the vjp gives {analytic:.9g}"
    if level < order:
        yield from derivative_errors(joint, arrays + seeds, order, level + 1)


def forward_errors(graph: Graph, arrays: list[np.ndarray]) -> Iterator[str]:
    """Compare the jvp of a graph along random tangents t with its vjp for random cotangents u:
    <u, jvp(t)> = <vjp(u), t>. The vjp is compared with differences elsewhere."""
    wanted, seeds = wanted_parameters(graph), cotangents(graph, 5)
    if not wanted or not seeds:
        return
    rng = np.random.default_rng(6)
    tangents = [random_like(rng, graph.params[w].aval) for w in wanted]
    forward = evaluate(verify(jvp_graph(graph, wanted)), arrays + tangents)[len(graph.outputs):]
    back = evaluate(vjp_graph(graph, wanted), arrays + seeds)[len(graph.outputs):]
    ahead, behind = paired(forward, seeds), paired(back, tangents)
    narrow = any(a.dtype in (np.float16, np.float32, np.complex64) for a in (*tangents, *seeds))
    if not abs(ahead - behind) <= (1e-4 if narrow else 1e-9) * max(1.0, abs(ahead)):
        yield f"the jvp gives {ahead:.9g}, the vjp {behind:.9g}"


# -- batching ----------------------------------------------------------------------------------------------------------

LANES = 3


def lanes_of(array: np.ndarray, seed: int) -> np.ndarray:
    """The array in the first of three lanes, and its elements in other orders in the others."""
    rng = np.random.default_rng(seed)
    return np.stack([array, *[rng.permutation(array.reshape(-1)).reshape(array.shape) for _ in range(LANES - 1)]])


def batching_errors(graph: Graph, arrays: list[np.ndarray]) -> Iterator[str]:
    """Compare the batched graph, over each operand alone and over all of them, with one run for each lane."""
    count = len(arrays)
    for chosen in [*[(k,) for k in range(count)], *[tuple(range(count))] * (count > 1)]:
        given = [lanes_of(a, k) if k in chosen else a for k, a in enumerate(arrays)]
        avals = tuple(batched_aval(p.aval, LANES) if k in chosen else p.aval for k, p in enumerate(graph.params))
        got = evaluate(verify(vmap_graph(graph, avals, LANES, same_random=True)), given)
        for lane in range(LANES):
            want = evaluate(graph, [a[lane] if k in chosen else a for k, a in enumerate(given)])
            for place, (expected, value) in enumerate(zip(want, got, strict=True)):
                value = value[lane] if value.ndim > expected.ndim else value
                one, other = widened([value, expected])
                close = value.dtype == expected.dtype and value.shape == expected.shape and np.allclose(
                    one, other, rtol=1e-9, atol=1e-9, equal_nan=True)
                if not close:
                    yield (f"batched over operands {chosen}, lane {lane}, output {place}: got {value!r}, expected "
                           f"{expected!r}")
