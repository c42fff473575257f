"""The lowered form of a graph: a list of launches over numbered values.

`lower_to_program` (in `passes`) turns a graph into a `Program`: every value has a number and a tensor aval, every
`Launch` reads and writes values by number. `passes.memory` then gives each value a place. A backend turns launches
into kernels; an executor runs them in order. The Python executor in this package and the header-only C++ executor
run the same plan.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mindspore.compiler.ir import Graph, TensorAval

PLAN_VERSION = 1

# Kinds of launches.
KERNEL = "kernel"  # one primitive, run by the backend's kernel for it
CLAIM = "claim"  # an anchor with its epilogue, claimed by the backend: `body` is the claimed graph
GROUP = "group"  # a loop nest over an iteration space: `body` is the graph of its members
VIEW = "view"  # the same bytes under another shape: no work, the output aliases the input
COPY = "copy"  # the input's bytes into the output: an output that must not share its buffer
HOST = "host"  # no kernel anywhere: the reference runs on the host, copying in and out


@dataclass(slots=True)
class Launch:
    """One step of a program. `name` is the primitive's name, or the claim's; `attrs` the primitive's attributes by
    name; `body` a closed graph whose parameters are `ins` and whose outputs are `outs` (groups and claims)."""

    kind: str
    name: str
    attrs: dict
    body: Graph | None
    ins: tuple[int, ...]
    outs: tuple[int, ...]
    loc: Any = None


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
            members = ""
            if step.body is not None:
                ops = [n.op.name for n in step.body.nodes if n.op.name not in ("parameter", "constant", "item")]
                members = " {" + " ".join(ops) + "}"
            attrs = "".join(f" {k}={v}" for k, v in step.attrs.items())
            lines.append(f"  {', '.join(f'v{v}: {self.avals[v]}' for v in step.outs)} = {step.kind} {step.name}{attrs}"
                         f"({', '.join(f'v{v}' for v in step.ins)}){members}")
        lines.append(f"  return {', '.join(f'v{v}' for v in self.outputs)}")
        return "\n".join(lines)


# Places of values, as (kind, number).
INPUT = 0  # the buffer of input number n
OUTPUT = 1  # the buffer of output number n, allocated for each call
ARENA = 2  # byte offset n in the executable's arena
CONST = 3  # constant number n, uploaded once


@dataclass(slots=True)
class Plan:
    """A program with a place for every value: what executors run.

    `places[v]` is (INPUT | OUTPUT | ARENA | CONST, number). `launches` has no views left. `output_source[k]` says where
    output k comes from: (OUTPUT, k) for a fresh buffer, (INPUT, j) where it is input j's buffer (donated, written in
    place or passed through). `arena_bytes` is the arena's size; offsets are multiples of 64.
    """

    program: Program
    places: list[tuple[int, int]]
    launches: list[Launch]
    output_source: list[tuple[int, int]]
    constants: list[np.ndarray]
    arena_bytes: int
    version: int = PLAN_VERSION


class Executable:
    """What `compile` returns. `run` takes one device buffer per program input and returns one per output; donated
    inputs come back as outputs (the same buffer object)."""

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        raise TypeError(f"{type(self).__name__} does not implement run")
