"""What a derivative keeps of a part of a stream, handed to hooks: `saved_tensors_hooks` in PyNative mode.

The part is what was recorded between two moments of a region that is being differentiated. When it ends it is made a
graph, from the values that it read from before to those of its results that somebody still holds, and the graph is cut
into a forward and a backward half (`autodiff.partition`). What the backward half reads of the forward one is given to
`pack_hook` at once, in the order of the program. The part then is a point (`eager.hooks`) at which the region's
derivative is cut: the cotangents that arrive at its results become those of what it read by the backward half, which is
recorded then, on what `unpack_hook` makes of the packed values.

A part never reaches over a point of another kind, or over a gradient: it ends before and another one begins after.
"""
from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.partition import partition
from mindspore.compiler.autodiff.vjp import differentiable_by, seedable
from mindspore.compiler.ir import Builder, Graph, TupleAval
from mindspore.compiler.primitives.effects import without_effects
from mindspore.compiler.primitives.gradient_hook import HookPoint
from mindspore.eager import segment as _segment
from mindspore.eager.replay import VJP
from mindspore.runtime.record import apply_plainly, wrap
from mindspore.runtime.storage import Storage

__all__ = ["Part", "cut", "recorded", "skip", "unpacked"]

_getrefcount = sys.getrefcount


class _Local(threading.local):
    parts: list = []


_local = _Local()


class Part:
    """A part of the innermost region, from `begin` to `end`; without a region it is nothing."""

    def __init__(self, pack: Callable, unpack: Callable):
        self.pack, self.unpack = pack, unpack
        self._region: Any = None
        self._start = 0

    def begin(self) -> None:
        """Everything recorded from now on belongs to this part. What an outer part has recorded so far is complete."""
        cut()
        _local.parts = [*_local.parts, self]
        self._restart()

    def end(self, complete: bool = True) -> None:
        """The part is over. complete: whether it counts; a program that raised has no derivative."""
        try:
            if complete:
                self._save()
        finally:
            _local.parts = [part for part in _local.parts if part is not self]
            skip()

    def _restart(self) -> None:
        segment = _segment.current()
        self._region = segment.regions[-1] if segment.regions else None
        self._start = 0 if self._region is None else len(segment.capture(self._region))

    def _save(self) -> None:
        region, segment = self._region, _segment.current()
        if region is None or region not in segment.regions:
            return
        if len(segment.regions) > 1:
            raise RuntimeError("saved_tensors_hooks: the gradient of a gradient is taken around the hooks, but what "
                               "they give back has no derivative of its own; take that gradient without the hooks")
        held = _held(segment)
        entries = segment.capture(region)
        active = _active(entries, region.wanted)
        piece: list = []
        for entry in [*entries[self._start:], None]:
            if entry is not None and entry[0] is not VJP:
                piece.append(entry)
                continue
            if piece:
                _Piece(piece, active, held).save(region, self.pack, self.unpack)
            piece = []


def cut() -> None:
    """The part that is under way ends here, and goes on as another one."""
    if _local.parts:
        part = _local.parts[-1]
        part._save()
        part._restart()


def skip() -> None:
    """What the part that is under way has recorded since it was cut does not belong to it."""
    if _local.parts:
        _local.parts[-1]._restart()


def _held(segment: Any) -> set[int]:
    """The results in this segment that somebody outside of it holds, by identity."""
    return {id(segment.values[k]) for k in range(len(segment.values)) if _getrefcount(segment.values[k]) > 2}


def _active(entries: list, wanted: Iterable[Storage]) -> set[int]:
    """The values that depend on the wanted ones, by identity."""
    wanted = list(wanted)
    found, able = {id(s) for s in wanted}, differentiable_by(s.aval for s in wanted)
    for op, operands, _, results in entries:
        reads = [s for part in operands for s in part if s is not None] if op is VJP else operands
        if (op is VJP or op.differentiable) and any(id(s) in found for s in reads):
            found.update(id(s) for s in results if able(s.aval))
    return found


class _Piece:
    """Entries without a gradient among them, as a graph."""

    def __init__(self, entries: list, active: set[int], held: set[int]):
        b = Builder("saved")
        nodes: dict[int, Any] = {}
        self.sources: list[Storage] = []
        made: list[Storage] = []
        for op, operands, attrs, results in entries:
            for storage in operands:
                if id(storage) not in nodes:
                    nodes[id(storage)] = b.parameter(storage.aval)
                    self.sources.append(storage)
            node = b.emit(op, tuple([nodes[id(s)] for s in operands]), attrs)
            nodes.update(zip(map(id, results), b.items(node) if isinstance(node.aval, TupleAval) else (node,)))
            made += results
        self.active = active
        self.outputs = [s for s in made if id(s) in active and (id(s) in held or s.pending is None)]
        self.graph = without_effects(b.finish([nodes[id(s)] for s in self.outputs]))

    def save(self, region: Any, pack: Callable, unpack: Callable) -> None:
        """Pack what the derivative of the piece keeps, and make the piece a point of the region."""
        from mindspore.eager.hooks import Noted
        wanted = tuple([k for k, s in enumerate(self.sources) if id(s) in self.active])
        seeded = seedable(self.graph.out_avals, [self.graph.params[k].aval for k in wanted])
        if not wanted or not seeded:
            return
        split = partition(self.graph, wanted, seeded, free=range(len(self.sources)), stored=range(len(self.outputs)))
        forward = None
        saved = []
        for k in split.kept:
            tensor = wrap(self.sources[k])
            saved.append(_Packed(pack, unpack, tensor, id(self.sources[k]) in self.active or bool(tensor.shape)))
        for k in split.residuals:
            if k < len(self.outputs):
                tensor = wrap(self.outputs[k])
            else:
                forward = forward or recorded(split.forward, list(map(wrap, self.sources)))
                tensor = forward[k]
            saved.append(_Packed(pack, unpack, tensor, True))
        outputs, inputs = [self.outputs[k] for k in seeded], [self.sources[k] for k in wanted]

        def run(cotangents: list) -> list:
            cts = [wrap(_zeros(s.aval)) if ct is None else ct for ct, s in zip(cotangents, outputs)]
            return recorded(split.backward, [*[each.tensor() for each in saved], *cts])

        noted = Noted(outputs, HookPoint(run, "saved_tensors_hooks"))
        noted.inputs = inputs
        region.hooks.append((noted, len(inputs)))


class _Packed:
    """A value that is kept for the derivative as what `pack` made of it. is_hooked: whether it is; numbers are not."""

    def __init__(self, pack: Callable, unpack: Callable, tensor: Tensor, is_hooked: bool):
        self.aval, self.unpack, self.is_hooked = tensor._value.aval, unpack, is_hooked
        self.packed = pack(tensor) if is_hooked else tensor

    def tensor(self) -> Tensor:
        return unpacked(self.unpack, self.unpack(self.packed), self.aval) if self.is_hooked else self.packed


def unpacked(hook: Callable, found: Any, aval: Any) -> Tensor:
    """What an unpack hook returned, checked.

    Raises:
        TypeError: it is no Tensor. ValueError: its shape or dtype is not that of the value that was packed.
    """
    if not isinstance(found, Tensor):
        raise TypeError(f"saved_tensors_hooks: unpack_hook must return the Tensor that was packed, got "
                        f"{type(found).__name__}")
    if found._value.aval is not aval:
        raise ValueError(f"saved_tensors_hooks: unpack_hook returned a Tensor of {found._value.aval}, but {aval} was "
                         f"packed")
    return found


def recorded(graph: Graph, tensors: list) -> list[Tensor]:
    """The outputs of a graph, recorded operation by operation."""
    values: dict[int, Any] = {p.idx: t for p, t in zip(graph.params, tensors)}
    for node in graph.nodes:
        if node.idx in values:
            continue
        if node.op.name == "item":
            values[node.idx] = values[node.ins[0].idx][node.attr("index")]
        else:
            values[node.idx] = apply_plainly(node.op, tuple([values[i.idx] for i in node.ins]), node.attrs)
    return [values[o.idx] for o in graph.outputs]


def _zeros(aval: Any) -> Storage:
    from mindspore.eager.hooks import _zeros as zeros
    return zeros(aval)
