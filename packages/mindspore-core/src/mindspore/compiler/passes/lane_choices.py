"""Choices by lane (`lane_cond`) become what they stand for before anything is planned: both branches, and a selection.

The branches may hold loops, which whoever plans regions must see, and a choice by lane may stand inside of a loop; so
all graphs inside of the graph are rewritten, too.
"""
from __future__ import annotations

from mindspore.compiler.autodiff.vjp import lower_nodes
from mindspore.compiler.ir import Graph, rewrite
from mindspore.compiler.ir.graph import graphs_in


def without_lane_choices(graph: Graph) -> Graph:
    """The graph with every `lane_cond`, at every depth, decomposed."""
    if not _has_lane_choices(graph):
        return graph
    found = graph.memo.get("without_lane_choices")
    if found is None:
        found = graph
        while chosen := {n.idx for n in found.nodes if n.op.name == "lane_cond"}:
            found = lower_nodes(found, chosen)
        found = graph.memo["without_lane_choices"] = _inside(found)
    return found


def _has_lane_choices(graph: Graph) -> bool:
    found = graph.memo.get("has_lane_choices")
    if found is None:
        found = graph.memo["has_lane_choices"] = any(
            n.op.name == "lane_cond" or any(map(_has_lane_choices, graphs_in(n.attrs))) for n in graph.nodes)
    return found


def _inside(graph: Graph) -> Graph:
    if not any(map(_has_lane_choices, [g for n in graph.nodes for g in graphs_in(n.attrs)])):
        return graph
    return rewrite(graph, lambda b, node, ins: b.emit(node.op, ins, _rewritten(node.attrs)))


def _rewritten(attrs: tuple) -> tuple:
    return tuple([without_lane_choices(a) if isinstance(a, Graph) else _rewritten(a) if isinstance(a, tuple) else a
                  for a in attrs])
