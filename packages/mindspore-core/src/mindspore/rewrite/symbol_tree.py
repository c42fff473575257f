"""SymbolTree: the statements of one network's `construct`."""
from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mindspore.compiler.frontend.source import SourceProblem, find_source
from mindspore.nn.cell import Cell
from mindspore.rewrite.flattening import flatten
from mindspore.rewrite.node import Node, NodeType, described
from mindspore.rewrite.writing import function_of

__all__ = ["Position", "SymbolTree"]


class Position(NamedTuple):
    """A place between the statements of a tree: `number` of them stand before it."""

    tree: SymbolTree
    number: int


class SymbolTree:
    """The statements of a network's `construct`; made by `SymbolTree.create`.

    Args:
        handler: the network.

    Raises:
        TypeError: it is no Cell. ValueError: the source of its `construct` is not available.
    """

    def __init__(self, handler: Cell):
        if not isinstance(handler, Cell):
            raise TypeError(f"SymbolTree: expected a Cell, got {type(handler).__name__}")
        construct = inspect.unwrap(type(handler).construct)
        found = find_source(construct.__code__, construct.__globals__)
        if isinstance(found, SourceProblem) or not isinstance(found.node, ast.FunctionDef):
            raise ValueError(f"SymbolTree: the source of {type(handler).__name__}.construct cannot be used: "
                             f"{found.reason if isinstance(found, SourceProblem) else 'it is no function'}")
        self._network, self._construct, self._private = handler, construct, found.private
        self._definition = copy.deepcopy(found.node)
        self._names = {each.id for each in ast.walk(self._definition) if isinstance(each, ast.Name)}
        self._names |= {each.arg for each in ast.walk(self._definition) if isinstance(each, ast.arg)}
        self._taken: set[str] = set()
        self._added: dict[str, Any] = {}
        body = self._definition.body
        if ast.get_docstring(self._definition) is not None:
            body = body[1:]
        self._self = self._definition.args.args[0].arg
        self._inputs = [self._own(Node(name, NodeType.Input, name=f"input_{name}")) for name in self._parameters()]
        self._nodes = [self._own(described(each, self._called(each))) for each in flatten(body, self.unique_name)]
        self._bound = {name for node in self._nodes for name in _bound(node)}  # what was ever a local variable

    @classmethod
    def create(cls, network: Cell) -> SymbolTree:
        """The tree of a network, which stays as it is.

        Raises:
            TypeError: it is no Cell. ValueError: the source of its `construct` is not available.
        """
        return cls(network)

    # -- looking -------------------------------------------------------------------------------------------------------

    def nodes(self, all_nodes: bool = False) -> Iterator[Node]:
        """The arguments and the statements in order; with `all_nodes` those of the trees below as well."""
        for node in [*self._inputs, *self._nodes]:
            yield node
            if all_nodes and node.get_node_type() is NodeType.Tree:
                below = node.get_sub_tree()
                assert below is not None
                yield from below.nodes(True)

    def get_node(self, node_name: str) -> Node | None:
        """The node of this name; None if there is none."""
        return next((node for node in self.nodes() if node.get_name() == node_name), None)

    def get_inputs(self) -> list[Node]:
        """The nodes of the arguments."""
        return list(self._inputs)

    def sources_of(self, node: Node) -> list[Node]:
        """The nodes whose results a node reads: of each name that it reads, the last one before it that gives the name
        a value."""
        if node in self._inputs or isinstance(node.get_handler(), str):
            return []
        before = [*self._inputs, *self._nodes[:self._place(node)]]
        found: list[Node] = []
        for name in _read(node.get_handler()):
            source = next((each for each in reversed(before) if name in _bound(each)), None)
            if source is not None and source not in found:
                found.append(source)
        return found

    def print_node_tabulate(self, all_nodes: bool = False) -> None:
        """Print type, name, statement, arguments and users of each node."""
        rows = [("node type", "name", "codes", "arg providers", "target users")]
        for node in self.nodes(all_nodes):
            statement = node.get_handler()
            rows.append((node.get_node_type().name, node.get_name(),
                         statement if isinstance(statement, str) else ast.unparse(statement).splitlines()[0],
                         ", ".join(each.get_name() for each in node.get_inputs()),
                         ", ".join(each.get_name() for each in node.get_users())))
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())

    def unique_name(self, name: str = "output") -> str:
        """The name, with a number behind it where the program has it already."""
        found, number = name, 0
        while found in self._names:
            number += 1
            found = f"{name}_{number}"
        self._names.add(found)
        return found

    # -- changing ------------------------------------------------------------------------------------------------------

    def before(self, node: Node | str) -> Position:
        """The place before a node. TypeError for what is neither a Node nor a name, ValueError for one that is not in
        the tree."""
        return Position(self, self._place(self._found("before", node)))

    def after(self, node: Node | str) -> Position:
        """The place behind a node; behind an argument it is that before the first statement."""
        found = self._found("after", node)
        return Position(self, 0 if found in self._inputs else self._place(found) + 1)

    def insert(self, position: Position, node: Node) -> Node:
        """Put a node at a place, which `before` or `after` gave; the node. What it calls becomes an attribute of the
        network, under another name where the network has its own.

        Raises:
            TypeError: arguments of other types. ValueError: a place of another tree, or a node that is in a tree.
        """
        if not isinstance(position, Position) or not isinstance(node, Node):
            raise TypeError(f"insert: expected a place and a Node, got {type(position).__name__} and "
                            f"{type(node).__name__}")
        if position.tree is not self:
            raise ValueError("insert: the place is one of another tree")
        if node.get_symbol_tree() is not None:
            raise ValueError(f"insert: {node.get_name()!r} is in a tree already; make another node")
        if isinstance(node.get_handler(), str):
            raise ValueError("insert: an argument of the network cannot be inserted among its statements")
        self._add_attribute(node)
        self._bound |= set(_bound(node))
        self._names |= self._bound
        self._nodes.insert(position.number, self._own(node))
        return node

    def erase(self, node: Node | str) -> Node | None:
        """Take a node out; the node, or None if it is not in the tree. Whoever reads its result reads the one that the
        name had before, if any. ValueError for an argument of the network."""
        found = node if isinstance(node, Node) else self.get_node(node)
        if found in self._inputs:
            raise ValueError(f"erase: {found!r} is an argument of the network, which stays")
        if found not in self._nodes:
            return None
        assert found is not None
        self._nodes.remove(found)
        self._taken.discard(found.get_name())
        found._tree = None
        return found

    def replace(self, old_node: Node | str, new_nodes: Sequence[Node]) -> Node:
        """Put nodes in the place of one; the last of them.

        Raises:
            TypeError: arguments of other types. ValueError: the node is not in the tree, or there is no new one.
        """
        found = self._found("replace", old_node)
        if not isinstance(new_nodes, (list, tuple)) or not all(isinstance(each, Node) for each in new_nodes):
            raise TypeError(f"replace: new_nodes must be a list of Nodes, got {new_nodes!r}")
        if not new_nodes:
            raise ValueError("replace: new_nodes is empty; expected at least one Node (see erase)")
        position = self.before(found)
        self.erase(found)
        for number, node in enumerate(new_nodes):
            self.insert(Position(self, position.number + number), node)
        return new_nodes[-1]

    # -- the result ----------------------------------------------------------------------------------------------------

    def get_code(self) -> str:
        """The new `construct`, in a class."""
        body = ast.unparse(ast.fix_missing_locations(self._function()))
        name = type(self._network).__name__
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        return f"class {name}Opt({name}):\n{lines}\n"

    def get_network(self) -> Cell:
        """A Cell of the statements as they are now. It shares parameters, cells and other attributes with the network.

        Raises:
            ValueError: a statement reads a name that no statement before it gives a value any more.
        """
        self._check_names()
        function = function_of(self._function(), self._construct, self._private)
        cls = type(self._network)
        made: Cell = object.__new__(
            type(f"{cls.__name__}Opt", (cls,), {"construct": function, "__module__": cls.__module__}))
        made.__dict__.update({name: copy.copy(value) if name in ("_params", "_cells", "_buffers") else value
                              for name, value in self._network.__dict__.items()})
        made.__dict__["_compiled"] = None
        for name, value in self._added.items():
            setattr(made, name, value)
        for node in self._nodes:
            if node._sub_tree is not None:
                setattr(made, _attribute(node, self._self), node._sub_tree.get_network())
        return made

    def _function(self) -> ast.FunctionDef:
        made = copy.deepcopy(self._definition)
        made.decorator_list = []
        made.body = [copy.deepcopy(node._statement) for node in self._nodes if not isinstance(node._statement, str)] \
            or [ast.Pass()]
        return made

    def _check_names(self) -> None:
        """ValueError where a local name is read before a statement gives it a value."""
        known = {name for node in self._inputs for name in _bound(node)} | {self._self}
        for node in self._nodes:
            missing = [name for name in _read(node.get_handler()) if name in self._bound and name not in known
                       and node.get_node_type() is not NodeType.ControlFlow]
            if missing:
                raise ValueError(f"get_network: {node!r} reads {missing[0]!r}, which no statement before it gives a "
                                 f"value; set the argument (set_arg), or insert a node with this target")
            known |= set(_bound(node))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _parameters(self) -> list[str]:
        args = self._definition.args
        extra = [each.arg for each in (args.vararg, args.kwarg) if each is not None]
        return [each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)][1:] + extra

    def _own(self, node: Node) -> Node:
        """The node as one of this tree, under a name that no other has."""
        name, number = node._name, 0
        while node._name in self._taken:
            number += 1
            node._name = f"{name}_{number}"
        self._taken.add(node._name)
        node._tree = self
        return node

    def _found(self, owner: str, node: Node | str) -> Node:
        if not isinstance(node, (Node, str)):
            raise TypeError(f"{owner}: expected a Node or its name, got {type(node).__name__}")
        found = self.get_node(node) if isinstance(node, str) else node
        if found is None or found._tree is not self:
            raise ValueError(f"{owner}: the tree has no node {node!r}; it has "
                             f"{', '.join(each.get_name() for each in self.nodes())}")
        return found

    def _place(self, node: Node) -> int:
        return 0 if node in self._inputs else next(k for k, each in enumerate(self._nodes) if each is node)

    def _called(self, statement: ast.stmt) -> Any:
        """The object that the statement calls, where it is an attribute of the network or a global; else None."""
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.Call):
            return None
        root: ast.expr = value.func
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if not isinstance(root, ast.Name):
            return None
        try:
            return eval(ast.unparse(value.func), self._construct.__globals__, {self._self: self._network})
        except (AttributeError, NameError, LookupError, TypeError):
            return None

    def _add_attribute(self, node: Node) -> None:
        """What a new node calls, as an attribute of the network under a free name."""
        value = getattr(node._statement, "value", None)
        if node._instance is None or not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
            return
        name, number = value.func.attr, 0
        while hasattr(self._network, name) and getattr(self._network, name) is not node._instance or (
                self._added.get(name, node._instance) is not node._instance):
            number += 1
            name = f"{value.func.attr}_{number}"
        value.func = ast.Attribute(ast.Name(self._self, ast.Load()), name, ast.Load())
        self._added[name] = node._instance


def _attribute(node: Node, first: str) -> str:
    """The attribute of the network that a node calls. ValueError where it is no attribute of the network itself."""
    call = getattr(node._statement, "value", None)
    assert isinstance(call, ast.Call)
    function = call.func
    if not isinstance(function, ast.Attribute) or ast.unparse(function.value) != first:
        raise ValueError(f"get_network: {node!r} calls no attribute of the network itself, so its tree cannot be put "
                         f"in its place; replace the node")
    return function.attr


def _read(statement: ast.stmt | str) -> list[str]:
    """The names that a statement reads, in order."""
    if isinstance(statement, str):
        return []
    hidden = _inside(statement)
    names = [each.id for each in ast.walk(statement)
             if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and each.id not in hidden]
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        names.append(statement.target.id)
    return list(dict.fromkeys(names))


def _bound(node: Node) -> list[str]:
    """The names that a node gives values."""
    statement = node.get_handler()
    if isinstance(statement, str):
        return [statement]
    hidden = _inside(statement)
    return [each.id for each in ast.walk(statement)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) and each.id not in hidden]


def _inside(statement: ast.stmt) -> set[str]:
    """The names that belong to comprehensions and lambdas in a statement."""
    found = {each.id for comprehension in ast.walk(statement) if isinstance(comprehension, ast.comprehension)
             for each in ast.walk(comprehension.target) if isinstance(each, ast.Name)}
    return found | {each.arg for each in ast.walk(statement) if isinstance(each, ast.arg)}
