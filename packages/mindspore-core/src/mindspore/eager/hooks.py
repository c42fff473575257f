"""Hooks on gradients in PyNative mode.

The points that hooks are on are noted in each region that is being differentiated, as the values that pass them. When
the gradient is taken, the derivative is recorded in stages: first from the outputs to the points that a cotangent
reaches first, then, after the hook there has been called, from that point on. Each stage is one gradient entry of the
stream, cut at the points before it; since the cut is at the *value*, a hook sees the sum over all its uses, also of
those before the hook was registered. Hooks are called with tensors like any other, so they may look at values, and what
they compute is recorded: it is differentiated like the rest under an outer gradient.

Which points a cotangent reaches, and which lie before which, is found by one walk over the region's entries that notes
for each value the set of points that it depends on with no other point between.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mindspore.compiler.autodiff.vjp import differentiable_by
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.gradient_hook import HookPoint
from mindspore.eager import segment as _segment
from mindspore.eager.replay import VJP
from mindspore.runtime.record import apply_plainly, wrap
from mindspore.runtime.storage import Storage

__all__ = ["gradients_of", "marked_eagerly", "note_hook"]


class Noted:
    """A point in a region: the storages that pass it, and its hook. single: for hooks of one tensor, (number, tensor)
    of each, since they can be removed. inputs: what the cotangents that the hook gives are of; the first of the
    storages, unless the point stands for a part of the region (`eager.saving`). held: tensors that the hook reads."""

    __slots__ = ("held", "inputs", "point", "single", "storages")

    def __init__(self, storages: list[Storage], point: HookPoint | None, held: tuple = ()):
        self.storages, self.point, self.held = storages, point, held
        self.inputs = storages
        self.single: list = []

    def holds(self, storage: Storage) -> bool:
        return any(s is storage for s in self.storages)


def marked_eagerly(tensors: list, point: HookPoint, extras: tuple, held: tuple = ()) -> list:
    """The tensors, and zeros, behind a point; see `graph.hooks.marked`."""
    from mindspore.eager import saving
    regions = _segment.current().regions
    saving.cut()
    found = [apply_plainly(PRIMITIVES["identity"], (t,)) if regions else t for t in tensors]
    found += [apply_plainly(PRIMITIVES["identity"], (wrap(_zeros(a)),)) if regions else wrap(_zeros(a)) for a in extras]
    if regions:
        noted = Noted([t._value for t in found], point, held)
        for region in regions:
            region.hooks.append((noted, len(tensors)))
        saving.skip()
    return found


def note_hook(tensor, number: int) -> None:
    """A hook was registered on a tensor, under a number, while gradients are being taken."""
    from mindspore.eager import saving
    saving.cut()
    regions = _segment.current().regions
    for region in regions:
        if any(noted.point is not None and noted.holds(tensor._value) for noted, _ in region.hooks):
            tensor._value = apply_plainly(PRIMITIVES["identity"], (tensor,))._value
    saving.skip()
    for region in regions:
        for noted, _ in region.hooks:
            if noted.point is None and noted.holds(tensor._value):
                noted.single.append((tensor, number))
                break
        else:
            noted = Noted([tensor._value], None)
            noted.single.append((tensor, number))
            region.hooks.append((noted, 1))


def _zeros(aval) -> Storage:
    return Storage(aval, host=np.zeros(aval.shape, aval.dtype.np))


def _run(noted: Noted, cotangents: list) -> list:
    """The cotangents behind a point's hooks."""
    if noted.point is not None:
        return noted.point.run(cotangents, list(noted.held)) if noted.held else noted.point.run(cotangents)
    from mindspore.graph.hooks import conjugate, hooks_of, run_hook
    gradient = conjugate(cotangents[0])
    for tensor, number in noted.single:
        for known, hook in hooks_of(tensor):
            if known == number:
                gradient = run_hook(hook, gradient)
    return [conjugate(gradient)]


def gradients_of(region, wanted: list[Storage], outputs: list[Storage], seeds: list,
                 recorded: list | None = None) -> list[Storage]:
    """The gradients of the region's outputs by the wanted values. recorded: the region as it was captured, where the
    gradient is taken later."""

    entries = recorded

    def stage(wanted: list[Storage], outputs: list[Storage], seeds: list) -> list[Storage]:
        current = _segment.current()
        if recorded is None and (entries is None or not region.history):
            return current.record_vjp(region, wanted, outputs, seeds)
        # as it was before the first stage: what a stage records belongs to the region as well, and would double it
        return current.record_vjp_of(entries, wanted, outputs, seeds)

    if not region.hooks:
        return stage(wanted, outputs, seeds)
    if entries is None:
        entries = _segment.current().capture(region)
    return _Stages(region.hooks, entries, wanted).gradients(stage, outputs, seeds)


class _Stages:
    """The stages of one gradient."""

    def __init__(self, hooks: list, entries: list, wanted: list[Storage]):
        self.wanted = wanted
        self.is_differentiable = differentiable_by(s.aval for s in wanted)
        self.points = _in_order(hooks, entries, wanted)
        self.place = {id(s): k for k, (noted, _) in enumerate(self.points) for s in noted.storages}
        self.end = 1 << len(self.points)  # stands for the wanted values
        self.below = [0] * len(self.points)
        self.masks: dict[int, int] = {}
        self.cotangents: dict[int, object] = {}
        self._walk(entries)

    def _walk(self, entries: list) -> None:
        """For each value the points that it depends on, as bits."""
        for storage in self.wanted:
            self._note(storage, self.end)
        for op, operands, _, results in entries:
            if op is VJP:
                reads = [s for part in operands for s in part if s is not None]
            else:
                reads = operands if op.differentiable else ()
            mask = 0
            for storage in reads:
                mask |= self.masks.get(id(storage), 0)
            for storage in results:
                self._note(storage, mask)

    def _note(self, storage: Storage, mask: int) -> None:
        if not self.is_differentiable(storage.aval):
            return
        k = self.place.get(id(storage))
        if k is not None:
            self.below[k] |= mask
            mask = 1 << k
        self.masks[id(storage)] = mask

    def gradients(self, stage: Callable, outputs: list[Storage], seeds: list) -> list[Storage]:
        """Take the stages, and call the hooks between them."""
        useful = self._useful()
        reached = 0
        for storage in outputs:
            reached |= self.masks.get(id(storage), 0)
        reached &= useful | self.end
        self._stage(stage, reached | self.end, outputs, seeds)
        for k in reversed(range(len(self.points))):
            if not reached >> k & 1:
                continue
            noted, inputs = self.points[k]
            given = [self.cotangents.get(id(s)) for s in noted.storages]
            found = [(s, t) for s, t in zip(noted.inputs, _run(noted, given)[:inputs]) if t is not None]
            onward = self.below[k] & (useful | self.end)
            reached |= onward
            for storage in noted.storages:  # what goes on is given back to it
                self.cotangents.pop(id(storage), None)
            if onward and found:
                self._stage(stage, onward, [s for s, _ in found], [t._value for _, t in found])
        missing = [s for s in self.wanted if id(s) not in self.cotangents]
        self.cotangents.update({id(s): wrap(_zeros(s.aval)) for s in missing})
        return [self.cotangents[id(s)]._value for s in self.wanted]

    def _useful(self) -> int:
        """The points whose hooks run if a cotangent reaches them."""
        useful = 0
        for k, (noted, _) in enumerate(self.points):
            always = noted.point is not None and noted.point.always
            if always or self.below[k] & (useful | self.end):
                useful |= 1 << k
        return useful

    def _stage(self, stage: Callable, reached: int, outputs: list[Storage], seeds: list) -> None:
        """The gradients of the outputs by the points that they depend on, added to what is known."""
        wanted = {id(s): s for k, (noted, _) in enumerate(self.points) if reached >> k & 1 for s in noted.storages}
        if reached & self.end:
            wanted |= {id(s): s for s in self.wanted}
        targets = list(wanted.values())
        for storage, grad in zip(targets, stage(targets, outputs, seeds)):
            if not self.is_differentiable(storage.aval):
                continue
            known, new = self.cotangents.get(id(storage)), wrap(grad)
            self.cotangents[id(storage)] = new if known is None else apply_plainly(PRIMITIVES["add"], (known, new))


def _in_order(hooks: list, entries: list, wanted: list[Storage]) -> list:
    """The points in the order in which the region computes their values."""
    position = {id(s): k - len(wanted) for k, s in enumerate(wanted)}
    for k, (_, _, _, results) in enumerate(entries):
        for storage in results:
            position[id(storage)] = k
    placed = [(max(position.get(id(s), -1 << 30) for s in noted.storages), n, (noted, inputs))
              for n, (noted, inputs) in enumerate(hooks)]
    return [entry for _, _, entry in sorted(placed, key=lambda item: item[:2])]
