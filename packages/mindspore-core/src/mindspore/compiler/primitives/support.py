"""Small helpers that the families of primitives share: references in NumPy, constants in rules, sample inputs."""
from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np

from mindspore.compiler.ir.dims import same, same_shape
from mindspore.compiler.ir.graph import Node
from mindspore.compiler.primitives.base import Primitive, Sample, rng
from mindspore.compiler.primitives.structural import CONSTANT

_NARROW = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-6, -3e4])


def widen(array: np.ndarray) -> np.ndarray:
    """float16 and bfloat16 arrays as float32, in which their arithmetic is done; other arrays as they are."""
    return array.astype(np.float32) if array.dtype in _NARROW else array


def numpy_rule(fn: Callable) -> staticmethod:
    """A reference from a NumPy function that keeps the dtype: float16 and bfloat16 are computed in float32 and
    rounded once."""

    def reference(*arrays, **attrs):
        dtype = arrays[0].dtype
        if dtype in _NARROW:
            return np.asarray(fn(*[widen(a) for a in arrays], **attrs)).astype(dtype)
        return fn(*arrays, **attrs)

    return staticmethod(reference)


def scalar_of(node: Node):
    """The one number that fills `node`, if it is an embedded constant of one element or a broadcast of one."""
    if node.op is not CONSTANT:
        if node.op.name != "broadcast_to":
            return None
        node = node.ins[0]
        if node.op is not CONSTANT:
            return None
    array = node.attrs[0].array
    return array.reshape(())[()] if array.size == 1 else None


def is_scalar(node: Node, value: float) -> bool:
    """Whether `node` is filled with this number; 0.0 and -0.0 are told apart."""
    found = scalar_of(node)
    return found is not None and bool(found == value) and (value != 0 or found.dtype.kind not in "f"
                                                           or np.signbit(found) == np.signbit(value))


def stands_for(op: Primitive, kept: Node, other: Node) -> bool:
    """Whether a rule may answer with `kept` for the element-wise `op` of `kept` and `other`: the operands are allowed,
    and broadcasting leaves the shape of `kept`."""
    if kept.dtype is not other.dtype or kept.dtype.kind not in op.kinds:
        return False
    return same_shape(kept.shape, other.shape) or (other.aval.ndim <= kept.aval.ndim and all(
        d == 1 or same(d, k) for d, k in zip(reversed(other.shape), reversed(kept.shape))))


def uniform_source(node: Node) -> Node | None:
    """The tensor of one element that `node` repeats everywhere, if it is made by a broadcast."""
    if node.op.name == "broadcast_to" and node.ins[0].aval.size == 1:
        return node.ins[0]
    return None


# -- sample inputs ---------------------------------------------------------------------------------------------------


def uniform(shape: tuple, low: float = -2.0, high: float = 2.0, seed: int = 0) -> np.ndarray:
    """Float64 samples in [low, high)."""
    return rng(seed).uniform(low, high, shape)


def integers(shape: tuple, low: int = -5, high: int = 6, dtype=np.int32, seed: int = 0) -> np.ndarray:
    """Integer samples in [low, high)."""
    return rng(seed).integers(low, high, shape).astype(dtype)


def distinct(shape: tuple, seed: int = 0, step: float = 0.25) -> np.ndarray:
    """Float64 samples in random order that lie at least `step` apart, for operators with kinks at ties."""
    size = int(np.prod(shape))
    return (rng(seed).permutation(size).reshape(shape) - size // 2) * step + 0.1


def unary_samples(low: float, high: float, special: bool = True, **sample) -> list[Sample]:
    """Inputs of an element-wise operator of one floating operand that is smooth on [low, high)."""
    found = [Sample((uniform((3, 5), low, high),), **sample), Sample((uniform((), low, high, 1),), **sample),
             Sample((uniform((2, 0, 3)),), **sample), Sample((uniform((2, 1, 17), low, high, 2),), **sample),
             Sample((integers((2,)),), error=TypeError), Sample((np.array([True]),), error=TypeError)]
    if special:
        found.append(Sample((SPECIAL,), grad=False, **sample))
    return found


def binary_samples(low: float, high: float, special: bool = True, right: tuple | None = None,
                   **sample) -> list[Sample]:
    """Inputs of an element-wise operator of two floating operands that is smooth on [low, high), the right operand
    on `right` where that is given; with broadcasting."""
    lo, hi = right or (low, high)
    shapes = [((3, 5), (3, 5)), ((), ()), ((2, 3), ()), ((), (4,)), ((2, 1, 3), (4, 1)), ((7,), (2, 7)), ((0, 3), (3,)),
              ((1, 0), (2, 1)), ((1,), (1, 1))]
    found = [Sample((uniform(a, low, high, 2 * i), uniform(c, lo, hi, 2 * i + 1)), **sample)
             for i, (a, c) in enumerate(shapes)]
    if special:
        found.append(Sample((SPECIAL[:, None], SPECIAL), grad=False, **sample))
    found.append(Sample((uniform((2, 3)), uniform((2, 4))), error=ValueError))
    found.append(Sample((np.zeros(2, np.float32), np.zeros(2, np.int32)), error=TypeError, exact_dtypes=True))
    return found


def integer_samples(dtypes=(np.int32, np.uint8, np.int64), low: int = -5, high: int = 6, right: tuple | None = None,
                    operands: int = 2) -> list[Sample]:
    """Integer inputs, with broadcasting; the right operand is drawn from [right) where that is given."""
    found = []
    for position, dtype in enumerate(dtypes):
        unsigned = np.dtype(dtype).kind == "u"
        lo, hi = right or (low, high)
        a = integers((3, 4), 0 if unsigned else low, high, dtype, position)
        c = integers((4,), max(lo, 0) if unsigned else lo, hi, dtype, position + 10)
        found.append(Sample((a, c)[:operands], grad=False))
    return found


def complex_samples(operands: int = 2, **attrs) -> list[Sample]:
    """Complex64 and complex128 inputs of an element-wise or reducing operator."""
    found = []
    for dtype in (np.complex64, np.complex128):
        x, y = (uniform((2, 3), seed=s) + 1j * uniform((2, 3), seed=s + 1) for s in (0, 2))
        found.append(Sample((x.astype(dtype), y.astype(dtype))[:operands], attrs))
    return found


def analytic_samples() -> list[Sample]:
    """Complex inputs of an element-wise operator of one operand, away from the axes, on which branches are cut."""
    quarter = uniform((2, 3), 0.3, 1.4) + 1j * uniform((2, 3), 0.3, 1.4, 1)
    turned = (quarter * np.array([1, 1j, -1])).astype(np.complex64)
    return [Sample((quarter * np.array([1, 1j, -1j]),)), Sample((turned,)), Sample((np.array(-0.4 - 0.7j),))]


def expand_reduced(b, node: Node, axis: tuple, shape: tuple, keepdims: bool) -> Node:
    """Broadcast a reduced value back to the shape that it was reduced from."""
    if not keepdims:
        node = b.reshape(node, shape=tuple(1 if i in axis else d for i, d in enumerate(shape)))
    return b.broadcast_to(node, shape=shape)
