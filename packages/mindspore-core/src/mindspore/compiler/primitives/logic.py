"""Element-wise logic: `logical_*` on bools, `bitwise_*` on bools and integers, shifts on integers. No gradients.

Shifting by a negative count, or by the width of the type or more, gives an unspecified number and never traps.
Shifting a signed integer to the right repeats its sign.
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.primitives.base import Elementwise, Sample, register
from mindspore.compiler.primitives.support import integer_samples, is_scalar, stands_for

_TRUTH = Sample((np.array([[False], [True]]), np.array([False, True])))
_BOOLS = [_TRUTH, Sample((np.array(True), np.array([True, False, True]))),
          Sample((np.zeros((0, 2), bool), np.ones(2, bool))),
          Sample((np.zeros(2, bool), np.zeros(3, bool)), error=ValueError)]


class _Logical(Elementwise):
    kinds = "b"
    differentiable = False

    def samples(self):
        return [*_BOOLS, Sample((np.ones(2, np.int32), np.ones(2, np.int32)), error=TypeError)]


def _absorb(op, ins: tuple, neutral: bool):
    """x where the other operand is the neutral value or x itself; the other where that is the absorbing value."""
    x, y = ins
    if x is y and stands_for(op, x, y):
        return x
    for kept, other in ((x, y), (y, x)):
        if is_scalar(other, neutral) and stands_for(op, kept, other):
            return kept
        if is_scalar(other, not neutral) and stands_for(op, other, kept):
            return other
    return None


@register
class LogicalAnd(_Logical):
    """Whether both operands are true. Gradient: none."""

    name = "logical_and"
    reference = staticmethod(np.logical_and)

    def simplify(self, b, ins, attrs):
        return _absorb(self, ins, neutral=True) or super().simplify(b, ins, attrs)


@register
class LogicalOr(_Logical):
    """Whether at least one operand is true. Gradient: none."""

    name = "logical_or"
    reference = staticmethod(np.logical_or)

    def simplify(self, b, ins, attrs):
        return _absorb(self, ins, neutral=False) or super().simplify(b, ins, attrs)


@register
class LogicalXor(_Logical):
    """Whether exactly one operand is true. Gradient: none."""

    name = "logical_xor"
    reference = staticmethod(np.logical_xor)


@register
class LogicalNot(_Logical):
    """Whether the operand is false. Gradient: none."""

    name = "logical_not"
    reference = staticmethod(np.logical_not)

    def simplify(self, b, ins, attrs):
        return ins[0].ins[0] if ins[0].op is self else super().simplify(b, ins, attrs)

    def samples(self):
        return [Sample((np.array([False, True]),)), Sample((np.array(True),)), Sample((np.zeros((2, 0), bool),)),
                Sample((np.ones(2),), error=TypeError)]


class _Bitwise(Elementwise):
    kinds = "biu"
    differentiable = False

    def samples(self):
        return [*_BOOLS, *integer_samples((np.int8, np.uint8, np.int32, np.int64), -100, 100),
                Sample((np.ones(2), np.ones(2)), error=TypeError)]


@register
class BitwiseAnd(_Bitwise):
    """a & b, bit by bit. Gradient: none."""

    name = "bitwise_and"
    reference = staticmethod(np.bitwise_and)


@register
class BitwiseOr(_Bitwise):
    """a | b, bit by bit. Gradient: none."""

    name = "bitwise_or"
    reference = staticmethod(np.bitwise_or)


@register
class BitwiseXor(_Bitwise):
    """a ^ b, bit by bit. Gradient: none."""

    name = "bitwise_xor"
    reference = staticmethod(np.bitwise_xor)


@register
class BitwiseNot(_Bitwise):
    """~x, bit by bit; the logical negation of a bool. Gradient: none."""

    name = "bitwise_not"
    reference = staticmethod(np.bitwise_not)

    def simplify(self, b, ins, attrs):
        return ins[0].ins[0] if ins[0].op is self else super().simplify(b, ins, attrs)

    def samples(self):
        return [Sample((np.array([False, True]),)), Sample((np.array(5, np.int32),)),
                *integer_samples((np.int8, np.uint8, np.int64), -100, 100, operands=1),
                Sample((np.ones(2),), error=TypeError)]


class _Shift(Elementwise):
    kinds = "iu"
    differentiable = False

    def samples(self):
        return [*integer_samples((np.int8, np.uint8, np.int32, np.uint32, np.int64), -100, 100, right=(0, 8)),
                Sample((np.array(-1, np.int32), np.array(31, np.int32))),
                Sample((np.zeros((0, 3), np.int32), np.ones(3, np.int32))),
                Sample((np.ones(2, bool), np.ones(2, bool)), error=TypeError),
                Sample((np.ones(2, np.int32), np.ones(3, np.int32)), error=ValueError)]


@register
class ShiftLeft(_Shift):
    """a * 2**b modulo the width of the type. Gradient: none."""

    name = "shift_left"
    reference = staticmethod(np.left_shift)


@register
class ShiftRight(_Shift):
    """a / 2**b rounded towards minus infinity. Gradient: none."""

    name = "shift_right"
    reference = staticmethod(np.right_shift)
