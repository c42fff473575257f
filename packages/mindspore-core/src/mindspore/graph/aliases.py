"""Tensors that decisions have merged, and writes into them.

After `c = a if t else b` the graph has a tensor `c` of its own, chosen from the values of `a` and `b`. To Python `c` is
`a` or it is `b`, so that `c[0] = v` changes one of them, and `a[0] = v` may change `c`. So each merged tensor is kept
with the tensors that it may be, its *roots*, each with a *path*: the alternatives of tags under which it is that one.
A merged tensor that is merged again is a root as well, and so are its own roots. After a write into a tensor

* its roots take its value where their paths hold;
* every merged tensor with one of these, or with the tensor itself, among its roots takes that one's value where the
  path holds.

All of this is selections in the graph, of which those die whose results nobody reads.

A write into a tensor is one into its views and into the tensor of which it is a view (`common.tensor_views`), so these
count as written, too, and what they may be takes its value.

In a loop a variable's value is another tensor in each trip. Where every trip ends with one that it has computed, the
variable is the tensor from before the loop if no trip was made, which is a path. Otherwise which one it is is not
recorded, and the tensor of the loop is only *related* to the one from before: it may be the same. A write into one
makes the other *stale*, and reading a stale tensor is refused. What a trip leaves in one variable and finds in another
one is checked when the loop is made.
The result of a recursive call is related in this way to what the function may return (`recursion.given_back`).
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any
from weakref import ref

from mindspore.common.tensor import Tensor
from mindspore.common.tensor_views import hidden_views, relatives, whole_with
from mindspore.common.view_places import is_view
from mindspore.compiler.frontend import location
from mindspore.compiler.frontend.errors import GraphCompileError, describe
from mindspore.compiler.frontend.variants import Tag
from mindspore.graph.trace import GraphTrace, PathsNeeded, Traced, current_trace
from mindspore.runtime import record

__all__ = ["Aliases"]

MOST_PATHS = 64  # a tensor with more, as many decisions one after the other give, is only related to what it may be

_Path = tuple[tuple[Tag, tuple[int, ...]], ...]
_Ref = Callable[[], Any]


class Entered(Tag):
    """Whether a loop makes a trip, alternative 0; `compute` gives the node of the trace around the loop. It is computed
    when somebody asks."""

    __slots__ = ("compute", "made", "trace")

    def __init__(self, trace: GraphTrace, compute: Callable[[], Any]) -> None:
        self.count, self.site, self.trace, self.compute = 2, None, trace, compute
        self.made: Tensor | None = None

    @property  # type: ignore[override]
    def tensor(self) -> Tensor:
        if self.made is None:
            self.made = record.wrap(Traced(self.trace, self.compute()))
        return self.made

    def is_known_in(self, trace: GraphTrace | None) -> bool:
        """Whether it can be read in a trace."""
        if self.made is not None:
            return trace.can_lift(self.made)
        while trace is not None and trace is not self.trace:
            trace = trace.parent
        return trace is not None


class Merged:
    """A merged tensor: `result` refers to it; `roots` are pairs of a path and a reference."""

    __slots__ = ("result", "roots")

    def __init__(self, result: _Ref, roots: list[tuple[_Path, _Ref]]) -> None:
        self.result, self.roots = result, roots


class Aliases:
    """What a compilation knows of tensors that may be the same; see the module's text.

    Attributes:
        stale: the tensors whose value is not known for sure, with the expression that made them so.
        kinds: the tensors that stand for Python numbers (`numbers`), with the classes of these.
        hands_out_paths: whether branches hand out the tags in the paths of what they leave.
    """

    def __init__(self) -> None:
        self._merged: dict[int, Merged] = {}
        self._holders: dict[int, list[Merged]] = {}
        self._related: dict[int, tuple[_Ref, dict[int, _Ref]]] = {}
        self._written: dict[int, _Ref] = {}
        self.stale: dict[int, tuple[_Ref, Any]] = {}
        self.kinds: dict[int, tuple[_Ref, frozenset[type]]] = {}
        self.hands_out_paths = False

    # -- what may be the same ------------------------------------------------------------------------------------------

    def merge(self, result: Tensor, tag: Tag, groups: list, values: list) -> None:
        """`result` is values[k] where the alternatives groups[k] of the tag hold; values that are no tensors count for
        nothing."""
        roots: list[tuple[_Path, _Ref]] = []
        for group, value in zip(groups, values):
            if not isinstance(value, Tensor):
                continue
            if self.is_stale(value):
                self.stale[id(result)] = ref(result), self.stale[id(value)][1]
            step = (tag, tuple(group))
            roots += self._paths_to(value, step)
            if not current_trace().can_lift(value):
                sure = {id(each) for each in self.roots_of(value)} if self._related else ()
                for other in self._reached_from(value, value._value.trace, views=False) if self._related else ():
                    if id(other) not in sure and current_trace().can_lift(other):
                        self.relate(result, other)
        self._note(result, roots)

    def _paths_to(self, value: Tensor, step: Any) -> list[tuple[_Path, _Ref]]:
        """The roots of what is a value where a step of a path holds."""
        inner = self._of(value)
        return [((step,), _hold(value)), *[((step, *path), root) for path, root in (inner.roots if inner else ())
                                           if root() is not None]]

    def _note(self, result: Tensor, roots: list[tuple[_Path, _Ref]]) -> None:
        if len(roots) > MOST_PATHS:
            for root in {id(each): each for _, reference in roots if (each := reference()) is not None}.values():
                self.relate(result, root)
            return
        merged = self._merged[id(result)] = Merged(ref(result, lambda _: roots.clear()), roots)
        for _, root in roots:
            self._holders.setdefault(id(root()), []).append(merged)

    def relate(self, a: Tensor, b: Tensor) -> None:
        """`a` may be `b`."""
        if a is not b:
            for owner, other in ((a, b), (b, a)):
                known = self._related.get(id(owner))
                if known is None or known[0]() is not owner:
                    known = self._related[id(owner)] = ref(owner), {}
                known[1][id(other)] = ref(other)

    def _related_to(self, tensor: Tensor) -> list[Tensor]:
        """What may be the same as a tensor, as far as `relate` was told."""
        owner, others = self._related.get(id(tensor), (None, {}))
        if owner is None or owner() is not tensor:
            return []
        return [other for reference in others.values() if (other := reference()) is not None]

    def stand_in(self, a: Tensor, b: Tensor) -> None:
        """`a` is `b` in the first trip of a loop, and may be it in others."""
        self.relate(a, b)
        if self.is_stale(b):
            self.stale[id(a)] = ref(a), self.stale[id(b)][1]

    def _of(self, tensor: Any) -> Merged | None:
        found = self._merged.get(id(tensor))
        return found if found is not None and found.result() is tensor else None

    def roots_of(self, tensor: Any) -> list[Any]:
        """The tensor and what it may be, with their views and the tensors of which they are views."""
        merged = self._of(tensor)
        roots = [] if merged is None else [r for _, root in merged.roots if (r := root()) is not None]
        return [each for root in (tensor, *roots) for each in (root, *relatives(root))]

    def tags_of(self, tensor: Any) -> list[Tensor]:
        """The tensors of the tags in the paths to the roots."""
        merged = self._of(tensor)
        return [] if merged is None else [tag.tensor for path, root in merged.roots if root() is not None
                                          for tag, _ in path]

    def _reached_from(self, start: Tensor, inside: GraphTrace, ends: Collection[int] = (),
                      views: bool = True) -> list[Tensor]:
        """What a tensor may be that a branch or a loop has computed, inside of it and of what is in reach behind it: a
        loop within leaves tensors that are related to others. ends: the ids of those from which nothing is reached.
        views: whether a tensor reaches those that share its memory. What was computed further inside is left out: what
        that may be was noted when its branch or loop ended."""
        trace, found, memories = current_trace(), {}, set()
        adding = [start]
        pending: list[Tensor] = []
        while adding or pending:
            while adding:
                tensor = adding.pop()
                if id(tensor) in found:
                    continue
                found[id(tensor)] = tensor
                pending.append(tensor)
                merged = self._of(tensor)
                adding += [root for _, reference in (merged.roots if merged else ())
                           if (root := reference()) is not None and id(root) not in found]
                if views and tensor._shared is not None and id(tensor._shared[0]) not in memories:
                    memories.add(id(tensor._shared[0]))
                    adding += [each for each in relatives(tensor) if inside.can_lift(each)]
            tensor = pending.pop()
            if self._related and id(tensor) not in ends and not trace.can_lift(tensor):
                adding += [other for other in self._related_to(tensor) if id(other) not in found and
                           inside.can_lift(other)]
        return list(found.values())

    # -- writing -------------------------------------------------------------------------------------------------------

    def written(self, tensor: Tensor) -> None:
        """The program has written into a tensor."""
        trace = current_trace()
        known: list[Tensor] = [tensor, *record.spread(tensor)]
        changed = list(known)
        for each in known:
            changed += self._into_roots(trace, each)
        first = 0
        while first < len(changed):
            several, first = changed[first:], len(changed)
            for other, path, source in list(self._seen_from(several, changed)):
                if trace.can_lift(other):
                    _overwrite(trace, other, path, source)
                    changed += [other, *record.spread(other)]
        for each in changed:
            self._written[id(each)] = ref(each)
        self._outdate(changed, known)

    def _into_roots(self, trace: GraphTrace, tensor: Tensor) -> list[Tensor]:
        """Give the value of a merged tensor to what it may be; what has changed."""
        merged, changed = self._of(tensor), []
        for path, root in [] if merged is None else merged.roots:
            target, value = root(), tensor
            while target is not None and not trace.can_lift(target):
                target, value = whole_with(target, value)
            if target is not None:
                _overwrite(trace, target, path, value)
                changed += [target, *record.spread(target)]
        return changed

    def _seen_from(self, several: list[Tensor], changed: list[Tensor]) -> Iterator[tuple[Tensor, _Path, Tensor]]:
        """The merged tensors, none of those that have changed, that may be one of several of these; with the path."""
        known = {id(tensor): tensor for tensor in changed}
        if not self._holders:
            return
        hidden = {id(view): (view, value) for tensor in several for view, value in hidden_views(tensor)}
        found: dict[int, Merged] = {}
        for key in (*map(id, several), *hidden):
            found.update({id(each): each for each in self._holders.get(key, ())})
        for each in found.values():
            result = each.result()
            if result is None or id(result) in known:
                continue
            for path, root in each.roots:
                if known.get(id(source := root())) is source and source is not None:
                    yield result, path, source
                elif id(source) in hidden and hidden[id(source)][0] is source:
                    yield result, path, hidden[id(source)][1]()

    def is_written(self, tensor: Any) -> bool:
        """Whether the program has ever written into a tensor."""
        found = self._written.get(id(tensor))
        return found is not None and found() is tensor

    # -- loops ---------------------------------------------------------------------------------------------------------

    def _outdate(self, changed: list[Tensor], known: list[Tensor]) -> None:
        """What is related to these becomes stale; also one that has changed where a path holds, and may be another one
        that has, on others. known: the tensors of which the value is sure."""
        session = location.thread_state.session
        site = None if session is None else session.frame.site
        pending, seen = list(changed), {id(tensor) for tensor in changed}
        sure = {id(tensor) for tensor in known}
        for tensor in changed if self._related else ():
            for found in self._related_to(tensor):
                if id(found) in seen and id(found) not in sure:
                    self.stale[id(found)] = ref(found), site
        while pending and self._related:
            for found in self._related_to(pending[-1]):
                if id(found) not in seen:
                    seen.add(id(found))
                    if type(found._value) is not Traced:  # nobody reads it here, and all read it afterwards
                        self._refuse(found, site)
                    for each in (*self.roots_of(found), *[r for h in self._holders.get(id(found), ())
                                                          if (r := h.result()) is not None]):
                        if id(each) not in sure:
                            self.stale[id(each)] = ref(each), site
                    pending.insert(0, found)
            pending.pop()

    def is_stale(self, tensor: Any) -> bool:
        """Whether the value of a tensor is not known for sure."""
        found = self.stale.get(id(tensor))
        return found is not None and found[0]() is tensor

    def check(self, tensor: Tensor) -> None:
        """GraphCompileError if a tensor that the program reads is stale."""
        if self.is_stale(tensor):
            self._refuse(tensor, self.stale[id(tensor)][1])

    def _refuse(self, tensor: Any, site: Any) -> None:
        raise GraphCompileError(
            "A tensor is read that may be the one that was changed in place through another variable, which a loop or "
            "a recursion on a tensor assigns.", found=describe(tensor) + (
                "" if site is None else f", changed in line {site.lineno}: {site.source.line(site.lineno).strip()}"),
            remedy="give the variable a tensor of its own before the loop (y = x.copy()), or compute a new value "
                   "instead of changing the old one")

    def check_loop(self, body: GraphTrace, starts: list, ends: list, results: list,
                   final: Collection[int] = (), entered: Tag | bool = False, unread: Collection[int] = ()) -> None:
        """Note what a loop's results may be. GraphCompileError if two carried variables may hold one tensor at the end
        of a trip, and the next trip changes it.

        starts, ends, results: the carried tensors before the loop, at the end of a trip, and after the loop.
        final: the numbers of those that only the last trip changes, so that no trip follows. entered: whether a trip
        is made: surely, a tag of which alternative 0 says so, or False where that is not told. unread: the numbers of
        those that no trip reads before it assigns them, so that a trip may change what they were.
        """
        outer = current_trace()
        params = [handle for handle, _ in body.carried]
        carried = {id(param) for param in params}
        roots = [self._reached_from(end, body, carried) if isinstance(end, Tensor) else [] for end in ends]
        outside = [[r for r in each if outer.can_lift(r)] for each in roots]
        for k, (start, result, around) in enumerate(zip(starts, results, outside)):
            if entered and len(params) == len(ends) and not around and not any(id(r) in carried for r in roots[k]):
                if isinstance(entered, Tag):  # where no trip is made, the start is what it was before
                    self._note(result, self._paths_to(start, (entered, (1,))))
                    if self.is_stale(params[k]):
                        self.stale[id(result)] = ref(result), self.stale[id(params[k])][1]
                continue
            for each in (start, *around):
                self.relate(result, each)
        if len(params) != len(ends):
            return
        final = {*final, *[k for k in unread if not self.is_written(params[k])]}
        for k, (param, around) in enumerate(zip(params, outside)):
            others = [each for each in around if each is not starts[k]]
            if k not in final and any(self.is_written(param) or id(each) in body.written for each in others):
                self._refuse(param, None)
        alike = _may_be_one(params, starts, roots)
        for k, j in alike:
            written = self.is_written(params[k]) or self.is_written(params[j])
            if written and starts[k] is not starts[j] and not {k, j} & set(final):
                self._refuse(params[k], None)


def _may_be_one(params: list, starts: list, roots: list) -> set[tuple[int, int]]:
    """The pairs of carried variables that may hold the same tensor in some trip."""
    numbers = {id(param): k for k, param in enumerate(params)}
    sets = [{id(root) for root in each} for each in roots]
    carried = [[numbers[key] for key in each if key in numbers] for each in sets]
    found = {(k, j) for k in range(len(params)) for j in range(k) if starts[k] is starts[j]}
    while True:
        more = set()
        for k in range(len(params)):
            for j in range(k):
                before = [(x, y) for x in carried[k] for y in carried[j]]
                if not sets[k].isdisjoint(sets[j]) or any((max(pair), min(pair)) in found for pair in before):
                    more.add((k, j))
        if more <= found:
            return found
        found |= more


def _hold(tensor: Tensor) -> _Ref:
    """A reference that keeps no tensor alive, but for a view of another one: the write goes there."""
    return (lambda: tensor) if is_view(tensor) else ref(tensor)


def _overwrite(trace: GraphTrace, target: Tensor, path: _Path, value: Tensor) -> None:
    """Give `target` the value where the path holds."""
    from mindspore.graph import control
    b = trace.builder
    test = None
    for tag, group in path:
        if not (tag.is_known_in(trace) if type(tag) is Entered else trace.can_lift(tag.tensor)):
            raise PathsNeeded
        step = control.is_one_of(tag, group)
        test = step if test is None else b.logical_and(test, step)
    aval = target._value.aval
    if aval.shape:
        test = b.broadcast_to(b.reshape(test, shape=(1,) * aval.ndim), shape=aval.shape)
    node = b.select(test, trace.node_of(value), trace.node_of(target))
    record.put(target, control.wrap(Traced(trace, node)))
