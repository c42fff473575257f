"""Loops of generated groups as single kernels (`Region.whole` in core's plans).

A loop becomes one function if nothing in it is worth more than one thread and it is not too long: then going around is
what the executor would do most of the time. A loop over tensors of symbolic sizes stays with the executor, whose
kernels serve all sizes: a new size compiles nothing. `region_writer` says what the function looks like. It is compiled
with some of LLVM's passes, unlike single groups, which are printed as they are to be: it is they that put the carried
values into registers.
"""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from mindspore.compiler.program import GROUP, Launch, Plan
from mindspore_cpu.codegen.engine import Code, Source, load_sources
from mindspore_cpu.codegen.group_calls import GroupCalls, is_symbolic
from mindspore_cpu.codegen.region_tapes import largest_popped
from mindspore_cpu.codegen.region_writer import RegionWriter
from mindspore_cpu.codegen.target import target
from mindspore_cpu.codegen.writer import Module

CACHED_LOOPS = 512
MOST_STEPS = 1024  # operations; for more LLVM's passes take too long, and going around is little of a trip
WORTH_THREADS = 16000.0  # nanoseconds: what threads.h says
NAME = "loop"


@dataclass(frozen=True, slots=True)
class WholeLoop:
    """The kernel of a loop: a function (addresses of buffers, scratch, services) at `address`. Its buffers are the
    loop's operands and results, its part of the arena, and `zeros` bytes of zeros, where that is not None. nanoseconds:
    of a trip."""

    address: int
    nanoseconds: float
    scratch: int
    zeros: int | None
    keepalive: object


_lock = threading.Lock()
_cache: OrderedDict[tuple[str, str], Code] = OrderedDict()


def compile_loop(step: Launch, plan: Plan, reuses: bool) -> WholeLoop | None:
    """The kernel of a loop of `plan`; None where the executor had better go around. reuses: whether the memory of
    popped entries may be used again."""
    if any(map(is_symbolic, groups_in(step))):
        return None
    where = target()
    module = Module(where)
    calls = GroupCalls(module, where)
    groups = [calls.of(inner) for inner in groups_in(step)]
    if any(g.most_units > 1 and g.nanoseconds >= WORTH_THREADS for g in groups):
        return None
    if sum([g.steps for g in groups]) > MOST_STEPS:
        return None
    writer = RegionWriter(module, calls, reuses)
    module.functions.append(writer.write(step, plan, NAME))
    text = module.text()
    with _lock:
        code = _cache.get((where.level, text))
        if code is None:
            code, = load_sources([Source(NAME, text, lambda: text, optimized=True)], where)
            _cache[where.level, text] = code
            if len(_cache) > CACHED_LOOPS:
                _cache.popitem(last=False)
        else:
            _cache.move_to_end((where.level, text))
    scratch = max((g.scratch.nbytes for g in groups), default=0)
    return WholeLoop(code.address, writer.nanoseconds, scratch, largest_popped(step), code)


def groups_in(step: Launch) -> Iterator[Launch]:
    """All groups that a region runs."""
    for plan in step.region.plans:
        for inner in plan.launches:
            if inner.kind == GROUP:
                yield inner
            elif inner.region is not None:
                yield from groups_in(inner)
