"""Joining what the sides of a decision leave behind.

For each variable and each changed place the sides leave one value each, and `Joiner.join` gives the value that holds
after the decision:

* the value itself where all sides have the same object;
* a new tensor, chosen at run time, for tensors of one shape and dtype, and for Python numbers that differ (bool, int64,
  float32; an int beside a float is a float; a number beside a tensor without dimensions takes its dtype if that can
  hold it);
* a tuple of joined items for tuples of one length; the same for lists, dicts, sets and objects of one class, if each of
  them was made on its own side and they correspond one to one: then a single new object stands for all of them;
* a `Variant` of the members in all other cases. Variants on the sides are flattened: a new tag says which member of
  which side holds, and members that are alike become one.

Tensors that a side computed, and that can be reached from what it leaves, are handed out of its region as further
results. They stay the same objects, so that whatever holds them (a list, a closure, a tag) need not be rebuilt.
"""
from __future__ import annotations

from types import CellType, MethodType
from typing import Any

from mindspore.common.dtype import int32
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.frames import UNBOUND, Unbound
from mindspore.compiler.frontend.journal import Contents, contents_of, is_container
from mindspore.compiler.frontend.variants import MOST_MEMBERS, Tag, Variant
from mindspore.compiler.ir import tensor_aval
from mindspore.graph.join_values import (
    COMPARED,
    NOTHING,
    NUMBERS,
    Mismatch,
    common_aval,
    has_only_a_dict,
    own_parts,
    parts_of,
)
from mindspore.graph.numbers import noted
from mindspore.graph.trace import GraphTrace, Traced, current_trace
from mindspore.runtime.record import wrap

__all__ = ["Joiner"]


class Joiner:
    """Joins the values of the sides of one decision.

    tag, groups: what decided, and the alternatives that chose each side. sides: the runs (`decisions.Branch`).
    numbers: whether Python numbers that differ become tensors, or stay the members of a variant.
    """

    def __init__(self, session: Any, tag: Tag, groups: list, sides: list, numbers: bool, site: Any):
        self.session, self.tag, self.groups, self.sides = session, tag, groups, sides
        self.numbers, self.site = numbers, site
        self.traces = [side.region for side in sides]
        self.outer: GraphTrace = current_trace()
        self.leaves: list[tuple[Tensor, list, Any]] = []
        self.merged: list[tuple[Tensor, list]] = []
        self.fresh: dict[int, Any] = {}
        self._memo: dict[tuple, tuple[Any, Any]] = {}
        self._partners: dict[tuple[int, int], tuple] = {}
        self._single: set[tuple[int, int]] = set()
        self._exported: set[int] = set()
        self._tags: dict[tuple, Tag] = {}

    # -- values --------------------------------------------------------------------------------------------------------

    def join(self, values: Any) -> Any:
        """The value after the decision of what has `values` on the sides; NOTHING where a side does not matter."""
        values = list(values)
        real = [v for v in values if v is not NOTHING]
        first = real[0]
        if len(real) == len(values) and all(v is first for v in real):
            return first
        key = tuple(map(id, values))
        known = self._memo.get(key)
        if known is None:
            if any(type(v) is Variant for v in real):
                result = self._flatten(values)
            elif self._mergeable(values):
                result = self._merge(values)
            else:
                result = self._variant(values)
            known = self._memo[key] = (result, values)
        return known[0]

    def survey(self, rows: Any) -> None:
        """Find the objects that must not be merged with those that stand beside them on other sides, because they, or
        what holds them, stand elsewhere as well. `rows`: all that will be joined."""
        rows, count = [list(row) for row in rows], -1
        while count != len(self._single):
            count = len(self._single)
            self._partners.clear()
            seen: set[tuple] = set()
            for row in rows:
                self._compare(row, seen)

    def _compare(self, values: list, seen: set[tuple]) -> None:
        first, key = values[0], tuple(map(id, values))
        if key in seen or all(v is first for v in values) or any(isinstance(v, (Tensor, str, int)) for v in values):
            return
        seen.add(key)
        alike = all(type(v) is type(first) for v in values) and type(first) is not Variant
        if alike and isinstance(first, tuple | Contents):
            rows = [v.items if type(v) is Contents else v for v in values]
            if all(len(row) == len(rows[0]) for row in rows):
                for each in zip(*rows):
                    self._compare(list(each), seen)
                return
        elif alike and self._is_made_alike(values):
            for number, value in enumerate(values):
                self._partners[number, id(value)] = key
            for each in zip(*[own_parts(v) for v in values]):
                self._compare(list(each), seen)
            return
        for number, value in enumerate(values):
            self._keep_single(value, number)

    def _keep_single(self, value: Any, side: int) -> None:
        pending, seen = [value], set()
        while pending:
            value = pending.pop()
            if id(value) in seen or isinstance(value, (Tensor, str, int, float, type, type(None))):
                continue
            seen.add(id(value))
            if id(value) in self.sides[side].fresh:
                partners = self._partners.get((side, id(value)), ())
                self._single.update([(side, id(value)), *enumerate(partners)])
            pending.extend(parts_of(value, self.session, self.sides[side].fresh))

    def join_numbers(self, values: Any) -> Any:
        """The same for values that become a tensor where they differ."""
        saved, self.numbers = self.numbers, True
        try:
            return self.join(values)
        finally:
            self.numbers = saved

    def _mergeable(self, values: list) -> bool:
        """Whether one value can stand for all of these."""
        real = [v for v in values if v is not NOTHING]
        first = real[0]
        if all(v is first for v in real):
            return True
        if any(isinstance(v, Tensor) for v in real):
            return all(isinstance(v, Tensor) or (self.numbers and type(v) in NUMBERS) for v in real) and \
                common_aval(real) is not None
        if self.numbers and all(type(v) in NUMBERS for v in real):
            return True
        kind = type(first)
        if any(type(v) is not kind for v in real):
            return False
        if kind is Variant:
            return False
        if isinstance(first, Unbound):
            return True
        if isinstance(first, COMPARED):
            return all(v == first for v in real[1:]) and not (kind is slice and first != first)
        if kind is Contents:
            return all(v.has_form_of(first) for v in real)
        if isinstance(first, tuple):
            return all(len(v) == len(first) for v in real) and (
                self.numbers or any(isinstance(x, (Tensor, Variant, tuple)) for v in real for x in v)
                or all(v == first for v in real))
        if kind is MethodType:
            return all(v.__func__ is first.__func__ for v in real) and \
                self._mergeable([v if v is NOTHING else v.__self__ for v in values])
        return self._is_made_alike(values)

    def _merge(self, values: list) -> Any:
        real = [v for v in values if v is not NOTHING]
        first = real[0]
        if all(v is first for v in real):
            return self._export_all(values, first)
        if any(isinstance(v, Tensor) for v in real) or (self.numbers and type(first) in NUMBERS):
            if not any(isinstance(v, Tensor) for v in real) and all(type(v) is type(first) and v == first
                                                                   for v in real):
                return first
            return self._merge_tensors(values, common_aval(real))
        if isinstance(first, Unbound):
            return next((v for v in real if v is not UNBOUND), first)
        if isinstance(first, COMPARED):
            return first
        if type(first) is Contents:
            return Contents(first.kind, first.keys, tuple(self._items(values, [v if v is NOTHING else v.items
                                                                               for v in values])))
        if isinstance(first, tuple):
            items = self._items(values, values)
            return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
        if type(first) is MethodType:
            return MethodType(first.__func__, self.join([v if v is NOTHING else v.__self__ for v in values]))
        return self._merge_made(values, first)

    def _items(self, values: list, rows: list) -> list:
        count = next(len(row) for row in rows if row is not NOTHING)
        return [self.join([row if row is NOTHING else row[k] for row in rows]) for k in range(count)]

    def _merge_tensors(self, values: list, aval: Any) -> Tensor:
        """A tensor in the place of these: to the program it is one of them (`aliases`)."""
        tensor = self._leaf(values, aval)
        self.merged.append((tensor, values))
        if self.outer.aliases.hands_out_paths:
            for side, value in enumerate(values):
                for each in self.outer.aliases.tags_of(value):
                    self._export(each, side)
        return tensor

    def _leaf(self, values: list, aval: Any) -> Tensor:
        """A tensor that is chosen from these at run time."""
        tensor = wrap(None)
        tensor._value = _Pending(self.outer, aval)
        self.leaves.append((tensor, values, aval))
        return tensor

    # -- containers and objects that were made on the sides ------------------------------------------------------------

    def _is_made_alike(self, values: list) -> bool:
        """Whether these objects were made on their own sides, can be made anew, and belong to nobody else's join."""
        first = next(v for v in values if v is not NOTHING)
        for side, value in zip(self.sides, values):
            if value is not NOTHING and (id(value) not in side.fresh or id(value) in self.session.superposed):
                return False
        key = tuple(map(id, values))
        for number, value in enumerate(values):
            if value is not NOTHING and ((number, id(value)) in self._single
                                         or self._partners.get((number, id(value)), key) != key):
                for other, each in enumerate(values):
                    self._single.update([(other, id(each)), *enumerate(self._partners.get((other, id(each)), ()))])
                return False
        if is_container(first):
            form = contents_of(first)
            return type(first) in (list, dict, set, bytearray) and all(
                contents_of(v).has_form_of(form) for v in values if v is not NOTHING)
        if isinstance(first, CellType) or not hasattr(first, "__dict__") or callable(first):
            return False
        names = list(vars(first))
        return hasattr(type(first), "__init__") and not isinstance(first, (type, Tensor)) and all(
            list(vars(v)) == names for v in values if v is not NOTHING) and has_only_a_dict(type(first))

    def _merge_made(self, values: list, first: Any) -> Any:
        key = tuple(map(id, values))
        for number, value in enumerate(values):
            self._partners[number, id(value)] = key
        if is_container(first):
            made = type(first)()
        else:
            made = object.__new__(type(first))
            self.session.created[id(made)] = made
        self._memo[key] = (made, values)
        self.fresh[id(made)] = made
        if isinstance(first, dict):
            for name in first:
                made[name] = self.join([v if v is NOTHING else v[name] for v in values])
        elif isinstance(first, (list, bytearray)):
            made.extend(self._items(values, values))
        elif isinstance(first, set):
            made.update(first)
        else:
            for name in vars(first):
                made.__dict__[name] = self.join([v if v is NOTHING else vars(v)[name] for v in values])
        return made

    # -- variants ------------------------------------------------------------------------------------------------------

    def _variant(self, values: list) -> Variant:
        """Values that are unlike: a variant on the tag that decided; those among them that are alike become one."""
        values = [self._why(value) for value in values]
        members: list = [values[0]] * self.tag.count
        for group in self._classes([[v] for v in values]):
            row = [group.get((number, 0), NOTHING) for number in range(len(values))]
            member = self._one(row)
            for number, _ in group:
                for alternative in self.groups[number]:
                    members[alternative] = member
        self.session.varies = True
        return self._limited(Variant(self.tag, tuple(members)))

    def _why(self, value: Any) -> Any:
        """A missing value says which decision it misses."""
        if isinstance(value, Unbound) and value.site is None:
            return Unbound("has no value on one side of a decision on a tensor", self.site, value)
        return value

    def _one(self, row: list) -> Any:
        real = [v for v in row if v is not NOTHING]
        if len(real) == 1:
            return self._export_all(row, real[0])
        return self._merge(row)

    def _classes(self, options: list[list]) -> list[dict[tuple[int, int], Any]]:
        """The possible values of each side, those together for which one value can stand: (side, number) -> value."""
        found: list[dict[tuple[int, int], Any]] = []
        for side, values in enumerate(options):
            for number, value in enumerate(values):
                for group in found:
                    others = {s: v for (s, _), v in group.items()}
                    if others.get(side, value) is not value:
                        continue
                    others[side] = value
                    if self._mergeable([others.get(s, NOTHING) for s in range(len(options))]):
                        group[side, number] = value
                        break
                else:
                    found.append({(side, number): value})
        return found

    def _flatten(self, values: list) -> Any:
        """The join of variants: with each other, or with other values."""
        values = [self._why(value) for value in values]
        left = [self._left(side, value) for side, value in zip(self.sides, values)]
        if self.numbers and self._all_numbers(left):
            rows = []
            for side, value in zip(self.sides, values):
                from mindspore.graph import control
                with control.recording(side.region):
                    rows.append(control.select(side.known, value) if type(value) is Variant else value)
            return self._merge_tensors(rows, common_aval([v for v in rows if v is not NOTHING]))
        own = self._on_own_tag(values)
        if own is not None:
            return own
        options = [[member for _, member in each] for each in left]
        groups = self._classes(options)
        members = []
        for group in groups:
            by_side = {side: value for (side, _), value in group.items()}
            members.append(self._one([by_side.get(side, NOTHING) for side in range(len(values))]))
        if len(members) == 1:
            return members[0]
        number_of = {key: number for number, group in enumerate(groups) for key in group}
        tag = self._new_tag(values, left, number_of, len(members))
        self.session.varies = True
        return self._limited(Variant(tag, tuple(members)))

    def _left(self, side: Any, value: Any) -> list:
        """The alternatives that a value has on a side: (alternative or None, member)."""
        if value is NOTHING:
            return []
        if type(value) is not Variant:
            return [(None, value)]
        return [(k, value.members[k]) for k in side.known.get(value.tag, range(value.tag.count))]

    def _all_numbers(self, left: list) -> bool:
        every = [member for each in left for _, member in each]
        return common_aval(every) is not None and all(
            not isinstance(v, Tensor) or v.shape == () for v in every)

    def _on_own_tag(self, values: list) -> Any:
        """The join where all variants are on the tag that decided, so that it goes on deciding; else None."""
        if any(type(v) is Variant and v.tag is not self.tag for v in values) or NOTHING in values:
            return None
        if sum(map(len, self.groups)) > MOST_MEMBERS:
            return None
        members: list = [None] * self.tag.count
        rows = {}
        for side, (group, value) in enumerate(zip(self.groups, values)):
            for k in group:
                rows[k] = (side, value.members[k] if type(value) is Variant else value)
        options: list[list] = [[] for _ in values]
        places: dict[tuple[int, int], int] = {}
        for k, (side, value) in rows.items():
            places[side, len(options[side])] = k
            options[side].append(value)
        made = []
        for group in self._classes(options):
            by_side = {side: value for (side, _), value in group.items()}
            made.append(self._one([by_side.get(side, NOTHING) for side in range(len(values))]))
            for key in group:
                members[places[key]] = made[-1]
        if len(made) == 1:
            return made[0]
        for k in range(self.tag.count):
            if k not in rows:
                members[k] = made[0]
        return Variant(self.tag, tuple(members))

    def _new_tag(self, values: list, left: list, number_of: dict, count: int) -> Tag:
        """The tag that says which member holds; variants of one pattern share it."""
        from mindspore.graph import control
        tables = []
        for side, (value, options) in enumerate(zip(values, left)):
            numbers = tuple(number_of[side, place] for place in range(len(options)))
            tag = value.tag if type(value) is Variant else None
            tables.append((tag, tuple(k for k, _ in options), numbers))
        key = (count, *tables)
        known = self._tags.get(key)
        if known is None:
            rows = []
            for trace, (tag, alternatives, numbers) in zip(self.traces, tables):
                with control.recording(trace):
                    rows.append(control.renumbered(tag, alternatives, numbers) if numbers else NOTHING)
            known = self._tags[key] = Tag(count, self._leaf(rows, tensor_aval((), int32)), self.site)
        return known

    def _limited(self, variant: Variant) -> Variant:
        if len({id(member) for member in variant.members}) > MOST_MEMBERS:
            raise Mismatch(f"a variable that has more than {MOST_MEMBERS} alternatives: {variant!r}"[:400])
        return variant

    # -- handing out ---------------------------------------------------------------------------------------------------

    def _export_all(self, row: list, value: Any) -> Any:
        for side, each in enumerate(row):
            if each is not NOTHING:
                self._export(each, side)
        return value

    def _export(self, value: Any, side: int) -> None:
        """Hand out the tensors of a side's region that can be reached from a value."""
        pending, session = [value], self.session
        while pending:
            value = pending.pop()
            if id(value) in self._exported:
                continue
            if isinstance(value, Tensor):
                inner = value._value
                if type(inner) is Traced and not self._is_visible(inner.trace):
                    self._exported.add(id(value))
                    row = [NOTHING] * len(self.sides)
                    row[side] = value
                    self.leaves.append((value, row, inner.aval))
                    if self.outer.aliases.hands_out_paths:
                        pending += self.outer.aliases.tags_of(value)
                continue
            if isinstance(value, (int, float, str, bytes, type(None), type)):
                continue
            self._exported.add(id(value))
            self._memo[("kept", id(value))] = (value, value)
            if id(value) in session.superposed:
                pending.append(session.superposed[id(value)][1])
            pending.extend(parts_of(value, session, self.sides[side].fresh))

    def _is_visible(self, trace: GraphTrace) -> bool:
        at: GraphTrace | None = self.outer
        while at is not None and at is not trace:
            at = at.parent
        return at is trace

    def emit(self, tests: list, regions: list) -> None:
        """Emit the choice into the trace around the sides, and give the joined tensors their values."""
        from mindspore.graph import control
        below = [values[-1] for _, values, _ in self.leaves]
        for level in reversed(range(len(tests))):
            then = regions[level]
            orelse = regions[level + 1].parent if level + 1 < len(tests) else regions[-1]
            with control.recording(then.parent):
                pairs = [(values[level], low, aval) for (_, values, aval), low in zip(self.leaves, below)]
                below = control.choose(tests[level], then, orelse, pairs)
        for (tensor, _, _), found in zip(self.leaves, below):
            tensor._value = found._value
        for tensor, values in self.merged:
            self.outer.aliases.merge(tensor, self.tag, self.groups, values)
            noted(tensor, *[value for value in values if value is not NOTHING])


class _Pending:
    """What a joined tensor holds until the choice is emitted."""

    __slots__ = ("aval", "trace")

    def __init__(self, trace: GraphTrace, aval: Any):
        self.trace, self.aval = trace, aval
