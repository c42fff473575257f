"""Operators: each is executed natively on its operands, which records it if one of them is a traced tensor.

Only operators of classes that are written in Python are looked into (`special.py`).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mindspore.compiler.frontend.branches import branches_on, contains, lacks, truth
from mindspore.compiler.frontend.conditions import predicate
from mindspore.compiler.frontend.decisions import decide, fork
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.entries import PLAIN
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.identities import other_object, same_object
from mindspore.compiler.frontend.journal import MADE
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.number_operators import operated
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.special import CONTAINERS, apply_special, compare, is_special, load_varied_item
from mindspore.compiler.frontend.variants import is_varied

__all__ = ["in_place_operator"]

_NAMES: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.BitAnd: "and",
}

_Names = tuple[str, ...]


def binary_operator(kind: ast.operator) -> tuple[Callable[[Any, Any], Any], _Names]:
    """The native function of a binary operator, and the special methods that it calls."""
    name = f"__{_NAMES[type(kind)]}__"
    return getattr(operator, name), (name,)


def in_place_operator(kind: ast.operator) -> tuple[Callable[[Any, Any], Any], _Names]:
    """The native function of an augmented assignment, and the special methods that it calls."""
    name = _NAMES[type(kind)]
    return getattr(operator, f"__i{name}__"), (f"__i{name}__", f"__{name}__")


_UNARY: dict[type[ast.unaryop], tuple[Callable[[Any], Any], _Names]] = {
    ast.UAdd: (operator.pos, ("__pos__",)),
    ast.USub: (operator.neg, ("__neg__",)),
    ast.Invert: (operator.invert, ("__invert__",)),
}

_COMPARE: dict[type[ast.cmpop], tuple[Callable[[Any, Any], Any], _Names]] = {
    ast.Eq: (operator.eq, ("__eq__",)),
    ast.NotEq: (operator.ne, ("__ne__",)),
    ast.Lt: (operator.lt, ("__lt__",)),
    ast.LtE: (operator.le, ("__le__",)),
    ast.Gt: (operator.gt, ("__gt__",)),
    ast.GtE: (operator.ge, ("__ge__",)),
    ast.Is: (same_object, ()),
    ast.IsNot: (other_object, ()),
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
    operate, names = binary_operator(node.op)
    left, right, site = compile_node(node.left, scope), compile_node(node.right, scope), scope.site(node)
    is_remainder = isinstance(node.op, ast.Mod)

    def binary(frame: Frame, given: tuple[Any, Any] | None = None) -> Any:
        a, b = (left(frame), right(frame)) if given is None else given
        frame.site = site
        session = frame.session
        if given is None and session.varies and is_varied(session, a, b):
            return fork(frame, lambda frame, *members: binary(frame, members), a, b)
        if session.kinds.get(type(a)) != PLAIN and is_special(session, a):
            result = apply_special(frame, names, operate, a, b)
            if type(result) is type(a) is np.ndarray:
                session.journal.made(result)
            return result
        if is_remainder and type(a) is str and session.policy.effects is not None:
            return session.policy.effects.percent(a, b)
        if session.numbers and (session.is_traced(a) or session.is_traced(b)):
            return operated(frame, operate, names, a, b)
        result = operate(a, b)
        if type(result) in MADE and result is not a and result is not b:
            session.journal.made(result)
        return result

    return binary


@compiles(ast.UnaryOp)
def _unary(node: ast.UnaryOp, scope: Scope) -> Run:
    operand, site = compile_node(node.operand, scope), scope.site(node)
    if isinstance(node.op, ast.Not):

        def negate(frame: Frame, given: tuple[Any] | None = None) -> Any:
            value = operand(frame) if given is None else given[0]
            if given is None and frame.session.varies and is_varied(frame.session, value):
                frame.site = site
                return fork(frame, lambda frame, member: negate(frame, (member,)), value)
            if type(value) is not bool and branches_on(frame, value):
                return frame.session.policy.control.negate(predicate(frame, value, site, "not"))
            return not truth(frame, value, site, "not")

        return negate
    operate, names = _UNARY[type(node.op)]

    def unary(frame: Frame, given: tuple[Any] | None = None) -> Any:
        value = operand(frame) if given is None else given[0]
        frame.site = site
        session = frame.session
        if given is None and session.varies and is_varied(session, value):
            return fork(frame, lambda frame, member: unary(frame, (member,)), value)
        if session.kinds.get(type(value)) != PLAIN and is_special(session, value):
            return apply_special(frame, names, operate, value)
        if session.numbers and session.is_traced(value):
            return operated(frame, operate, names, value)
        return operate(value)

    return unary


def _constantly(value: Any) -> Run:
    return lambda frame: value


@compiles(ast.BoolOp)
def _bool_op(node: ast.BoolOp, scope: Scope) -> Run:
    runs = [(compile_node(each, scope), scope.site(each)) for each in node.values]
    first, last = runs[:-1], runs[-1][0]
    decisive = isinstance(node.op, ast.Or)
    word = "or" if decisive else "and"

    def run_from(frame: Frame, start: int = 0) -> Any:
        for number in range(start, len(first)):
            run, site = first[number]
            value = run(frame)
            if type(value) is not bool and branches_on(frame, value):
                sides = _constantly(value), partial(run_from, start=number + 1)
                return decide(frame, value, site, word, *(sides if decisive else sides[::-1]), True)
            if truth(frame, value, site, word) is decisive:
                return value
        return last(frame)

    return run_from


@compiles(ast.IfExp)
def _conditional(node: ast.IfExp, scope: Scope) -> Run:
    test, site = compile_node(node.test, scope), scope.site(node.test)
    body, otherwise = compile_node(node.body, scope), compile_node(node.orelse, scope)

    def conditional(frame: Frame) -> Any:
        value = test(frame)
        if value is True:
            return body(frame)
        if value is False:
            return otherwise(frame)
        if branches_on(frame, value):
            return decide(frame, value, site, "conditional expression", body, otherwise, True)
        if truth(frame, value, site, "conditional expression"):
            return body(frame)
        return otherwise(frame)

    return conditional


# -- comparisons -------------------------------------------------------------------------------------------------------


def _comparison(kind: ast.cmpop) -> _Comparison:
    if isinstance(kind, ast.In):
        return contains
    if isinstance(kind, ast.NotIn):
        return lacks
    operate, names = _COMPARE[type(kind)]
    looks_inside = isinstance(kind, (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE))

    def compare_at(frame: Frame, a: Any, b: Any, site: Site) -> Any:
        frame.site = site
        if frame.session.varies:
            return fork(frame, apply, a, b, deep=looks_inside)
        return apply(frame, a, b)

    def apply(frame: Frame, a: Any, b: Any) -> Any:
        session = frame.session
        if looks_inside and type(a) in CONTAINERS and type(a) is type(b):
            return compare(frame, operate.__name__, a, b)
        if session.kinds.get(type(a)) != PLAIN and is_special(session, a):
            return apply_special(frame, names, operate, a, b)
        if session.numbers and names and session.is_traced(a):
            return operated(frame, operate, names, a, b)
        return operate(a, b)

    return compare_at


@compiles(ast.Compare)
def _compare(node: ast.Compare, scope: Scope) -> Run:
    if len(node.ops) > 1:
        return _compare_chain(node, scope)
    left, site = compile_node(node.left, scope), scope.site(node)
    right = compile_node(node.comparators[0], scope)
    compare_values = _comparison(node.ops[0])
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return lambda frame: compare_values(frame, left(frame), right(frame), site)
    operate, names = _COMPARE[type(node.ops[0])]

    def compare_two(frame: Frame) -> Any:
        a = left(frame)
        b = right(frame)
        session = frame.session
        if session.varies or (type(a) in CONTAINERS and type(a) is type(b)):
            return compare_values(frame, a, b, site)
        frame.site = site
        if session.kinds.get(type(a)) != PLAIN and is_special(session, a):
            return apply_special(frame, names, operate, a, b)
        if session.numbers and names and session.is_traced(a):
            return operated(frame, operate, names, a, b)
        return operate(a, b)

    return compare_two


def _compare_chain(node: ast.Compare, scope: Scope) -> Run:
    left, site = compile_node(node.left, scope), scope.site(node)
    *links, (compare_last, load_last) = [
        (_comparison(kind), compile_node(operand, scope))
        for kind, operand in zip(node.ops, node.comparators, strict=True)
    ]

    def run_from(frame: Frame, start: int = 0, a: Any = None) -> Any:
        if start == 0:
            a = left(frame)
        for number in range(start, len(links)):
            compare_link, load = links[number]
            b = load(frame)
            outcome = compare_link(frame, a, b, site)
            if type(outcome) is not bool and branches_on(frame, outcome):
                go_on = partial(run_from, start=number + 1, a=b)
                return decide(frame, outcome, site, "chained comparison", go_on, _constantly(outcome), True)
            if not truth(frame, outcome, site, "chained comparison"):
                return outcome
            a = b
        return compare_last(frame, a, load_last(frame), site)

    return run_from


# -- subscripts --------------------------------------------------------------------------------------------------------


@compiles(ast.Subscript)
def _subscript(node: ast.Subscript, scope: Scope) -> Run:
    container, index, site = compile_node(node.value, scope), compile_node(node.slice, scope), scope.site(node)

    def subscript(frame: Frame) -> Any:
        value = container(frame)
        key = index(frame)
        frame.site = site
        return load_varied_item(frame, value, key)

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
