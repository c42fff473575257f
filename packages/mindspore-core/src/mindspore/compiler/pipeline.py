"""Graph to executable: the plugins' passes, legalize, schedule, plan memory, and let the device build.

Executables are cached by (structure of the graph, device, donations), least recently used out first. `compile_count`
counts what was really compiled; tests and `assert_max_compiles` use it.
"""
from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mindspore.compiler import debug
from mindspore.compiler.collector import CollectorAtRest
from mindspore.compiler.driver import Driver, needs_driver
from mindspore.compiler.executor import PythonExecutable
from mindspore.compiler.ir import Graph, rebuild
from mindspore.compiler.ir.bind import bind
from mindspore.compiler.ir.dims import Binding
from mindspore.compiler.ir.verify import maybe_verify
from mindspore.compiler.passes.calls import settle_calls, without_rules
from mindspore.compiler.passes.lane_choices import without_lane_choices
from mindspore.compiler.passes.legalize import legalize
from mindspore.compiler.passes.memory import plan_memory
from mindspore.compiler.passes.recursion import without_recursion
from mindspore.compiler.passes.region_plans import plannable, uses_tapes_once
from mindspore.compiler.passes.schedule import schedule
from mindspore.compiler.passes.trim import trim_regions
from mindspore.compiler.program import Executable, Plan
from mindspore.plugin import manager
from mindspore.runtime.transfer import download, upload

CACHE_SIZE = 512
compile_count = 0
_cache: OrderedDict = OrderedDict()
_lock = threading.RLock()


def simplified(graph: Graph) -> Graph:
    """The graph after the passes that do not depend on the device."""
    graph = settle_calls(without_lane_choices(without_rules(graph)))
    graph = maybe_verify(without_recursion(trim_regions(rebuild(graph))))
    for contributed in manager.passes():
        graph = maybe_verify(contributed(graph))
    return graph


def make_plan(graph: Graph, device, donated: dict[int, int] | None = None) -> Plan:
    """The plan of a graph for a device; graphs with regions have one where `plannable` says so. donated: output
    position -> input position that it may overwrite."""
    return _plan(simplified(graph), device, donated)


def _plan(graph: Graph, device, donated: dict[int, int] | None = None) -> Plan:
    plans: dict[tuple, Plan] = {}

    def plan(graph: Graph, donated: dict[int, int]) -> Plan:
        graph = maybe_verify(legalize(graph, device))
        made = plan_memory(schedule(graph, device, donated, inner), device.capabilities.in_place)
        made.reuses_entries = uses_tapes_once(graph) and all(
            p.reuses_entries for step in made.launches if step.region is not None for p in step.region.plans)
        return made

    def inner(graph: Graph, donated: dict[int, int]) -> Plan:
        key = (graph.key(), tuple(donated.items()))
        if key not in plans:
            plans[key] = plan(simplified(graph), dict(donated))
        return plans[key]

    return plan(graph, donated or {})


def compile_graph(graph: Graph, device, donated: dict[int, int] | None = None,
                  binding: Binding | None = None) -> Executable:
    """The executable of a graph on a device, from the cache where the same structure was compiled before. binding: the
    sizes of the graph's symbols, where it has some."""
    global compile_count
    donated = donated or {}
    if binding:
        graph = bind(graph, binding)
    key = (graph.key(), device, tuple(sorted(donated.items())), tuple(manager.passes()))
    with _lock:
        found = _cache.get(key)
        if found is not None:
            _cache.move_to_end(key)
            return found
        start = time.perf_counter()
        with CollectorAtRest():
            executable, program = _build(graph, device, donated)
        compile_count += 1
        if debug.level():
            debug.compiled(graph, program, time.perf_counter() - start)
        _cache[key] = executable
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
        return executable


def _build(graph: Graph, device, donated: dict[int, int]) -> tuple[Executable, Any]:
    """The executable of a graph, and what it runs: a program, or the driver of several where there are regions that
    the device's executor does not run."""
    graph = simplified(graph)
    if any(map(needs_driver, graph.nodes)) and not (device.capabilities.regions and plannable(graph)):
        driver = Driver(graph, device, lambda part: _executable(_plan(part, device), device), simplified)
        return driver, driver
    plan = _plan(graph, device, donated)
    return _executable(plan, device), plan.program


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
