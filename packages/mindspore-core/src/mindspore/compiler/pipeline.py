"""Graph to executable: the plugins' passes, legalize, schedule, plan memory, and let the device build.

Executables are cached by (structure of the graph, device, donations, sizes of its symbols), least recently used out
first. `compile_count` counts what was really compiled; tests and `assert_max_compiles` use it.

What does not depend on the sizes of symbols, the steps up to how graphs are cut into launches, is kept (`Prepared`) and
serves all sizes for which the decisions on the way have the same outcome. For other sizes values are laid out in memory
and kernels are made: that is an instance, counted by `instance_count`.
"""
from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mindspore.compiler import debug, recording
from mindspore.compiler.collector import SeldomCollected
from mindspore.compiler.driver import Driver, needs_driver
from mindspore.compiler.executor import PythonExecutable
from mindspore.compiler.ir import Graph
from mindspore.compiler.ir.bind import bind
from mindspore.compiler.ir.facts import Binding, Facts, deciding
from mindspore.compiler.ir.verify import maybe_verify
from mindspore.compiler.passes.calls import settle_calls, without_rules
from mindspore.compiler.passes.lane_choices import without_lane_choices
from mindspore.compiler.passes.legalize import legalize
from mindspore.compiler.passes.loop_levels import has_symbols
from mindspore.compiler.passes.loop_motion import lighten_loops
from mindspore.compiler.passes.memory import plan_memory
from mindspore.compiler.passes.recursion import without_recursion
from mindspore.compiler.passes.region_plans import mark_whole_loops, plannable, uses_tapes_once
from mindspore.compiler.passes.scales import fold_scales
from mindspore.compiler.passes.schedule import Cut, cut, schedule
from mindspore.compiler.passes.standing import lifted, split, stable_nodes
from mindspore.compiler.passes.trim import trim_regions
from mindspore.compiler.program import Executable, Plan
from mindspore.compiler.recording import built
from mindspore.compiler.standing import StandingExecutable
from mindspore.plugin import manager
from mindspore.runtime.transfer import download, upload

CACHE_SIZE = 512
compile_count = 0
instance_count = 0
_cache: OrderedDict = OrderedDict()
_prepared: OrderedDict = OrderedDict()
_lock = threading.RLock()


def simplified(graph: Graph) -> Graph:
    """The graph after the passes that do not depend on the device."""
    graph = _without_plugins(graph)
    for contributed in manager.passes():
        graph = maybe_verify(contributed(graph))
    return graph


def _without_plugins(graph: Graph) -> Graph:
    """The graph after this package's own passes. It is memoised on the graph, and on the result, which they leave as it
    is; but not where sizes are symbols, since other sizes can ask for other decisions."""
    found = graph.memo.get("simplified")
    if found is None:
        plain = trim_regions(settle_calls(without_lane_choices(without_rules(graph))))
        found = maybe_verify(without_recursion(trim_regions(lighten_loops(plain, _without_plugins))))
        if not has_symbols(graph):
            graph.memo["simplified"] = found.memo["simplified"] = found
    return found


def make_plan(graph: Graph, device, donated: dict[int, int] | None = None) -> Plan:
    """The plan of a graph for a device; graphs with regions have one where `plannable` says so. donated: output
    position -> input position that it may overwrite."""
    return Prepared(graph, device, donated or {}, Facts()).plan()


class Prepared:
    """A graph on its way to a plan, as far as that does not depend on the sizes of its symbols. facts: what was decided
    by them on the way."""

    def __init__(self, graph: Graph, device, donated: dict[int, int], facts: Facts, is_simple: bool = False,
                 is_legal: bool = False):
        self.device, self.donated, self.facts, self.is_legal = device, donated, facts, is_legal
        self.cuts: dict[bytes, Cut] = {}
        self.whole: Cut | None = None
        self.graph = graph if is_simple else simplified(graph)

    def plan(self, binding: Binding | None = None) -> Plan:
        """The plan for a binding of the symbols."""
        plans: dict[tuple, Plan] = {}
        general = self.device.capabilities.symbolic

        def plan(found: Cut, donated: dict[int, int]) -> Plan:
            program = schedule(found, donated, inner, binding, general)
            if self.device.capabilities.loops:
                mark_whole_loops(program.launches)
            made = plan_memory(program, self.device.capabilities.in_place)
            made.reuses_entries = uses_tapes_once(found.graph) and all(
                p.reuses_entries for step in made.launches if step.region is not None for p in step.region.plans)
            return made

        def inner(graph: Graph, donated: dict[int, int]) -> Plan:
            key = (graph.key(), tuple(donated.items()))
            if key not in plans:
                plans[key] = plan(self._cut(graph), dict(donated))
            return plans[key]

        if self.whole is None:
            self.whole = self._units(self.graph)
        return plan(self.whole, self.donated)

    def _cut(self, graph: Graph) -> Cut:
        """The units of a graph inside a region, once for all graphs of its structure."""
        key = graph.key()
        if key not in self.cuts:
            self.cuts[key] = self._units(simplified(graph))
        return self.cuts[key]

    def _units(self, graph: Graph) -> Cut:
        return cut(graph if self.is_legal and graph is self.graph else made_legal(graph, self.device), self.device)


def made_legal(graph: Graph, device, stable: frozenset[int] = frozenset()) -> Graph:
    """The graph of what the device runs, as the device wants it. stable: the positions of the parameters that are the
    same in every call."""
    legal = maybe_verify(legalize(graph, device))
    if stable:
        legal = maybe_verify(fold_scales(legal, stable))
    rewrite = getattr(device, "rewrite", None)
    return legal if rewrite is None else maybe_verify(rewrite(legal, stable_nodes(legal, stable)))


def compile_graph(graph: Graph, device, donated: dict[int, int] | None = None, binding: Binding | None = None,
                  stable: tuple[int, ...] = ()) -> Executable:
    """The executable of a graph on a device, from the cache where the same structure was compiled before. binding: the
    sizes of the graph's symbols, where it has some; stable: the positions of inputs that are mostly the same in every
    call, which makes a `StandingExecutable` where that is of use. While a profiler runs, graphs of other lines of the
    program have executables of their own, which tell these lines."""
    donated = donated or {}
    lines = None if recording.current() is None else tuple([node.loc and node.loc[:2] for node in graph.nodes])
    key = (graph.key(), device, tuple(sorted(donated.items())), tuple(manager.passes()), stable, lines)
    sizes = tuple(sorted(binding.items())) if binding else ()
    with _lock:
        found = _cache.get((key, sizes))
        if found is not None:
            _cache.move_to_end((key, sizes))
            return found
        start = time.perf_counter()
        with SeldomCollected():
            executable, program = _instance(key, graph, device, donated, binding) if binding else \
                _build_standing(graph, device, donated, frozenset(stable)) if stable else \
                _build(Prepared(graph, device, donated, Facts()))
        if not binding:
            _count_compile()
        if debug.level():
            debug.compiled(graph, program, time.perf_counter() - start)
        _cache[key, sizes] = executable
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
        return executable


def _count_compile() -> None:
    global compile_count
    compile_count += 1


def _instance(key: tuple, graph: Graph, device, donated: dict[int, int], binding: Binding) -> tuple[Executable, Any]:
    """As `_build`, for these sizes of the graph's symbols: from what was prepared for other sizes, if that serves."""
    global instance_count
    instance_count += 1
    known = _prepared.setdefault(key, [])
    _prepared.move_to_end(key)
    while len(_prepared) > CACHE_SIZE:
        _prepared.popitem(last=False)
    for prepared in known:
        found = _built_for(prepared, binding)
        if found is not None:
            return found
    _count_compile()
    for facts in (Facts(strict=False), Facts(binding, strict=False)):
        prepared = _prepare(graph, device, donated, facts)
        found = None if prepared is None else _built_for(prepared, binding)
        if found is not None:
            known.insert(0, prepared)
            return found
    return _build(Prepared(bind(graph, binding), device, donated, Facts()))


def _prepare(graph: Graph, device, donated: dict[int, int], facts: Facts) -> Prepared | None:
    """The graph on its way to a plan, with its symbols; None where a step cannot be made with them."""
    try:
        with deciding(facts):
            return Prepared(graph, device, donated, facts)
    except Exception as error:
        _say_static(graph, error)
        return None


def _built_for(prepared: Prepared, binding: Binding) -> tuple[Executable, Any] | None:
    """What `_build` makes; None if a decision has another outcome for these sizes, or a step needs numbers."""
    if not prepared.facts.hold(binding):
        return None
    try:
        with deciding(prepared.facts):
            found = _build(prepared, binding)
    except Exception as error:
        _say_static(prepared.graph, error)
        return None
    return found if prepared.facts.hold(binding) else None


def _say_static(graph: Graph, error: Exception) -> None:
    if debug.explains():
        debug.say(f"{graph.name}: a step needs the sizes as numbers ({type(error).__name__}: {error})")


def _build(prepared: Prepared, binding: Binding | None = None) -> tuple[Executable, Any]:
    """The executable of a graph, and what it runs: a program, or the driver of several where there are regions that
    the device's executor does not run."""
    graph, device = prepared.graph, prepared.device
    if any(map(needs_driver, graph.nodes)) and not (device.capabilities.regions and plannable(graph)):
        driver = Driver(bind(graph, binding or {}), device, lambda part: _executable(
            Prepared(part, device, {}, Facts(), is_simple=True).plan(), device), simplified)
        return built(driver, graph.name, [param.aval for param in driver.graph.params]), driver
    plan = prepared.plan(binding)
    made = _executable(plan, device)
    return built(made, graph.name, [plan.program.avals[v] for v in plan.program.inputs]), plan.program


def _build_standing(graph: Graph, device, donated: dict[int, int], stable: frozenset[int]) -> tuple[Executable, Any]:
    """As `_build`, in two parts where something is computed from the stable inputs alone."""
    graph = simplified(graph)
    is_legal = not any(map(needs_driver, graph.nodes))  # straight-line pieces between regions are made so one by one
    graph = made_legal(graph, device, stable) if is_legal else maybe_verify(lifted(graph, stable))
    parts = split(graph, stable)
    if parts is None:
        return _build(Prepared(graph, device, donated, Facts(), is_simple=True, is_legal=is_legal))
    preparation, _ = _build(Prepared(parts.preparation, device, {}, Facts(), is_simple=True, is_legal=is_legal))
    main, program = _build(Prepared(parts.main, device, donated, Facts(), is_simple=True, is_legal=is_legal))
    return StandingExecutable(preparation, main, parts.reads), program


def _executable(plan: Plan, device) -> Executable:
    build = getattr(device, "compile", None)
    return PythonExecutable(plan, device) if build is None else build(plan)


def run_graph(graph: Graph, arrays: Sequence[np.ndarray], device) -> list[np.ndarray]:
    """Compile and run a graph on host arrays; the results as host arrays."""
    executable = compile_graph(graph, device)
    buffers = [upload(device.allocator, np.asarray(a, dtype=p.aval.dtype.np).reshape(p.aval.shape))
               for a, p in zip(arrays, graph.params, strict=True)]
    return [download(device.allocator, b, o.aval) for b, o in zip(executable.run(buffers), graph.outputs)]


def clear_cache() -> None:
    """Forget every compiled executable."""
    with _lock:
        _cache.clear()
        _prepared.clear()


class TooManyCompilesError(AssertionError):
    """More compilations happened than `assert_max_compiles` allows."""


@contextlib.contextmanager
def assert_max_compiles(limit: int) -> Iterator[None]:
    """Fail if more than `limit` graphs are compiled inside the block: a guard against cache misses."""
    before = compile_count
    yield
    if compile_count - before > limit:
        raise TooManyCompilesError(f"{compile_count - before} graphs were compiled, at most {limit} were expected; set "
                                   f"MS_EXPLAIN_CACHE=1 to see why")
