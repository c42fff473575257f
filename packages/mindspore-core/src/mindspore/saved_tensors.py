"""Hooks on what a derivative keeps of the forward pass: `saved_tensors_hooks` and `register_saved_tensors_hooks`.

What the backward pass reads of the forward pass is kept in between. With these hooks it is kept as what `pack_hook`
makes of it: a file's name, a copy in lower precision, a tensor on the host; `unpack_hook` gives the value back when the
backward pass comes to it. What is kept is the framework's choice: it keeps each value once, and computes what is cheap
again from what it has. In PyNative mode see `eager.saving`; in a compiled function the block is recorded into a graph
of its own, whose halves are put into the function with the hooks, which are recorded as well, between them.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.partition import partition
from mindspore.compiler.autodiff.vjp import is_differentiable, seedable
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.ir import Graph
from mindspore.compiler.passes.calls import settle_calls
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.gradient_hook import HookPoint
from mindspore.eager.saving import Part, recorded, unpacked
from mindspore.graph import inner, tree
from mindspore.graph.call import call_function
from mindspore.graph.hooks import call, key_of, marked, zeros
from mindspore.graph.trace import Traced, current_trace
from mindspore.runtime.record import apply_plainly

__all__ = ["saved_tensors_hooks", "register_saved_tensors_hooks"]


class saved_tensors_hooks:
    """Inside the block, what is kept for a gradient passes through hooks.

    Args:
        pack_hook: from a Tensor that is kept to whatever is kept in its place; called when the block ends, once for
            each value that the gradient will read.
        unpack_hook: from what `pack_hook` returned to a Tensor of the same shape and dtype; called when the gradient is
            computed.

    Without a gradient around it nothing is kept and no hook is called. Of blocks inside of each other the innermost
    counts.

    Raises:
        TypeError: a hook cannot be called. RuntimeError: a gradient is taken of a gradient around the block.
        GraphCompileError: in a compiled function, where `register_saved_tensors_hooks` does the same for a function.
    """

    def __init__(self, pack_hook: Callable, unpack_hook: Callable):
        check_hooks(pack_hook, unpack_hook)
        self._hooks = pack_hook, unpack_hook
        self._parts: list[Part] = []

    def __enter__(self) -> saved_tensors_hooks:
        if current_trace() is not None:
            raise GraphCompileError("saved_tensors_hooks cannot be used as a block in a compiled function.",
                                    remedy="put the block into a function decorated with "
                                           "register_saved_tensors_hooks(pack_hook, unpack_hook)")
        part = Part(*self._hooks)
        self._parts.append(part)
        part.begin()
        return self

    def __exit__(self, kind: Any, *details: Any) -> None:
        self._parts.pop().end(kind is None)


def register_saved_tensors_hooks(pack_hook: Callable, unpack_hook: Callable) -> Callable[[Callable], Callable]:
    """A decorator: what is kept of the function for a gradient passes through hooks, in both modes.

    Args:
        pack_hook, unpack_hook: as in `saved_tensors_hooks`. While a function is compiled they are recorded with it, so
            that they follow the rules of graph mode.

    Raises:
        TypeError: a hook cannot be called.
    """
    check_hooks(pack_hook, unpack_hook)

    def decorate(fn: Callable) -> Callable:
        if not callable(fn):
            raise TypeError(f"register_saved_tensors_hooks: expected a function, got {type(fn).__name__}")

        @functools.wraps(fn)
        def hooked(*args: Any, **kwargs: Any) -> Any:
            return call_saving((pack_hook, unpack_hook), fn, args, kwargs)

        return hooked

    return decorate


def call_saving(hooks: tuple[Callable, Callable], fn: Callable, args: tuple, kwargs: dict) -> Any:
    """`fn(*args, **kwargs)` with hooks on what is kept of it."""
    if current_trace() is None:
        with saved_tensors_hooks(*hooks):
            return fn(*args, **kwargs)
    return _recorded(hooks, fn, args, kwargs)


def check_hooks(pack_hook: Any, unpack_hook: Any) -> None:
    """TypeError if one of them cannot be called."""
    for name, hook in (("pack_hook", pack_hook), ("unpack_hook", unpack_hook)):
        if not callable(hook):
            raise TypeError(f"saved_tensors_hooks: {name} must be callable, got {type(hook).__name__}")


def _recorded(hooks: tuple[Callable, Callable], fn: Callable, args: tuple, kwargs: dict) -> Any:
    """The call in the present trace."""
    pack, unpack = hooks
    leaves: list[Tensor] = []
    tree.flatten((args, kwargs), leaves)
    given = list({id(t): t for t in leaves if type(t._value) is Traced}.values())

    def run(trace: Any, tensors: list) -> Any:
        fresh = {id(old): new for old, new in zip(given, tensors)}
        own_args, own_kwargs = tree.map_tensors(lambda t: fresh.get(id(t), t), (args, kwargs))
        return call_function(fn, *own_args, **own_kwargs)

    trace: Any = current_trace()
    found = inner.record(getattr(fn, "__name__", type(fn).__name__), run, [t._value.aval for t in given])
    graph = settle_calls(found.graph)
    sources = inner.tensors(found.sources([trace.node_of(t) for t in given]))
    wanted = tuple([k for k, p in enumerate(graph.params) if is_differentiable(p.aval)])
    seeded = seedable(graph.out_avals, [graph.params[k].aval for k in wanted])
    if not wanted or not seeded:
        nodes = trace.builder.inline(graph, [trace.node_of(t) for t in sources])
        found.assign(nodes[found.count:])
        return found.result(nodes[:found.count])
    split = partition(graph, wanted, seeded, free=range(len(sources)), stored=range(len(graph.outputs)))
    values = inner.tensors(trace.builder.inline(split.forward, [trace.node_of(t) for t in sources]))
    kept = [*[sources[k] for k in split.kept], *[values[k] for k in split.residuals]]
    leaves = []
    packed = tree.flatten([call(pack, tensor) for tensor in kept], leaves)
    backward = _Backward(split.backward, unpack, packed, leaves, [t._value.aval for t in kept])
    point = HookPoint(backward.run, "saved_tensors_hooks", ("saved", key_of(unpack), key_of(fn)))
    extras = tuple([values[k]._value.aval for k in seeded])
    passed = marked([sources[k] for k in wanted], point, extras, tuple(leaves))
    for k, through in zip(seeded, passed[len(wanted):]):
        values[k] = apply_plainly(PRIMITIVES["known_value"], (through, values[k]))
    nodes = [trace.node_of(t) for t in values]
    found.assign(nodes[found.count:len(graph.outputs)])
    return found.result(nodes[:found.count])


class _Backward:
    """The backward half of a block as a hook on the cotangents of its results. packed: the spec of what was packed;
    leaves: its tensors; avals: of the values before."""

    def __init__(self, graph: Graph, unpack: Callable, packed: Any, leaves: list, avals: list):
        self.graph, self.unpack, self.packed, self.leaves, self.avals = graph, unpack, packed, leaves, avals

    def run(self, cotangents: list, held: list | None = None) -> list:
        """The cotangents of the block's inputs. held: the leaves, where they are known under other names."""
        trace: Any = current_trace()
        packed = tree.rebuild(self.packed, iter(self.leaves if held is None else held))
        tensors = [unpacked(self.unpack, call(self.unpack, each), aval) for each, aval in zip(packed, self.avals)]
        wanted = [p.aval for p in self.graph.params[len(tensors):]]
        tensors += [zeros(aval) if ct is None else ct
                    for ct, aval in zip(cotangents[len(cotangents) - len(wanted):], wanted)]
        if trace is None:  # the compiled function is a part of what a gradient in PyNative mode records
            return recorded(self.graph, tensors)
        return inner.tensors(trace.builder.inline(self.graph, [trace.node_of(t) for t in tensors]))
