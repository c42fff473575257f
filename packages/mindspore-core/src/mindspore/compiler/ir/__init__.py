"""The functional graph IR: avals, nodes, graphs, the builder, the text form and the verifier."""
from mindspore.compiler.ir.aval import Aval, TapeAval, TensorAval, TupleAval, tape_aval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder, infer, rebuild, rewrite
from mindspore.compiler.ir.graph import Graph, Literal, Node

__all__ = ["Aval", "TapeAval", "TensorAval", "TupleAval", "tape_aval", "tensor_aval", "tuple_aval", "Builder", "infer",
           "rebuild", "rewrite", "Graph", "Literal", "Node"]
