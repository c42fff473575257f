"""The driver: runs graphs with region operators on any device.

A graph with regions is cut into straight-line stretches (`passes.stretches`). Each stretch is compiled as a plan, by
the device's own compiler where it has one, so on a device with code generation everything but the decisions between
stretches runs at the device's speed. The driver runs stretch after stretch and, between them, the region operators:
it reads a predicate back to the host, runs the chosen branch or one more trip, and keeps tapes as linked lists of
device buffers.

Values between stretches are buffers that nobody writes again, so branches, loops and tapes pass them on without
copying. Only what leaves the outermost graph is copied where it would share a buffer with something else.

The test of a loop for the next trip is computed by the same stretches as the trip itself.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mindspore.compiler.ir import Graph, Node, TapeAval, TupleAval
from mindspore.compiler.passes.region_plans import trip_and_test
from mindspore.compiler.passes.stretches import cut, needs_driver
from mindspore.compiler.primitives.scan import trips
from mindspore.compiler.primitives.tapes import Tape, add_tapes
from mindspore.compiler.program import Executable, Plan
from mindspore.runtime.transfer import download, upload

__all__ = ["Driver", "needs_driver"]

Build = Callable[[Graph], Executable]
Step = Callable[[list], None]


class Driver(Executable):
    """A graph with regions, ready to run.

    graph: simplified. build: makes the executable of a straight-line graph. simplify: applied to graphs inside regions.
    outer: the driver of the graph around a region; without one, outputs have buffers of their own.
    held: the buffers that it keeps between runs, those inside regions included. launches: all of its steps.
    callees: what runs each graph that is called, by its key. made: the executables of all straight-line graphs.
    """

    def __init__(self, graph: Graph, device, build: Build, simplify: Callable[[Graph], Graph],
                 outer: Driver | None = None):
        self.graph, self.device, self.build, self.simplify, self.outer = graph, device, build, simplify, outer
        self.held: list = [] if outer is None else outer.held
        self.launches: list[Step] = [] if outer is None else outer.launches
        self.callees: dict = {} if outer is None else outer.callees
        self.times: list = [None] if outer is None else outer.times
        self.made: list[Executable] = [] if outer is None else outer.made
        self.slots = len(graph.nodes)
        self.params = [p.idx for p in graph.params]
        self.outputs = [o.idx for o in graph.outputs]
        self.constants = [(n.idx, self._hold(n.attrs[0].array)) for n in graph.nodes if n.op.name == "constant"]
        self.steps: list[Step] = []
        for stretch in cut(graph):
            if stretch.graph is not None:
                self.steps.append(self._straight(stretch))
            self.steps += [self._region(node) for node in stretch.regions]
        self.launches += self.steps

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        values: list = [None] * self.slots
        for slot, buffer in self.constants:
            values[slot] = buffer
        for slot, buffer in zip(self.params, inputs):
            values[slot] = buffer
        for step in self.steps:
            step(values)
        found = [values[slot] for slot in self.outputs]
        return found if self.outer is not None else self._own(found, inputs)

    def run_timed(self, inputs: Sequence[Any], run: Callable) -> tuple[list[Any], list[tuple]]:
        times = self.times[0] = []
        try:
            return run(inputs), times
        finally:
            self.times[0] = None

    def plans(self) -> list[Plan]:
        """Those of all straight-line graphs."""
        return [plan for made in self.made if isinstance(made, Executable) for plan in made.plans()]

    def show(self) -> str:
        """The graph, for people."""
        from mindspore.compiler.ir.text import show
        return show(self.graph)

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _straight(self, stretch) -> Step:
        made, ins, outs = self.build(stretch.graph), [n.idx for n in stretch.ins], [n.idx for n in stretch.outs]
        self.made.append(made)
        plain, times, plan = made.run, self.times, getattr(made, "plan", None)

        def run(inputs: list) -> list:
            if times[0] is None or not isinstance(made, Executable):
                return plain(inputs)
            outputs, inside = made.run_timed(inputs, plain)
            times[0] += [(*one, plan) for one in inside]
            return outputs

        def step(values: list) -> None:
            for slot, buffer in zip(outs, run([values[i] for i in ins])):
                values[slot] = buffer

        return step

    def _region(self, node: Node) -> Step:
        """The step of a region operator or of an operator on tapes; it fills the slots of the elements, too."""
        run = self._noted(node.op.name, getattr(self, f"_{node.op.name}")(node))
        ins, slot = [i.idx for i in node.ins], node.idx
        if not isinstance(node.aval, TupleAval):
            def step(values: list) -> None:
                values[slot] = run([values[i] for i in ins])

            return step
        items = [(n.idx, n.attrs[0]) for n in self.graph.nodes if n.op.name == "item" and n.ins[0] is node]

        def step_of_many(values: list) -> None:
            results = run([values[i] for i in ins])
            for place, index in items:
                values[place] = results[index]

        return step_of_many

    def _noted(self, name: str, run: Callable) -> Callable:
        """What runs a region operator; its time is noted where times are."""
        times = self.times

        def noted(operands: list) -> Any:
            if times[0] is None:
                return run(operands)
            begin = time.monotonic_ns()
            result = run(operands)
            times[0].append((name, begin, time.monotonic_ns()))
            return result

        return noted

    def _inner(self, graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
        return Driver(self.simplify(graph), self.device, self.build, self.simplify, self).run

    def _cond(self, node: Node):
        then, orelse = self._inner(node.attr("then")), self._inner(node.attr("orelse"))
        return lambda ins: (then if self._is_true(ins[0]) else orelse)(ins[1:])

    def _while_(self, node: Node):
        carried, body, condition = node.attr("carried"), node.attr("body"), node.attr("condition")
        test, trip = self._inner(condition), self._inner(trip_and_test(body, condition, carried))

        def run(ins: list) -> list:
            state, rest = ins[:carried], ins[carried:]
            more = test(ins)[0]
            while self._is_true(more):
                *state, more = trip([*state, *rest])
            return state

        return run

    def _call(self, node: Node):
        callee = node.attr("callee")
        if callee.key() not in self.callees:
            self.callees[callee.key()] = self._inner(callee)
        return self.callees[callee.key()]

    def _scan(self, node: Node):
        carried, sliced, length = node.attr("carried"), node.attr("sliced"), node.attr("length")
        order, trip = trips(length, node.attr("reverse")), self._inner(node.attr("body"))
        whole = [i.aval for i in node.ins[carried:carried + sliced]]
        stacks = node.aval.items[carried:]
        allocator = self.device.allocator

        def run(ins: list) -> list:
            state, rest = ins[:carried], ins[carried + sliced:]
            slices = [download(allocator, buffer, aval) for buffer, aval in zip(ins[carried:carried + sliced], whole)]
            outputs: list = [None] * length
            for k in order:
                found = trip([*state, *[upload(allocator, array[k]) for array in slices], *rest])
                state, outputs[k] = found[:carried], found[carried:]
            return [*state, *[self._stack([values[j] for values in outputs], aval) for j, aval in enumerate(stacks)]]

        return run

    def _stack(self, buffers: list, aval):
        """The contents of the buffers, one behind the other."""
        whole = np.empty(aval.shape, aval.dtype.np)
        for k, buffer in enumerate(buffers):
            self.device.allocator.copy_to_host(buffer, whole[k:k + 1])
        return upload(self.device.allocator, whole)

    def _tape_empty(self, node: Node):
        return lambda ins: Tape()

    def _tape_push(self, node: Node):
        return lambda ins: Tape(ins[0], tuple(ins[1:]))

    def _tape_pop(self, node: Node):
        zeros = [self._zero(aval) for aval in node.attr("aval").entry]

        def run(ins: list) -> tuple:
            tape = ins[0]
            return (tape, *zeros) if tape.rest is None else (tape.rest, *tape.values)

        return run

    def _tape_add(self, node: Node):
        add = self._inner(node.attr("adder"))
        return lambda ins: add_tapes(ins[0], ins[1], add)

    # -- buffers -------------------------------------------------------------------------------------------------------

    def _is_true(self, buffer) -> bool:
        value = np.empty((), np.bool_)
        self.device.allocator.copy_to_host(buffer, value)
        return bool(value)

    def _zero(self, aval):
        if isinstance(aval, TapeAval):
            return Tape()
        return self._hold(np.zeros(aval.shape, aval.dtype.np))

    def _hold(self, array: np.ndarray):
        self.held.append(upload(self.device.allocator, array))
        return self.held[-1]

    def _own(self, buffers: list, inputs: Sequence[Any]) -> list:
        """The outputs, copied where they are inputs, buffers that are kept, or the same buffer twice."""
        shared = {id(b) for b in (*inputs, *self.held)}
        for k, buffer in enumerate(buffers):
            if id(buffer) in shared:
                nbytes = self.graph.outputs[k].aval.nbytes
                buffers[k] = self.device.allocator.allocate(nbytes)
                self.device.allocator.copy(buffers[k], buffer, nbytes)
            shared.add(id(buffers[k]))
        return buffers
