"""Nodes: the statements of a `construct`, one operation each."""
from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from mindspore.nn.cell import Cell
from mindspore.ops.primitive import Primitive
from mindspore.rewrite.flattening import stem_of
from mindspore.rewrite.scoped_value import ScopedValue, ValueType, as_value

if TYPE_CHECKING:
    from mindspore.rewrite.symbol_tree import SymbolTree

__all__ = ["Node", "NodeType"]


class NodeType(Enum):
    """What a statement does: call a Cell, an operator, a Cell of the program's own (which is a Tree), a container of
    Cells or a function; compute with an operator; hold other statements; name an argument; return; anything else."""

    Unknown = 0
    CallCell = 1
    CallPrimitive = 2
    CallFunction = 3
    Tree = 4
    Input = 5
    Output = 6
    Python = 7
    MathOps = 8
    CellContainer = 9
    ControlFlow = 10


_BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try)


class Node:
    """One statement of a network, or one of its arguments. Nodes come from a SymbolTree, or from `create_call_cell` and
    `create_call_function`.

    Args:
        node: the statement; of an argument its name.
    """

    def __init__(self, node: ast.stmt | str, kind: NodeType = NodeType.Unknown, instance: Any = None, name: str = ""):
        self._statement, self._kind, self._instance, self._name = node, kind, instance, name
        self._tree: SymbolTree | None = None
        self._sub_tree: SymbolTree | None = None

    # -- making --------------------------------------------------------------------------------------------------------

    @staticmethod
    def create_call_cell(cell: Cell, targets: Sequence[ScopedValue | str], args: Sequence[ScopedValue] | None = None,
                         kwargs: dict[str, ScopedValue] | None = None, name: str = "",
                         is_sub_net: bool = False) -> Node:
        """`targets = self.name(*args, **kwargs)`, where self gets `cell` under that name when the node is inserted.

        Args:
            name: by default the name of the first target. is_sub_net: whether the node is a Tree, whose `get_sub_tree`
                is that of the cell.

        Raises:
            TypeError: arguments of other types.
        """
        if not isinstance(cell, (Cell, Primitive)):
            raise TypeError(f"create_call_cell: cell must be a Cell, got {type(cell).__name__}")
        found = _targets("create_call_cell", targets)
        name = name or f"{found[0].value}_cell"
        statement = _call(f"self.{name}", found, _args("create_call_cell", args, kwargs), kwargs)
        kind = NodeType.Tree if is_sub_net else kind_of(cell)
        return Node(statement, NodeType.CallCell if kind is NodeType.Tree and not is_sub_net else kind, cell, name)

    @staticmethod
    def create_call_function(function: Callable, targets: Sequence[ScopedValue | str],
                             args: Sequence[ScopedValue] | None = None,
                             kwargs: dict[str, ScopedValue] | None = None) -> Node:
        """`targets = function(*args, **kwargs)`; the function is an attribute of the new network.

        Raises:
            TypeError: `function` is none, or arguments of other types.
        """
        if not callable(function):
            raise TypeError(f"create_call_function: function must be callable, got {type(function).__name__}")
        found = _targets("create_call_function", targets)
        name = getattr(function, "__name__", type(function).__name__).strip("<>")
        statement = _call(f"self.{name}", found, _args("create_call_function", args, kwargs), kwargs)
        return Node(statement, NodeType.CallFunction, function, name)

    # -- what it is ----------------------------------------------------------------------------------------------------

    def get_name(self) -> str:
        """The name, which no other node of the tree has."""
        return self._name

    def get_node_type(self) -> NodeType:
        """What the statement does."""
        return self._kind

    def get_instance(self) -> Any:
        """The Cell, operator or function that is called; None for other statements."""
        return self._instance

    def get_instance_type(self) -> type:
        """The class of what is called; `NoneType` for other statements."""
        return type(self._instance)

    def get_symbol_tree(self) -> SymbolTree | None:
        """The tree that the node is in; None before it is inserted."""
        return self._tree

    def get_sub_tree(self) -> SymbolTree | None:
        """The tree of the Cell that a Tree node calls; None for other nodes. Its changes are part of `get_network`."""
        if self._kind is not NodeType.Tree:
            return None
        if self._sub_tree is None:
            from mindspore.rewrite.symbol_tree import SymbolTree
            self._sub_tree = SymbolTree.create(self._instance)
        return self._sub_tree

    def get_handler(self) -> ast.stmt | str:
        """The statement; of an argument its name."""
        return self._statement

    def get_targets(self) -> list[ScopedValue]:
        """The names that the statement gives values."""
        if isinstance(self._statement, str):
            return [ScopedValue.create_naming_value(self._statement)]
        return [ScopedValue.of(target) for target in _assigned(self._statement)]

    def get_args(self) -> list[ScopedValue]:
        """The positional arguments of the call, or the operands of the operator, or what is returned."""
        return [ScopedValue.of(each) for each in self._operands()]

    def get_kwargs(self) -> dict[str, ScopedValue]:
        """The arguments by keyword."""
        value = _value(self._statement)
        return {} if not isinstance(value, ast.Call) else {
            str(each.arg): ScopedValue.of(each.value) for each in value.keywords}

    def get_inputs(self) -> list[Node]:
        """The nodes whose results this one reads, in the order of its arguments."""
        return [] if self._tree is None else self._tree.sources_of(self)

    def get_users(self) -> list[Node]:
        """The nodes that read a result of this one."""
        return [] if self._tree is None else [
            node for node in self._tree.nodes() if any(source is self for source in self._tree.sources_of(node))]

    # -- changing ------------------------------------------------------------------------------------------------------

    def set_arg(self, index: int, arg: ScopedValue | str) -> None:
        """Replace one argument. TypeError for another type of value, IndexError where there is no such argument."""
        self._set_operand(index, as_value("set_arg", arg).expression())

    def set_arg_by_node(self, arg_idx: int, src_node: Node, out_idx: int | None = None) -> None:
        """Make a result of another node an argument: the first, or that of number `out_idx`.

        Raises:
            TypeError: `src_node` is no Node. ValueError: nodes of two trees. IndexError: there is no such argument or
                result.
        """
        if not isinstance(src_node, Node):
            raise TypeError(f"set_arg_by_node: src_node must be a Node, got {type(src_node).__name__}")
        if src_node._tree is not self._tree:
            raise ValueError(f"set_arg_by_node: {src_node._name!r} and {self._name!r} belong to different trees")
        targets = src_node.get_targets()
        number = 0 if out_idx is None else out_idx
        if not 0 <= number < len(targets):
            raise IndexError(f"set_arg_by_node: out_idx is {out_idx}; {src_node._name!r} has {len(targets)} results")
        self._set_operand(arg_idx, targets[number].expression())

    def _operands(self) -> list[ast.expr]:
        value = _value(self._statement)
        if isinstance(value, ast.Call):
            return value.args
        if isinstance(value, ast.BinOp):
            return [value.left, value.right]
        if isinstance(value, ast.UnaryOp):
            return [value.operand]
        if isinstance(self._statement, ast.Return) and isinstance(value, ast.Tuple):
            return value.elts
        return [] if value is None else [value]

    def _set_operand(self, index: int, new: ast.expr) -> None:
        operands, value = self._operands(), _value(self._statement)
        if not isinstance(index, int) or not 0 <= index < len(operands):
            raise IndexError(f"{self._name}: there is no argument {index!r}; it has {len(operands)}")
        if isinstance(value, ast.BinOp):
            setattr(value, ("left", "right")[index], new)
        elif isinstance(value, ast.UnaryOp):
            value.operand = new
        elif operands is getattr(value, "args", None) or operands is getattr(value, "elts", None):
            operands[index] = new
        else:
            setattr(self._statement, "value", new)  # noqa: B010  (not every statement has one)

    def __repr__(self) -> str:
        text = self._statement if isinstance(self._statement, str) else ast.unparse(self._statement)
        return f"<{self._kind.name} {self._name}: {text}>"


def kind_of(instance: Any) -> NodeType:
    """The kind of a node that calls this object."""
    from mindspore.nn.layer.container import CellDict, CellList, SequentialCell
    if isinstance(instance, (SequentialCell, CellList, CellDict)):
        return NodeType.CellContainer
    if isinstance(instance, Cell):
        return NodeType.CallCell if type(instance).__module__.startswith("mindspore.") else NodeType.Tree
    return NodeType.CallPrimitive if isinstance(instance, Primitive) else NodeType.CallFunction


def described(statement: ast.stmt, instance: Any) -> Node:
    """The node of a statement, named by its operation; its tree makes the name one of its own."""
    value = _value(statement)
    if isinstance(statement, ast.Return):
        return Node(statement, NodeType.Output, name="return")
    if isinstance(statement, _BLOCKS):
        return Node(statement, NodeType.ControlFlow, name=type(statement).__name__.lower())
    if isinstance(value, ast.Call):
        return Node(statement, kind_of(instance), instance, stem_of(value))
    if isinstance(value, (ast.BinOp, ast.UnaryOp)):
        return Node(statement, NodeType.MathOps, name=stem_of(value))
    return Node(statement, NodeType.Python, name=stem_of(statement if value is None else value))


def _value(statement: ast.stmt | str) -> ast.expr | None:
    return getattr(statement, "value", None)


def _assigned(statement: ast.stmt) -> list[ast.expr]:
    """The expressions that are assigned to."""
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        return [statement.target]
    found: list[ast.expr] = []
    for target in getattr(statement, "targets", ()):
        found += target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
    return found


def _targets(owner: str, targets: Any) -> list[ScopedValue]:
    if not isinstance(targets, (list, tuple)) or not targets:
        raise TypeError(f"{owner}: targets must be a list of at least one ScopedValue or str, got {targets!r}")
    found = [as_value(owner, target) for target in targets]
    for target in found:
        if target.type is not ValueType.NamingValue:
            raise TypeError(f"{owner}: a target must be a name, got {target}")
    return found


def _args(owner: str, args: Any, kwargs: Any) -> list[ScopedValue]:
    if not isinstance(args, (list, tuple, type(None))) or not isinstance(kwargs, (dict, type(None))):
        raise TypeError(f"{owner}: args must be a list and kwargs a dict, got {args!r} and {kwargs!r}")
    return [as_value(owner, arg) for arg in args or ()]


def _call(function: str, targets: list[ScopedValue], args: list[ScopedValue],
          kwargs: dict[str, ScopedValue] | None) -> ast.stmt:
    """`targets = function(*args, **kwargs)`."""
    keywords = [ast.keyword(key, as_value("kwargs", value).expression()) for key, value in (kwargs or {}).items()]
    call = ast.Call(ast.parse(function, mode="eval").body, [arg.expression() for arg in args], keywords)
    names = [target.expression(store=True) for target in targets]
    return ast.Assign([names[0] if len(names) == 1 else ast.Tuple(names, ast.Store())], call, lineno=1)
