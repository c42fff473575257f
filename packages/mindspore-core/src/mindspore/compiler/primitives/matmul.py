"""The matrix product of stacks of matrices."""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.primitives import complex_rules
from mindspore.compiler.primitives.axes import infer_from_axes
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.support import complex_samples, integers, uniform, widen


@register
class Matmul(Primitive):
    """a @ b over the last two axes, after transposing them where `transpose_a` or `transpose_b` says so; leading axes
    broadcast. float16 and bfloat16 accumulate in float32. Gradient: ct @ b^T and a^T @ ct by the same flags, without
    a transposition of their own; a gradient of a matrix that meets a stack is one product over all rows."""

    name = "matmul"
    attrs = ("transpose_a", "transpose_b")
    defaults = {"transpose_a": False, "transpose_b": False}
    axes = "... m k, ... k n -> ... m n"
    kinds = "iufc"

    def infer(self, x, y, *, transpose_a, transpose_b):
        dtype = self.check_dtypes((x, y))
        if x.ndim < 2 or y.ndim < 2:
            raise ValueError(f"matmul: shapes {x.shape} and {y.shape}; expected at least 2 axes each")
        line = f"... {'k m' if transpose_a else 'm k'}, ... {'n k' if transpose_b else 'k n'} -> ... m n"
        return tensor_aval(infer_from_axes("matmul", line, [x.shape, y.shape]), dtype)

    def flops(self, out, *ins, transpose_a, transpose_b):
        return 2 * prod(out.shape) * ins[0].shape[-2 if transpose_a else -1]

    def reference(self, x, y, *, transpose_a, transpose_b):
        wide_x, wide_y = widen(x), widen(y)
        wide_x = np.swapaxes(wide_x, -1, -2) if transpose_a else wide_x
        wide_y = np.swapaxes(wide_y, -1, -2) if transpose_b else wide_y
        return np.matmul(wide_x, wide_y).astype(x.dtype)

    def vjp(self, b, ct, out, x, y, *, transpose_a, transpose_b):
        if transpose_a:
            dx = b.matmul(y, ct, transpose_a=transpose_b, transpose_b=True)
        else:
            dx = b.matmul(ct, y, transpose_a=False, transpose_b=not transpose_b)
        rows, ct_rows = x, ct
        if y.aval.ndim == 2 and x.aval.ndim > 2 and not transpose_a:
            rows, ct_rows = _rows(b, x), _rows(b, ct)
        if transpose_b:
            dy = b.matmul(ct_rows, rows, transpose_a=True, transpose_b=transpose_a)
        else:
            dy = b.matmul(rows, ct_rows, transpose_a=not transpose_a, transpose_b=False)
        return b.sum_to(dx, x.shape), b.sum_to(dy, y.shape)

    def vmap(self, b, lanes, batched, x, y, *, transpose_a, transpose_b):
        """A matrix that all lanes share meets one matrix of all lanes' rows."""
        if not batched[1] and y.aval.ndim == 2 and not transpose_a:
            product = b.matmul(_rows(b, x), y, transpose_b=transpose_b)
            return b.reshape(product, shape=(*x.shape[:-1], product.shape[1]))
        column = y.shape[-2 if transpose_b else -1] == 1
        if not batched[0] and x.aval.ndim == 2 and y.aval.ndim == 3 and column:
            rows = b.reshape(y, shape=(lanes.size, y.aval.size // max(lanes.size, 1)))
            product = b.matmul(rows, x, transpose_b=not transpose_a)
            return b.reshape(product, shape=(*product.shape, 1))
        return None

    def simplify(self, b, ins, attrs):
        """A transposition of the last two axes of an operand becomes its flag."""
        plain = [x.ins[0] if _swaps_last(x) else x for x in ins]
        flags = [bool(flag) != (p is not x) for flag, p, x in zip(attrs, plain, ins)]
        return None if plain == list(ins) else b.emit(self, tuple(plain), tuple(flags))

    def lower_parts(self, b, x, y, *, transpose_a, transpose_b):
        return complex_rules.matrix_product(b, x, y, transpose_a=transpose_a, transpose_b=transpose_b)

    def samples(self):
        shapes = [((3, 4), (4, 5)), ((1, 1), (1, 1)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)),
                  ((2, 1, 3, 4), (5, 4, 2)), ((17, 33), (33, 9)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
                  ((2, 3, 4), (1, 4, 0))]
        return [*(s for i, pair in enumerate(shapes) for s in _transposed_cases(i, *pair)),
                Sample((integers((3, 4)), integers((4, 2)))), *complex_samples(transpose_b=True),
                Sample((uniform((2, 3)), uniform((2, 3))), error=ValueError),
                Sample((uniform((3,)), uniform((3, 2))), error=ValueError),
                Sample((uniform((2, 2, 3)), uniform((3, 3, 2))), error=ValueError),
                Sample((uniform((2, 3)), uniform((2, 3))), {"transpose_a": True, "transpose_b": True}, ValueError),
                Sample((uniform((2, 3)), integers((3, 2))), error=TypeError)]


def _transposed_cases(seed: int, left: tuple, right: tuple) -> list[Sample]:
    """One product in the four ways in which its operands may be stored."""
    found = []
    for ta, tb in ((False, False), (True, False), (False, True), (True, True)):
        x, y = uniform(left, -1, 1, seed), uniform(right, -1, 1, seed + 50)
        x, y = np.swapaxes(x, -1, -2).copy() if ta else x, np.swapaxes(y, -1, -2).copy() if tb else y
        found.append(Sample((x, y), {"transpose_a": ta, "transpose_b": tb}, rtol=1e-4, atol=1e-5))
    return found


def _swaps_last(x) -> bool:
    if x.op.name != "transpose" or x.aval.ndim < 2:
        return False
    perm = x.attrs[0]
    return perm == (*range(len(perm) - 2), len(perm) - 1, len(perm) - 2)


def _rows(b, x):
    """A stack of matrices as one matrix of all rows."""
    rows = prod(x.shape[:-1])
    return b.reshape(x, shape=(rows, x.shape[-1]))
