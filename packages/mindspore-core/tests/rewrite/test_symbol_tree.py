"""Networks whose statements are changed: what the nodes are, each kind of change against the network written by hand,
in both modes and with gradients."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.rewrite import Node, NodeType, ScopedValue, SymbolTree, ValueType

X = Tensor(np.float32([[-1, 2, 3], [4, -5, 6]]))
scale = 2.0


class Block(nn.Cell):
    """A Cell of the program's own."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def construct(self, x):
        return self.relu(x) * scale


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(3, 3, weight_init="ones")
        self.block = Block()
        self.layers = nn.SequentialCell(nn.Tanh(), nn.Sigmoid())
        self.neg = ops.Neg()
        self.__private = 0.5

    def construct(self, x, weight=1.0):
        """The documentation of construct."""
        x = self.dense(x)
        y = self.block(self.neg(x)) + ops.square(x) * weight
        if weight > 3:
            y = y - 1
        z = self.layers(y)
        return ops.sum(z, -1), z * self.__private


def by_hand(net, x, weight=1.0, first=lambda v: v, last=lambda v: v):
    x = first(net.dense(x))
    y = net.block(net.neg(x)) + ops.square(x) * weight
    z = last(net.layers(y - 1 if weight > 3 else y))
    return ops.sum(z, -1), z * 0.5


def check(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), rtol=1e-6)


@pytest.fixture
def net():
    return Net()


EXPECTED = [
    ("Input", "input_x", "x"), ("Input", "input_weight", "weight"), ("CallCell", "dense", "x = self.dense(x)"),
    ("CallPrimitive", "neg", "neg_var = self.neg(x)"), ("Tree", "block", "block_var = self.block(neg_var)"),
    ("CallFunction", "square", "square_var = ops.square(x)"), ("MathOps", "mul", "mul_var = square_var * weight"),
    ("MathOps", "add", "y = block_var + mul_var"), ("ControlFlow", "if", "if weight > 3:"),
    ("CellContainer", "layers", "z = self.layers(y)"), ("CallFunction", "sum", "sum_var = ops.sum(z, -1)"),
    ("MathOps", "mul_1", "mul_var_1 = z * self.__private"), ("Output", "return", "return (sum_var, mul_var_1)"),
]


def test_nodes(net):
    """Each statement is one operation, named by what it calls."""
    tree = SymbolTree.create(net)
    found = [(node.get_node_type().name, node.get_name(), repr(node).partition(": ")[2].rstrip(">").splitlines()[0])
             for node in tree.nodes()]
    assert found == EXPECTED
    assert tree.get_node("dense").get_instance() is net.dense
    assert tree.get_node("dense").get_instance_type() is nn.Dense
    assert tree.get_node("nothing") is None
    assert [node.get_name() for node in tree.get_inputs()] == ["input_x", "input_weight"]
    assert [node.get_name() for node in tree.get_node("add").get_inputs()] == ["block", "mul"]
    assert [node.get_name() for node in tree.get_node("dense").get_users()] == ["neg", "square"]
    assert tree.get_node("sum").get_args() == [ScopedValue.create_naming_value("z"),
                                               ScopedValue.create_variable_value(-1)]
    below = tree.get_node("block").get_sub_tree()
    assert [node.get_name() for node in below.nodes()] == ["input_x", "relu", "mul", "return"]
    assert len(list(tree.nodes(all_nodes=True))) == len(EXPECTED) + 4


def test_an_unchanged_tree_gives_the_same_network(net, mode):
    found = SymbolTree.create(net).get_network()
    assert isinstance(found, Net) and type(found).__name__ == "NetOpt" and found.dense is net.dense
    for arguments in ((X,), (X, 4.0)):
        check(found(*arguments), by_hand(net, *arguments))
    check(net(X), by_hand(net, X))
    weights = ms.ParameterTuple(found.trainable_params())
    ones, others = (ms.grad(lambda x: each(x)[1], None, weights)(X) for each in (found, net))  # noqa: B023
    check(ones, others)


def test_insert(net, mode):
    """Behind a node and before one; what is inserted is an attribute of the new network alone."""
    tree = SymbolTree.create(net)
    dense = tree.get_node("dense")
    cell = Node.create_call_cell(nn.ReLU6(), ["x"], [dense.get_targets()[0]], name="extra")
    assert tree.insert(tree.after(dense), cell) is cell
    function = Node.create_call_function(ops.pow, ["z"], ["z", ScopedValue.create_variable_value(2)])
    tree.insert(tree.before("sum"), function)
    found = tree.get_network()
    check(found(X), by_hand(net, X, first=lambda v: v.clip(0, 6), last=lambda v: v * v))
    assert isinstance(found.extra, nn.ReLU6) and not hasattr(net, "extra")
    assert [node.get_name() for node in cell.get_users()] == ["neg", "square"]
    check(tree.get_network()(X), found(X))


def test_replace(net, mode):
    tree = SymbolTree.create(net)
    old = tree.get_node("layers")
    first = Node.create_call_cell(nn.ReLU(), ["activated"], old.get_args(), name="act")
    second = Node.create_call_cell(nn.Sigmoid(), [old.get_targets()[0]], [first.get_targets()[0]], name="layers")
    assert tree.replace(old, [first, second]) is second
    assert second.get_inputs() == [first]
    found = tree.get_network()
    y = ops.square(net.dense(X)) + net.block(net.neg(net.dense(X)))
    check(found(X)[1:], (ops.sigmoid(ops.relu(y)) * 0.5,))
    assert isinstance(found.layers, nn.SequentialCell) and isinstance(found.layers_1, nn.Sigmoid)


def test_erase(net):
    """Whoever read the result reads what the name was before; a name that is gone is an error that says so."""
    tree = SymbolTree.create(net)
    dense = tree.get_node("dense")
    assert tree.erase(dense) is dense and tree.erase(dense) is None
    z = net.layers(net.block(net.neg(X)) + ops.square(X))
    check(tree.get_network()(X)[1:], (z * 0.5,))
    tree.erase("square")
    with pytest.raises(ValueError, match="reads 'square_var', which no statement before it gives a value"):
        tree.get_network()
    tree.get_node("mul").set_arg(0, "x")
    z = net.layers(net.block(net.neg(X)) + X)
    check(tree.get_network()(X)[1:], (z * 0.5,))


def test_arguments_by_node(net):
    tree = SymbolTree.create(net)
    tree.get_node("add").set_arg_by_node(1, tree.get_node("block"))
    check(tree.get_network()(X)[1:], (net.layers(2 * net.block(net.neg(net.dense(X)))) * 0.5,))
    with pytest.raises(IndexError, match="out_idx is 3; 'block' has 1 results"):
        tree.get_node("add").set_arg_by_node(1, tree.get_node("block"), 3)
    with pytest.raises(IndexError, match="there is no argument 5; it has 1"):
        tree.get_node("dense").set_arg(5, "x")


def test_a_tree_below(net, mode):
    """Changes of the tree of a Cell inside are part of the new network, and of it alone."""
    tree = SymbolTree.create(net)
    below = tree.get_node("block").get_sub_tree()
    below.replace("relu", [Node.create_call_cell(nn.ReLU6(), ["relu_var"], ["x"])])
    found = tree.get_network()
    dense = net.dense(X)
    check(found(X)[1:], (net.layers((-dense).clip(0, 6) * 2 + dense * dense) * 0.5,))
    check(net(X), by_hand(net, X))


def test_enclosing_variables_and_super():
    factor = 3.0

    class Base(nn.Cell):
        def construct(self, x):
            return x + 1

    class Derived(Base):
        def construct(self, x, *more, last=2.0):
            first = super().construct(x) * factor
            return [first, ops.concat([each + 0 for each in more]), last]

    for found in (Derived(), SymbolTree.create(Derived()).get_network()):
        first, joined, last = found(X, X, X)
        check((first, joined), (X * 3 + 3, ops.concat((X, X))))
        assert last == 2.0


def test_code_and_table(net, capsys):
    tree = SymbolTree.create(net)
    assert tree.get_code().splitlines()[:3] == ["class NetOpt(Net):", "    def construct(self, x, weight=1.0):",
                                                "        x = self.dense(x)"]
    tree.print_node_tabulate()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(EXPECTED) + 1 and lines[0].split()[:2] == ["node", "type"]
    assert lines[5].split() == ["Tree", "block", "block_var", "=", "self.block(neg_var)", "neg", "add"]
    assert tree.unique_name("x") == "x_1" and tree.unique_name("fresh") == "fresh" and tree.unique_name() == "output"


def test_values():
    assert ScopedValue.create_naming_value("w", "self").text() == "self.w"
    assert ScopedValue.create_variable_value((1, "a")).type is ValueType.ConstantValue
    assert ScopedValue.create_name_values(["a", "b"], ["", "self"])[1].scope == "self"
    for wrong, error in ((lambda: ScopedValue.create_variable_value(nn.ReLU()), TypeError),
                         (lambda: ScopedValue.create_naming_value("a b"), ValueError),
                         (lambda: ScopedValue.create_name_values(["a"], []), ValueError),
                         (lambda: ScopedValue(1, "", 2), TypeError)):
        with pytest.raises(error, match="ScopedValue: "):
            wrong()


def test_mistakes(net):
    tree, other = SymbolTree.create(net), SymbolTree.create(net)
    node = Node.create_call_cell(nn.ReLU(), ["x"], ["x"])
    for wrong, error, text in (
            (lambda: SymbolTree.create(nn.ReLU), TypeError, "expected a Cell, got type"),
            (lambda: tree.insert(other.after("dense"), node), ValueError, "the place is one of another tree"),
            (lambda: tree.insert(0, node), TypeError, "expected a place and a Node"),
            (lambda: tree.after("nothing"), ValueError, "the tree has no node 'nothing'; it has input_x, "),
            (lambda: tree.erase("input_x"), ValueError, "is an argument of the network, which stays"),
            (lambda: tree.replace("dense", []), ValueError, "new_nodes is empty"),
            (lambda: tree.insert(tree.after("dense"), tree.get_node("neg")), ValueError, "is in a tree already"),
            (lambda: Node.create_call_cell(3, ["x"]), TypeError, "cell must be a Cell, got int"),
            (lambda: Node.create_call_cell(nn.ReLU(), []), TypeError, "targets must be a list of at least one"),
            (lambda: Node.create_call_function(3, ["x"]), TypeError, "function must be callable")):
        with pytest.raises(error, match=text):
            wrong()
    assert NodeType.CallCell is node.get_node_type() and node.get_symbol_tree() is None
