"""The lowered form of a graph: a list of launches over numbered values.

`lower_to_program` (in `passes`) turns a graph into a `Program`: every value has a number and a tensor aval, every
`Launch` reads and writes values by number. `passes.memory` then gives each value a place. A backend turns launches
into kernels; an executor runs them in order. The Python executor in this package and the header-only C++ executor
run the same plan.

A launch may be a *region*: a choice, a loop or a call, with a plan of its own for each graph that it runs. The inputs
and outputs of such a plan are values of the plan around it, and its arena is a part of that plan's arena, so the
executor goes from one to the other without copying. Plans with regions, or with tapes, are of version 2.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mindspore.compiler.ir import Graph, TapeAval, TensorAval
from mindspore.compiler.ir.facts import Binding

PLAN_VERSION = 1  # what every backend must read
REGION_PLAN_VERSION = 2  # with regions and tapes; read by devices whose capabilities say `regions`

# Kinds of launches.
KERNEL = "kernel"  # one primitive, run by the backend's kernel for it
CLAIM = "claim"  # an anchor with its epilogue, claimed by the backend: `body` is the claimed graph
GROUP = "group"  # a loop nest over an iteration space: `body` is the graph of its members
VIEW = "view"  # the same bytes under another shape: no work, the output aliases the input
COPY = "copy"  # the input's bytes into the output: an output that must not share its buffer
HOST = "host"  # no kernel anywhere: the reference runs on the host, copying in and out
REGION = "region"  # runs plans of its own (`region`), or works on a tape: the executor does it itself


@dataclass(slots=True)
class Region:
    """How the executor runs a launch of kind REGION.

    `plans`: for `cond` those of both branches; for `call` that of the callee; for `while_` the first test, and a trip
    with the test for the next one (its last output); for `scan` a trip; for `tape_add` the sum of two entries.

    `starts[k]` is the operand that result k starts from, or None. Such a result's place holds the operand when the
    launch begins: it is copied there unless it lies there. A plan reads it there and, where it says that output k is
    that input, writes it there; else it writes to the second place `spare[p][k]`, where p counts the branches, or is 0
    for loops. After a branch it is copied back; trips of a loop alternate between the two places.

    `workspace` bytes of the arena, from offset `at` on, belong to the launch while it runs: first 64 for a test's
    result, then the second places, then for each slice that a trip of a `scan` reads or writes a place for it (`temps`)
    where slices are not aligned, and from `base` on the arenas of its plans, which never run at one time. The numbers
    in `spare` and `temps` are offsets in the workspace, or cells for tapes, or None.

    `direct`: of a `tape_push` the numbers of the values that kernels write where they lie in the new entry. A launch
    called `tape_open`, which the planner puts before those kernels, makes the entry; its address is in `cell` until it
    is pushed. The launch has the same `direct`, these values as its outputs, and in `entry` the types of all values.

    `scoped`: no entry that a trip pushes on a tape is in a tape that it leaves, so that their memory can be used again
    after the trip.

    `whole`: a loop that a device which compiles whole loops (`capabilities.loops`) may run as one kernel. All that its
    plans do, inside of choices, calls and further loops too, is to run groups, to copy, to push and to pop. The plans
    mean the same either way.
    """

    plans: tuple[Plan, ...] = ()
    starts: tuple[int | None, ...] = ()
    spare: tuple[list[int | None], ...] = ()
    temps: tuple[int | None, ...] = ()
    base: int = 0
    workspace: int = 0
    at: int = 0
    scoped: bool = False
    whole: bool = False
    direct: tuple[int, ...] = ()
    cell: int = 0
    entry: tuple = ()


@dataclass(slots=True)
class Launch:
    """One step of a program. `name` is the primitive's name, or the claim's; `attrs` the primitive's attributes by
    name; `body` a closed graph whose parameters are `ins` and whose outputs are `outs` (groups and claims). `binding`:
    the sizes of the symbols that stand in the body of a group, on devices whose generated code serves all sizes."""

    kind: str
    name: str
    attrs: dict
    body: Graph | None
    ins: tuple[int, ...]
    outs: tuple[int, ...]
    loc: Any = None
    region: Region | None = None
    binding: Binding | None = None

    @property
    def title(self) -> str:
        """The name, of groups with the operators in them: what profilers and errors call the launch."""
        if self.kind != GROUP or self.body is None:
            return self.name
        members = [n.op.name for n in self.body.nodes if n.op.name not in ("parameter", "constant", "item")]
        return f"{self.name} {' '.join(members[:8])}{' ...' * (len(members) > 8)}"

    @property
    def where(self) -> str:
        """What errors call the launch: its title, and the user's line where it is known."""
        return self.title if self.loc is None else f"{self.title} (line {self.loc[1]} of {self.loc[0]})"


@dataclass(slots=True)
class Program:
    """`avals[v]` types value `v`; `inputs` and `outputs` are value numbers; `constants` maps value numbers to arrays;
    `donated` maps an output position to the input position whose buffer it overwrites."""

    name: str
    avals: list[TensorAval]
    inputs: list[int]
    outputs: list[int]
    constants: dict[int, np.ndarray]
    launches: list[Launch]
    donated: dict[int, int] = field(default_factory=dict)

    def in_avals(self, launch: Launch) -> list[TensorAval]:
        return [self.avals[v] for v in launch.ins]

    def out_avals(self, launch: Launch) -> list[TensorAval]:
        return [self.avals[v] for v in launch.outs]

    def show(self) -> str:
        """One line a launch, for people and golden tests."""
        lines = [f"program {self.name}({', '.join(f'v{v}: {self.avals[v]}' for v in self.inputs)})"]
        for step in self.launches:
            if step.kind == REGION:
                lines += self._show_region(step)
                continue
            members = ""
            if step.body is not None:
                ops = [n.op.name for n in step.body.nodes if n.op.name not in ("parameter", "constant", "item")]
                members = " {" + " ".join(ops) + "}"
            attrs = "".join(f" {k}={v}" for k, v in step.attrs.items())
            lines.append(f"  {', '.join(f'v{v}: {self.avals[v]}' for v in step.outs)} = {step.kind} {step.name}{attrs}"
                         f"({', '.join(f'v{v}' for v in step.ins)}){members}")
        lines.append(f"  return {', '.join(f'v{v}' for v in self.outputs)}")
        return "\n".join(lines)

    def _show_region(self, step: Launch) -> list[str]:
        kind = "whole " + step.kind if step.region.whole else step.kind
        lines = [f"  {', '.join(f'v{v}: {self.avals[v]}' for v in step.outs)} = {kind} {step.name}"
                 f"({', '.join(f'v{v}' for v in step.ins)})"]
        for plan in step.region.plans:
            lines += ["    " + line for line in plan.program.show().splitlines()]
        return lines


# Places of values, as (kind, number).
INPUT = 0  # the buffer of input number n
OUTPUT = 1  # the buffer of output number n, allocated for each call
ARENA = 2  # byte offset n in the executable's arena
CONST = 3  # constant number n, uploaded once
CELL = 4  # tapes: number n of the host's places for the address of a tape's last entry
ENTRY = 5  # values popped from a tape: address number n, which is known when the entry is popped


@dataclass(slots=True)
class Plan:
    """A program with a place for every value: what executors run.

    `places[v]` is (kind, number) with the kinds above. `launches` has no views left. `output_source[k]` says where
    output k comes from: (OUTPUT, k) for a fresh buffer, (INPUT, j) where it is input j's buffer (donated, written in
    place or passed through). `arena_bytes` is the arena's size; offsets are multiples of 64. `cells` and `entries`
    count the places of kinds CELL and ENTRY; the plans of regions have their own. `reuses_entries`: no entry is in two
    tapes, here and in the plans inside, so the memory of what a trip pops can be used again after the trip.
    """

    program: Program
    places: list[tuple[int, int]]
    launches: list[Launch]
    output_source: list[tuple[int, int]]
    constants: list[np.ndarray]
    arena_bytes: int
    cells: int = 0
    entries: int = 0
    reuses_entries: bool = False
    version: int = PLAN_VERSION


def value_bytes(aval: TensorAval | TapeAval) -> int:
    """The size of a value's buffer; a tape has none."""
    return 0 if isinstance(aval, TapeAval) else aval.nbytes


class Executable:
    """What `FullDevice.compile` returns: a plan that is ready to run. `name` and `in_avals` say what it is, for
    profilers; core sets them.

    Examples:
        >>> from mindspore.compiler.executor import PythonExecutable
        >>> from mindspore.compiler.ir.text import parse_text
        >>> from mindspore.compiler.pipeline import run_graph
        >>> from mindspore.plugin import Executable
        >>> from mindspore.reference.device import ReferenceDevice
        >>> class Counting(Executable):
        ...     def __init__(self, plan, device):
        ...         self.inner = PythonExecutable(plan, device)
        ...     def run(self, inputs):
        ...         print(len(inputs), "inputs,", len(self.inner.plan.launches), "launches")
        ...         return self.inner.run(inputs)
        >>> class Device(ReferenceDevice):
        ...     def compile(self, plan):
        ...         return Counting(plan, self)
        >>> text = "graph g(%0: float32[2]) {\\n  %1: float32[2] = neg(%0)\\n  return %1\\n}"
        >>> run_graph(parse_text(text), [[1.0, 2.0]], Device())
        1 inputs, 1 launches
        [array([-1., -2.], dtype=float32)]
    """

    name: str = "graph"
    in_avals: Sequence[Any] = ()

    def run_timed(self, inputs: Sequence[Any], run: Callable) -> tuple[list[Any], list[tuple]]:
        """As `run`, and the time of each launch: (title, begin, end) in nanoseconds of `time.monotonic_ns`, in the
        order in which they ended; one that runs several plans may name that of the launch as a fourth. run: what the
        executable's own `run` is. An executable that cannot time its launches gives none."""
        return run(inputs), []

    def plans(self) -> list[Plan]:
        """What it runs, as far as it is known: `plan`, if it has one. Profilers tell from it how much launches do."""
        plan = getattr(self, "plan", None)
        return [plan] if isinstance(plan, Plan) else []

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Run the plan on one device buffer for each input of the program; one for each of its outputs. A donated input
        comes back as an output, the same object. Called from any thread; the work may go on after it returns."""
        raise TypeError(f"{type(self).__name__} does not implement run")
