"""Segments: recorded streams of eager operations.

In PyNative mode an operation is not run when it is called. Its shape and dtype rule runs at once, so errors come where
the mistake is; then the call is appended to the thread's current segment. A segment is run when somebody looks at a
value (print, asnumpy, bool), after an optimizer's update, when the first recorded operation comes round again from the
same line of the user's program (a loop), or at a hard limit.

Values have numbers in the order of their appearance: inputs (values from before the segment) and results alike. The
key of a segment is the stream itself - operators, operand numbers, attributes, input avals - with the numbers of the
results that are still referenced; it is made while recording (`Step`), before any simplification or differentiation,
so a loop that records the same stream again costs a dictionary look-up. Python numbers used as data are inputs, so a
changing learning rate does not make a new key.

A gradient is one entry of the stream: (start, wanted, outputs, seeds) says that the entries since `start` are to be
differentiated. The differentiation itself happens when a key is seen for the first time (`replay`).

A look inside a region that is being differentiated runs the segment, and the region remembers its entries. When its
gradient is taken they are recorded again, with the values that are known attached to them (`known_value`): nothing is
detached, and what is known is not computed again unless the derivative needs it.
"""
from __future__ import annotations

import os
import sys
import threading
from _thread import RLock  # `threading.RLock` is a function that asks which one there is
from collections import OrderedDict

import numpy as np

from mindspore.compiler import debug, recording
from mindspore.compiler.frontend.location import user_location
from mindspore.compiler.ir import TupleAval, infer
from mindspore.compiler.standing import StandingExecutable
from mindspore.eager.interrupts import Uninterrupted, mend
from mindspore.eager.recovery import acts, recover
from mindspore.eager.replay import VJP, Underivable, first_numbers, replay
from mindspore.runtime import device as _device
from mindspore.runtime.standing import Standing, weights
from mindspore.runtime.storage import Storage, from_numpy

HARD_LIMIT = 4096
LOOP_MINIMUM = 48
CACHE_SIZE = 256
_getrefcount = sys.getrefcount
_cache: OrderedDict = OrderedDict()
tokens: list = []  # (hidden tensor, the array that it begins with): see `Segment._renew_tokens`
_cache_lock = threading.Lock()


class Step:
    """A point that streams have come to before: the last entry, the aval of its result, and the entries that followed.

    Streams share their beginnings, so the steps form a tree, and a stream that is recorded again walks down the same
    branch: an entry costs one look-up, no inference, and the last step stands for the whole stream in the key."""

    __slots__ = ("entry", "aval", "next")

    def __init__(self, entry: tuple | None = None, aval=None):
        self.entry, self.aval = entry, aval
        self.next: dict = {}


STEP_LIMIT = 100_000
_root = [Step(), 0]  # where every stream starts, and how many steps there are below


def _new_step(step: Step, key, entry: tuple, aval) -> Step:
    """The step after `step`. When there are too many, streams under way keep the old tree and a new one is begun."""
    if _root[1] >= STEP_LIMIT:
        _root[:] = [Step(), 0]
    _root[1] += 1
    return step.next.setdefault(key, Step(entry, aval))


class Region:
    """The part of a stream that a gradient call is recording: where it starts in the current segment, and what of it
    earlier segments have run, as `Segment.capture` gives it. hooks: the points that cotangents pass (`eager.hooks`).
    wanted: what is differentiated by."""

    __slots__ = ("history", "hooks", "start", "wanted")

    def __init__(self, start: int):
        self.start = start
        self.history: list[tuple] = []
        self.hooks: list = []
        self.wanted: list = []


class _Compiled:
    """A segment's executable, and what is kept of what it computes from weights alone. repeatable: running it again
    gives the same values and does nothing else."""

    __slots__ = ("executable", "repeatable", "_standing")

    def __init__(self, executable, repeatable: bool):
        self.executable, self.repeatable = executable, repeatable
        self._standing = Standing(executable) if isinstance(executable, StandingExecutable) else None

    def run(self, buffers: list, values: list, inputs: list[int]) -> list:
        if self._standing is None:
            return self.executable.run(buffers)
        return self._standing.run(buffers, [values[inputs[place]] for place in self.executable.reads])


class Segment:
    """One recorded stream; see the module's text."""

    __slots__ = ("lock", "entries", "values", "inputs", "numbers", "donations", "regions", "first", "closed", "done",
                 "error", "successor", "step", "fault", "checks", "faults", "overwritten", "lines")

    def __init__(self, regions: list | None = None):
        self.lock = RLock()
        self.entries: list = []  # (op, operand numbers, attrs) or ("input", aval) or (VJP, ...)
        self.values: list = []  # Storage by number
        self.inputs: list[int] = []  # numbers of the inputs
        self.numbers: dict[int, int] = {}  # id of an input storage -> its number
        self.donations: list[tuple[int, Storage]] = []  # (number of the new value, storage it replaces)
        self.regions: list[Region] = regions if regions is not None else []
        self.first = None
        self.step = _root[0]
        self.closed = False  # nothing is appended any more
        self.done = False  # it has run
        self.error: BaseException | None = None
        self.overwritten: set[int] = set()  # inputs whose memory results were written to
        self.successor: Segment | None = None
        self.fault: Storage | None = None  # that of the last check of an index tensor (`graph.index_checks`)
        self.checks: list = []  # what the checks were for
        self.faults: list = []  # (fault, checks) of compiled functions that were recorded
        # Where entries come from, by position, while a profiler asks; then streams of other lines are other streams.
        self.lines: dict[int, tuple] | None = None if recording.current() is None else {}

    # -- recording ---------------------------------------------------------------------------------------------------

    def number(self, storage: Storage) -> int:
        """The number of a value in this segment, made an input if it comes from before."""
        if storage.pending is self:
            return storage.index
        found = self.numbers.get(id(storage))
        if found is None:
            if storage.pending is not None:
                storage.pending.flush()
            values, aval, before = self.values, storage.aval, self.step
            found = len(values)
            step = before.next.get(aval) or _new_step(before, aval, (None, (), aval), None)
            self.entries.append(step.entry)  # entries come first: see `interrupts.mend`
            self.step = step
            values.append(storage)
            self.inputs.append(found)
            self.numbers[id(storage)] = found
        return found

    def record(self, op, storages: tuple, attrs: tuple):
        """Append one operation; its result storage, or a tuple of them."""
        with self.lock:
            try:
                if self.closed:
                    return current().record(op, storages, attrs)
                refs = tuple([s.index if s.pending is self else self.number(s) for s in storages])
                entry = key = (op, refs, attrs)
                if self.lines is not None:
                    self.lines[len(self.entries)] = line = user_location()
                    key = (*entry, line)
                step = self.step.next.get(key)
                if step is None:
                    aval = infer(op, tuple([s.aval for s in storages]), attrs)
                    if self.closed:  # the rule looked at a value that is computed here
                        return current().record(op, storages, attrs)
                    step = _new_step(self.step, key, entry, aval)
                if self.first is None:
                    self.first = (op, attrs, user_location())
                elif op is self.first[0] and len(self.entries) >= LOOP_MINIMUM and not self.regions \
                        and attrs == self.first[1] and user_location() == self.first[2]:
                    return self._start_over(op, storages, attrs)
                self.entries.append(step.entry)  # entries come first: see `interrupts.mend`
                self.step = step
                aval = step.aval
                values = self.values
                if type(aval) is TupleAval:
                    result = tuple([Storage(a, None, None, None, self, k)
                                    for k, a in enumerate(aval.items, len(values))])
                    values += result
                else:
                    result = Storage(aval, None, None, None, self, len(values))
                    values.append(result)
                if len(self.entries) >= HARD_LIMIT and not self.regions:
                    self.flush()
                return result
            except BaseException:
                mend(self, Step())
                raise

    def check(self, indices: Storage, low: int, size: int, name: str) -> None:
        """Append a check that indices lie in [low, size); name: of the operator."""
        from mindspore.graph.index_checks import Check
        with self.lock:
            if self.closed:
                current().check(indices, low, size, name)
                return
            try:
                fault = self.fault or from_numpy(np.zeros((), np.int64))
                attrs = (low, size, len(self.checks) + 1)
                entry = (_primitive("index_check"), (self.number(fault), self.number(indices)), attrs)
                self._append(entry, entry, fault.aval)
                self.fault = self._new(fault.aval)
                self.checks.append(Check(name, size, *user_location()))
            except BaseException:
                mend(self, Step())
                raise

    def note_fault(self, fault: Storage, checks: list) -> None:
        """A compiled function, which was recorded here, has left a fault."""
        if fault.pending is self:
            self.faults.append((fault, checks))
        else:
            _look(fault, checks)

    def _append(self, key, entry: tuple, aval=None) -> None:
        """Append an entry beside operations. aval: of its result, where it may be recorded as one, too."""
        step = self.step.next.get(key) or _new_step(self.step, key, entry, aval)
        self.entries.append(step.entry)
        self.step = step

    def _new(self, aval) -> Storage:
        storage = Storage(aval, None, None, None, self, len(self.values))
        self.values.append(storage)
        return storage

    def _start_over(self, op, storages: tuple, attrs: tuple):
        self.flush()
        return current().record(op, storages, attrs)

    def record_vjp(self, region: Region, wanted: list[Storage], outputs: list[Storage],
                   seeds: list[Storage | None]) -> list[Storage]:
        """Append the gradient of the region's outputs by the wanted values; the gradients' storages."""
        with self.lock:
            if region.history:
                return self.record_vjp_of(self.capture(region), wanted, outputs, seeds)
            try:
                wanted_refs = tuple([self.number(s) for s in wanted])
                output_refs = tuple([self.number(s) for s in outputs])
                seed_refs = tuple([-1 if s is None else self.number(s) for s in seeds])
                entry = (VJP, (region.start, wanted_refs, output_refs, seed_refs), None)
                self._append(entry, entry)
                return [self._new(s.aval) for s in wanted]
            except BaseException:
                mend(self, Step())
                raise

    def capture(self, region: Region) -> list[tuple]:
        """The region's entries with their storages, to be recorded again later: (op, operands, attrs, results), for a
        gradient in it (VJP, (wanted, outputs, seeds), the place of its first entry, results)."""
        return region.history + self._recorded(region)

    def _recorded(self, region: Region) -> list[tuple]:
        """What of a region's entries is here."""
        firsts = first_numbers(self.entries) + [len(self.values)]
        recorded: list[tuple] = []
        for position in range(region.start, len(self.entries)):
            op, refs, attrs = self.entries[position]
            if op is None:
                continue
            results = tuple(self.values[firsts[position]:firsts[position + 1]])
            if op is VJP:
                _, wanted, outputs, seeds = refs
                groups = [[None if r < 0 else self.values[r] for r in part] for part in (wanted, outputs, seeds)]
                inside = len(region.history) + sum(1 for e in self.entries[region.start:refs[0]] if e[0] is not None)
                recorded.append((VJP, tuple(groups), inside, results))
            else:
                recorded.append((op, tuple([self.values[r] for r in refs]), attrs, results))
        return recorded

    def record_vjp_of(self, recorded: list[tuple], wanted: list[Storage], outputs: list[Storage],
                      seeds: list[Storage | None]) -> list[Storage]:
        """Record captured entries again and append the gradient of `outputs`, among their results, by `wanted`."""
        region = Region(len(self.entries))
        self.regions.append(region)
        again: dict[int, Storage] = {}
        try:
            starts = []
            for op, operands, attrs, results in recorded:
                starts.append(len(self.entries))
                if op is VJP:
                    groups = [[again.get(id(s), s) for s in part] for part in operands]
                    inner = Region(starts[attrs] if attrs < len(starts) else len(self.entries))
                    made = self.record_vjp(inner, *groups)
                else:
                    made = self.record(op, tuple([again.get(id(s), s) for s in operands]), attrs)
                for old, new in zip(results, made if isinstance(made, tuple | list) else (made,)):
                    again[id(old)] = new if op is _primitive("known_value") else self._known(new, old)
            return self.record_vjp(region, [again.get(id(s), s) for s in wanted],
                                   [again.get(id(s), s) for s in outputs], seeds)
        finally:
            self.regions.remove(region)

    def _known(self, again: Storage, old: Storage) -> Storage:
        """The recorded value `again`, with the computed value of `old` attached if there is one."""
        return again if old.buffer is None else self.record(_primitive("known_value"), (again, old), ())

    # -- running -----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Run what is recorded; the owner goes on in a new segment. Any thread may call it."""
        with self.lock:
            if self.done:
                return
            self.closed = True
            try:  # an interrupt changes nothing here: it runs when it is asked for again
                prepared = self._prepared() if self.entries else None
            except Exception as error:
                self._fail(error)
                raise
            if prepared is not None and prepared[0].repeatable and not (self.regions or self.fault or self.faults):
                try:  # here it runs again, too
                    self._run(*prepared)
                except Exception as error:
                    self._fail(error)
                    raise
                self.done = True
                self.values = self.inputs = self.entries = ()
                if _local.segment is self:
                    _local.segment = None
                return
            with Uninterrupted():
                self.done = True
                if prepared is not None:
                    try:
                        self._run(*prepared)
                    except BaseException as error:
                        self._fail(error)
                        raise
                if self.regions:
                    self.successor = Segment(self.regions)
                    for region in self.regions:
                        region.history += self._recorded(region)
                        region.start = 0
                self.values = self.inputs = self.entries = ()
                faults, self.faults = [*self.faults, (self.fault, self.checks)], []
                if _local.segment is self:
                    _local.segment = self.successor
        for fault, checks in faults:
            if fault is not None:
                _look(fault, checks)

    def recover(self, storage: Storage) -> None:
        """Compute a value of this segment, which failed, on its own where that is possible."""
        if self.error is not None and self.entries:
            recover(self, Segment(), storage)

    def _fail(self, error: BaseException) -> None:
        """What was recorded has no values."""
        self.done, self.error = True, error
        self.regions.clear()
        self._renew_tokens()

    def _renew_tokens(self) -> None:
        """Hidden tensors that say no more than in which order things happen begin anew."""
        for tensor, first in tokens:
            if getattr(tensor._value, "pending", None) is self:
                tensor._value = from_numpy(first)

    def _prepared(self) -> tuple:
        """What runs the segment, which of its values it computes, and which inputs their memory may be taken from."""
        values, inputs = self.values, set(self.inputs)
        keep_all = bool(self.regions)
        live = tuple([k for k in range(len(values))
                      if k not in inputs and (_getrefcount(values[k]) > 2 or (keep_all and _is_costly(self, k)))])
        donated = self._donations(live)
        device = _device.current()
        key = (self.step, live, tuple(donated.items()), device)
        found = _cache.get(key)
        if found is not None:
            try:
                _cache.move_to_end(key)
            except KeyError:  # another thread has just dropped it
                pass
        else:
            if debug.explains():
                debug.say(f"compiling a segment of {len(self.entries)} entries, {len(self.inputs)} inputs and "
                          f"{len(live)} outputs: this stream was not seen before")
            taken, known = set(donated.values()), weights()
            stable = tuple([k for k, n in enumerate(self.inputs) if k not in taken and id(values[n]) in known])
            try:
                executable = replay(tuple(self.entries), self.inputs, live, donated, device, stable, self.lines)
                found = _Compiled(executable, not donated and not any(acts(op) for op, _, _ in self.entries))
            except Underivable as failed:  # who reads one of these values is told
                self.error, donated = failed, {}
                live = tuple([number for number in live if number not in failed.numbers])
                executable = replay(tuple(self.entries), self.inputs, live, donated, device, lines=self.lines)
                found = _Compiled(executable, False)
            else:
                with _cache_lock:
                    _cache[key] = found
                    if len(_cache) > CACHE_SIZE:
                        _cache.popitem(last=False)
        return found, live, donated, device

    def _run(self, found, live: tuple, donated: dict[int, int], device) -> None:
        values, replaced = self.values, set(donated.values())
        self.overwritten = {self.inputs[k] for k in replaced}
        buffers = [values[n].own_buffer(device) if k in replaced else values[n].buffer_on(device)
                   for k, n in enumerate(self.inputs)]
        for number, buffer in zip(live, found.run(buffers, values, self.inputs)):
            storage = values[number]
            storage.buffer, storage.device, storage.pending = buffer, device, None

    def _donations(self, live: tuple) -> dict[int, int]:
        """Output position -> input position, for updates whose old value nobody else holds."""
        if not self.donations:
            return {}
        place = dict(zip(live, range(len(live))))
        input_place = dict(zip(self.inputs, range(len(self.inputs))))
        pairs, self.donations = self.donations, []
        donated: dict[int, int] = {}
        while pairs:
            new, old = pairs.pop()
            number = self.numbers.get(id(old))
            if number in input_place and new in place and _getrefcount(old) <= 3 and old.aval is self.values[new].aval \
                    and (old.buffer is not None or old.host is not None):
                donated[place[new]] = input_place[number]
        return donated


def _look(fault: Storage, checks: list) -> None:
    from mindspore.graph.index_checks import look
    look(fault, checks)


def _primitive(name: str):
    from mindspore.compiler.primitives.base import primitive
    return primitive(name)


def _is_costly(segment: Segment, number: int) -> bool:
    """Whether a value inside a gradient region should be kept at a look rather than be computed again."""
    producers = getattr(_local, "producers", None)
    if producers is None or producers[0] is not segment or producers[1] != len(segment.entries):
        table = {}
        for (op, _, _), first in zip(segment.entries, first_numbers(segment.entries)):
            if op not in (None, VJP, _primitive("known_value")) and not op.scalar:
                table[first] = True
        producers = _local.producers = (segment, len(segment.entries), table)
    return number in producers[2]


class _Local(threading.local):
    segment: Segment | None = None
    producers = None


_local = _Local()


def is_differentiated() -> bool:
    """Whether what the thread records now is differentiated."""
    segment = _local.segment
    return segment is not None and bool(segment.regions)


def current() -> Segment:
    """This thread's segment."""
    segment = _local.segment
    while segment is not None and segment.closed:
        if not segment.done:
            segment.flush()
        segment = segment.successor
    if segment is None:
        segment = Segment()
    _local.segment = segment
    return segment


def flush() -> None:
    """Run everything that this thread has recorded."""
    if _local.segment is not None:
        current().flush()


def close() -> None:
    """End what this thread has recorded: it runs when one of its values is asked for, or before anything else is
    recorded. Until then values that the program needs no more are forgotten, and not computed for it."""
    segment = _local.segment
    if segment is not None and segment.entries:
        if segment.regions:
            current().flush()
        else:
            segment.closed = True


def discard_pending() -> None:
    """Drop this thread's recordings without running them (in a forked child)."""
    _local.segment = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=discard_pending)


def clear_cache() -> None:
    """Forget the compiled segments and the streams that were met."""
    with _cache_lock:
        _cache.clear()
    _root[:] = [Step(), 0]
