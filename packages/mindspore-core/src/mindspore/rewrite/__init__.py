"""Changing what a network computes by changing the statements of its `construct`: inserting, erasing, replacing.

`SymbolTree.create(net)` reads the source of `net.construct` and writes it so that each statement is one operation, a
`Node`. When the nodes are as wanted, `get_network()` gives a Cell whose `construct` are these statements; it shares
parameters and other attributes with the first one, and is compiled like any Cell.
"""
from mindspore.rewrite.node import Node, NodeType
from mindspore.rewrite.scoped_value import ScopedValue, ValueType
from mindspore.rewrite.symbol_tree import SymbolTree

__all__ = ["Node", "NodeType", "ScopedValue", "SymbolTree", "ValueType"]
