"""Recomputation: trading time for memory under gradients.

What a block computes on the way is not kept for its gradient; the gradient computes it again from the block's inputs,
with the same random numbers. Loops in the block keep only what they carry, at the ends of chunks of trips.
"""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.checkpoints import recomputed, with_chunked_loops
from mindspore.compiler.passes.calls import settle_calls
from mindspore.eager import segment as _segment
from mindspore.graph import inner, tree
from mindspore.graph.call import call_function
from mindspore.graph.compiled import CompiledFunction
from mindspore.graph.trace import Traced, current_trace
from mindspore.ops.state import deepcopy

__all__ = ["recompute"]

BLOCKS_KEPT = 256
_compiled: OrderedDict[tuple[int, int], CompiledFunction] = OrderedDict()  # keeps its blocks, so identities stay theirs


def recompute(block: Callable, *args, use_reentrant: bool = True, output_recompute: bool = False,
              early_stop: bool = True, context_fn: Callable | None = None, **kwargs) -> Any:
    """Call a block so that its gradient computes again what the block computes.

    Args:
        block: a Cell or a function of tensors.
        args, kwargs: its arguments.
        use_reentrant, output_recompute, early_stop: accepted, without effect: nothing that the block computes is kept,
            and what the gradient does not read is not computed again.

    Returns:
        what the block returns, in tensors of their own: a later change in place of an argument that the block returned
        is not seen in them.

    Raises:
        TypeError: `block` cannot be called. ValueError: `context_fn` is given; no Python runs while the block is
            computed again, so there is nothing that a context could be put around. GraphCompileError: under a gradient
            in PyNative mode, where the block is compiled, if it cannot be.
    """
    if not callable(block):
        raise TypeError(f"recompute: expected a Cell or a function, but got {type(block).__name__}")
    if context_fn is not None:
        raise ValueError("recompute: context_fn is not supported: no Python runs while the block is computed again")
    if current_trace() is not None:
        return record_again(block, args, kwargs)
    if _segment.current().regions:
        return _compiled_for(block)(*args, **kwargs)
    return tree.map_tensors(deepcopy, block(*args, **kwargs))


def record_again(block: Callable, args: tuple, kwargs: dict, call: Callable | None = None) -> Any:
    """Record `call(*args, **kwargs)`, by default the block's own code, as a call that is recomputed."""
    leaves: list[Tensor] = []
    tree.flatten((args, kwargs), leaves)
    given = list({id(t): t for t in leaves if type(t._value) is Traced}.values())

    def run(trace, tensors: list) -> Any:
        fresh = {id(old): new for old, new in zip(given, tensors)}
        own_args, own_kwargs = tree.map_tensors(lambda t: fresh.get(id(t), t), (args, kwargs))
        return call(*own_args, **own_kwargs) if call else call_function(block, *own_args, **own_kwargs)

    trace = current_trace()
    found = inner.record(getattr(block, "__name__", type(block).__name__), run, [t._value.aval for t in given])
    sources = found.sources([trace.node_of(t) for t in given])
    if any(n.op.name == "gradient_hook" and n.attr("backward") is None for n in found.graph.nodes):
        nodes = trace.builder.inline(found.graph, sources)  # a hook with effects runs in the derivative around it
    else:
        nodes = recomputed(trace.builder, with_chunked_loops(settle_calls(found.graph)), sources)
    found.assign(nodes[found.count:])
    return found.result(nodes[:found.count])


def _compiled_for(block: Callable) -> CompiledFunction:
    """The compiled form of a block: the same for the same function, Cell, or method of an object."""
    key = (id(getattr(block, "__self__", None)), id(getattr(block, "__func__", block)))
    if key not in _compiled:
        name = getattr(block, "__name__", type(block).__name__)
        _compiled[key] = CompiledFunction(lambda *args, **kwargs: record_again(block, args, kwargs), name)
        while len(_compiled) > BLOCKS_KEPT:
            _compiled.popitem(last=False)
    _compiled.move_to_end(key)
    return _compiled[key]
