"""Operators: each is executed natively on its operands, which records it if one of them is a traced tensor."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend.branches import contains, truth
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.scopes import Scope

__all__ = ["BINARY", "IN_PLACE"]

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.MatMult: operator.matmul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
}

IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.MatMult: operator.imatmul,
    ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv,
    ast.Mod: operator.imod,
    ast.Pow: operator.ipow,
    ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
    ast.BitOr: operator.ior,
    ast.BitXor: operator.ixor,
    ast.BitAnd: operator.iand,
}

_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}

_Comparison = Callable[[Frame, Any, Any, Site], Any]


@compiles(ast.Constant)
def _constant(node: ast.Constant, scope: Scope) -> Run:
    value = node.value

    def constant(frame: Frame) -> Any:
        return value

    return constant


@compiles(ast.BinOp)
def _binary(node: ast.BinOp, scope: Scope) -> Run:
    operate = BINARY[type(node.op)]
    left, right, site = compile_node(node.left, scope), compile_node(node.right, scope), scope.site(node)

    def binary(frame: Frame) -> Any:
        a = left(frame)
        b = right(frame)
        frame.site = site
        return operate(a, b)

    return binary


@compiles(ast.UnaryOp)
def _unary(node: ast.UnaryOp, scope: Scope) -> Run:
    operand, site = compile_node(node.operand, scope), scope.site(node)
    if isinstance(node.op, ast.Not):

        def negate(frame: Frame) -> bool:
            return not truth(frame, operand(frame), site, "not")

        return negate
    operate = _UNARY[type(node.op)]

    def unary(frame: Frame) -> Any:
        value = operand(frame)
        frame.site = site
        return operate(value)

    return unary


@compiles(ast.BoolOp)
def _bool_op(node: ast.BoolOp, scope: Scope) -> Run:
    runs = [(compile_node(each, scope), scope.site(each)) for each in node.values]
    first, last = runs[:-1], runs[-1][0]
    decisive = isinstance(node.op, ast.Or)
    word = "or" if decisive else "and"

    def bool_op(frame: Frame) -> Any:
        for run, site in first:
            value = run(frame)
            if truth(frame, value, site, word) is decisive:
                return value
        return last(frame)

    return bool_op


@compiles(ast.IfExp)
def _conditional(node: ast.IfExp, scope: Scope) -> Run:
    test, site = compile_node(node.test, scope), scope.site(node.test)
    body, otherwise = compile_node(node.body, scope), compile_node(node.orelse, scope)

    def conditional(frame: Frame) -> Any:
        if truth(frame, test(frame), site, "conditional expression"):
            return body(frame)
        return otherwise(frame)

    return conditional


# -- comparisons -------------------------------------------------------------------------------------------------------


def _comparison(kind: ast.cmpop) -> _Comparison:
    if isinstance(kind, ast.In):
        return contains
    if isinstance(kind, ast.NotIn):
        return lambda frame, a, b, site: not contains(frame, a, b, site)
    operate = _COMPARE[type(kind)]

    def compare(frame: Frame, a: Any, b: Any, site: Site) -> Any:
        frame.site = site
        return operate(a, b)

    return compare


@compiles(ast.Compare)
def _compare(node: ast.Compare, scope: Scope) -> Run:
    if len(node.ops) > 1:
        return _compare_chain(node, scope)
    left, site = compile_node(node.left, scope), scope.site(node)
    right = compile_node(node.comparators[0], scope)
    operate = _COMPARE.get(type(node.ops[0]))
    if operate is not None:

        def compare(frame: Frame) -> Any:
            a = left(frame)
            b = right(frame)
            frame.site = site
            return operate(a, b)

        return compare
    negated = isinstance(node.ops[0], ast.NotIn)

    def membership(frame: Frame) -> bool:
        item = left(frame)
        return contains(frame, item, right(frame), site) is not negated

    return membership


def _compare_chain(node: ast.Compare, scope: Scope) -> Run:
    left, site = compile_node(node.left, scope), scope.site(node)
    *links, (compare_last, load_last) = [
        (_comparison(kind), compile_node(operand, scope))
        for kind, operand in zip(node.ops, node.comparators, strict=True)
    ]

    def compare_chain(frame: Frame) -> Any:
        a = left(frame)
        for compare, load in links:
            b = load(frame)
            outcome = compare(frame, a, b, site)
            if not truth(frame, outcome, site, "chained comparison"):
                return outcome
            a = b
        return compare_last(frame, a, load_last(frame), site)

    return compare_chain


# -- subscripts --------------------------------------------------------------------------------------------------------


@compiles(ast.Subscript)
def _subscript(node: ast.Subscript, scope: Scope) -> Run:
    container, index, site = compile_node(node.value, scope), compile_node(node.slice, scope), scope.site(node)

    def subscript(frame: Frame) -> Any:
        value = container(frame)
        key = index(frame)
        frame.site = site
        return value[key]

    return subscript


@compiles(ast.Slice)
def _slice(node: ast.Slice, scope: Scope) -> Run:
    nothing = ast.copy_location(ast.Constant(None), node)
    lower = compile_node(node.lower or nothing, scope)
    upper = compile_node(node.upper or nothing, scope)
    step = compile_node(node.step or nothing, scope)

    def make_slice(frame: Frame) -> slice:
        return slice(lower(frame), upper(frame), step(frame))

    return make_slice
