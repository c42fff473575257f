"""Statements of one operation each.

`flatten` writes a list of statements so that the operands of every call and of every arithmetic operator are *atoms*:
names, constants, attributes of names, and tuples or slices of these. What is none becomes a statement before, whose
result has a name that the function does not use. Operands are evaluated from left to right, so their statements keep
the order of the program. Parts that Python evaluates only sometimes or several times (`a and b`, `a if c else b`,
lambdas, comprehensions) stay whole, and so do statements that hold others (`if`, `for`, `while`, `with`, `try`).
"""
from __future__ import annotations

import ast
from collections.abc import Callable

__all__ = ["flatten", "stem_of"]

_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.MatMult: "matmul", ast.Pow: "pow",
              ast.Mod: "mod", ast.FloorDiv: "floordiv", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
              ast.LShift: "lshift", ast.RShift: "rshift", ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
              ast.Not: "not"}


def stem_of(value: ast.AST) -> str:
    """The name of an operation: that of the attribute or function which is called, or of the operator."""
    if isinstance(value, ast.Call):
        found = value.func
        while isinstance(found, (ast.Call, ast.Subscript)):
            found = found.func if isinstance(found, ast.Call) else found.value
        return found.attr if isinstance(found, ast.Attribute) else found.id if isinstance(found, ast.Name) else "call"
    if isinstance(value, (ast.BinOp, ast.UnaryOp)):
        return _OPERATORS[type(value.op)]
    return type(value).__name__.lower()


class _Flattening:
    """The statements so far. new_name: gives a name that nobody has, from a proposal."""

    def __init__(self, new_name: Callable[[str], str]):
        self.new_name = new_name
        self.done: list[ast.stmt] = []

    def statement(self, statement: ast.stmt) -> None:
        """Append one statement, and before it those that compute its operands."""
        if isinstance(statement, (ast.Assign, ast.Expr, ast.AugAssign)) or (
                isinstance(statement, ast.AnnAssign) and statement.value is not None):
            assert statement.value is not None
            statement.value = self.operation(statement.value)
        elif isinstance(statement, ast.Return) and statement.value is not None:
            statement.value = self.atom(statement.value)
        self.done.append(statement)

    def operation(self, value: ast.expr) -> ast.expr:
        """The expression with atoms as operands."""
        if isinstance(value, ast.Call):
            value.func = self.place(value.func)
            value.args = [self.atom(each) for each in value.args]
            for keyword in value.keywords:
                keyword.value = self.atom(keyword.value)
        elif isinstance(value, ast.BinOp):
            value.left, value.right = self.atom(value.left), self.atom(value.right)
        elif isinstance(value, ast.UnaryOp):
            value.operand = self.atom(value.operand)
        elif isinstance(value, ast.Compare) and len(value.ops) == 1:
            value.left, value.comparators = self.atom(value.left), [self.atom(value.comparators[0])]
        else:
            return self.place(value)
        return value

    def place(self, value: ast.expr) -> ast.expr:
        """An expression that names something: what it reads from becomes an atom."""
        if isinstance(value, ast.Attribute):
            value.value = self.atom(value.value)
        elif isinstance(value, ast.Subscript):
            value.value, value.slice = self.atom(value.value), self.atom(value.slice)
        elif isinstance(value, (ast.Tuple, ast.List)):
            value.elts = [self.atom(each) for each in value.elts]
        elif isinstance(value, ast.Starred):
            value.value = self.atom(value.value)
        elif isinstance(value, ast.Slice):
            value.lower, value.upper, value.step = (
                None if each is None else self.atom(each) for each in (value.lower, value.upper, value.step))
        return value

    def atom(self, value: ast.expr) -> ast.expr:
        """The expression, or the name of what a statement before computes."""
        if isinstance(value, (ast.Name, ast.Constant, ast.Lambda)) or (
                isinstance(value, ast.UnaryOp) and isinstance(value.operand, ast.Constant)):
            return value
        if isinstance(value, (ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Starred, ast.Slice)):
            return self.place(value)
        computed = self.operation(value)
        name = self.new_name(f"{stem_of(computed)}_var")
        self.done.append(ast.Assign([ast.Name(name, ast.Store())], computed, lineno=1))
        return ast.Name(name, ast.Load())


def flatten(statements: list[ast.stmt], new_name: Callable[[str], str]) -> list[ast.stmt]:
    """The statements, which are changed, as statements of one operation each."""
    work = _Flattening(new_name)
    for statement in statements:
        work.statement(statement)
    return work.done
