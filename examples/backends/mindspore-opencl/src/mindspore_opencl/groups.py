"""OpenCL C for the loop groups that core forms.

A group is cut at its reductions. What a reduction gives is stored, in an output or in memory of the group's own; all
else is an expression that is computed where it is stored or reduced. Stores that wait for equally many reductions, one
after the other, are made by one kernel: each tensor is a range of its work-items. So `softmax` is three kernels, which
make maximum, sum and quotient. A long row is reduced by a work-group, a short one by a work-item, and how a
sum is formed follows from its length alone.

Views are index arithmetic, done by `Point`. Sizes are arguments of a kernel, so other shapes of one structure need no
new compilation; only a size of 0 or 1 is a number in the text.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from mindspore.compiler.ir import Node
from mindspore.compiler.passes.group_space import GATHERS, REDUCTIONS, VIEWS
from mindspore.plugin import KernelSpec
from mindspore_opencl.memory import Memory
from mindspore_opencl.programs import Launch, Programs, Source
from mindspore_opencl.scalars import MEMORY, SCALARS, helpers, literal, register_type, scalar

MEMBERS = SCALARS | REDUCTIONS | VIEWS | GATHERS | {"iota"}
LOCAL = 64
LONG_ROW = 512
MAX_BUFFERS = 100  # OpenCL promises 1024 bytes of arguments
COMBINE = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "all": "logical_and", "any": "logical_or"}


class Numbers:
    """The sizes that a kernel is given, and their names in its text."""

    def __init__(self):
        self.values: list[int] = []

    def name(self, value: int) -> str:
        """A number in the text: itself if it is 0 or 1, else an argument."""
        if value in (0, 1):
            return str(value)
        if value not in self.values:
            self.values.append(value)
        return f"s{self.values.index(value)}"

    def declarations(self) -> str:
        return "".join([f"  const long s{k} = table[{k}];\n" for k in range(len(self.values))])


class Point:
    """A place in a tensor of this shape: a coordinate for each axis, or the position in row-major order; one of them
    follows from the other when it is asked for."""

    def __init__(self, code: Code, shape: tuple, position: str | None = None, places: Sequence[str] | None = None):
        self.code, self.shape = code, shape
        self._position = "0" if prod(shape) == 1 else position
        self._places = tuple(places) if places is not None else ("0",) * len(shape) if prod(shape) == 1 else None

    @property
    def key(self) -> tuple:
        return self._places if self._position is None else (self._position,)

    @property
    def position(self) -> str:
        if self._position is None:
            total = "0"
            for place, size in zip(self._places, self.shape):
                if size != 1:
                    total = place if total == "0" else f"({total} * {self.code.numbers.name(size)} + {place})"
            self._position = self.code.named("long", total)
        return self._position

    @property
    def places(self) -> tuple[str, ...]:
        if self._places is None:
            rest, found = self._position, []
            long = [d for d, size in enumerate(self.shape) if size != 1]
            for d in reversed(range(len(self.shape))):
                size = self.code.numbers.name(self.shape[d])
                if d not in long:
                    found.append("0")
                elif d == long[0]:
                    found.append(rest)
                else:
                    found.append(self.code.named("long", f"{rest} % {size}"))
                    rest = self.code.named("long", f"{rest} / {size}")
            self._places = tuple(reversed(found))
        return self._places

    def reshaped(self, shape: tuple) -> Point:
        """The same element under another shape."""
        if self._places is not None and [s for s in shape if s != 1] == [s for s in self.shape if s != 1]:
            left = [p for p, size in zip(self._places, self.shape) if size != 1]
            return Point(self.code, shape, self._position, [left.pop(0) if size != 1 else "0" for size in shape])
        return Point(self.code, shape, self.position)

    def below(self, shape: tuple) -> Point:
        """The element of a tensor of `shape` that broadcasting puts here."""
        if shape == self.shape:
            return self
        if prod(shape) == 1:
            return Point(self.code, shape)
        places = self.places[len(self.shape) - len(shape):]
        return Point(self.code, shape, None, [p if size != 1 else "0" for p, size in zip(places, shape)])

    def moved(self, shape: tuple, places: Sequence[str]) -> Point:
        return Point(self.code, shape, None, places)


class Code:
    """The statements of one loop body."""

    def __init__(self, kernel: Kernel):
        self.kernel, self.numbers = kernel, kernel.numbers
        self.lines: list[str] = []
        self._known: dict[tuple, str] = {}
        self._names: dict[tuple, str] = {}

    def named(self, kind: str, expression: str) -> str:
        """A variable that holds the value of an expression."""
        if expression.replace("_", "").isalnum():
            return expression
        name = self._names.get((kind, expression))
        if name is None:
            name = self._names[kind, expression] = f"v{self.kernel.count()}"
            self.lines.append(f"const {kind} {name} = {expression};")
        return name

    def value(self, node: Node, at: Point) -> str:
        """The value of a node at a place, as a variable or a number."""
        key = node.idx, at.key
        if key not in self._known:
            self._known[key] = self._value(node, at)
        return self._known[key]

    def _value(self, node: Node, at: Point) -> str:
        name = node.op.name
        stored = self.kernel.stored(node)
        if stored is not None:
            return self._load(stored, node, at)
        if name in ("constant", "dimension"):
            return self._constant(node, at)
        if name == "iota":
            _, axis, dtype = node.attrs
            return self.named(register_type(dtype), f"({register_type(dtype)}){at.places[axis]}")
        if name in VIEWS:
            return self.value(node.ins[0], self._through(node, at))
        if name in GATHERS:
            return self._gather(node, at)
        args = [self.value(i, at.below(tuple(i.shape))) for i in node.ins]
        dtype = node.ins[-1].dtype
        helped = helpers(name, dtype)
        if helped is not None:
            self.kernel.helpers[helped] = None
        return self.named(register_type(node.dtype), scalar(name, args, dtype, node.dtype))

    def _load(self, buffer: str, node: Node, at: Point) -> str:
        text = f"{buffer}[{at.position}]"
        return self.named(register_type(node.dtype), f"{text} != 0" if node.dtype.kind == "b" else text)

    def _constant(self, node: Node, at: Point) -> str:
        array = np.asarray(node.attrs[0].array if node.op.name == "constant" else node.attrs[0]).astype(node.dtype.np)
        if array.size == 1:
            return literal(array.reshape(-1)[0], node.dtype)
        return self.named(register_type(node.dtype), f"{self.kernel.array(array, node.dtype)}[{at.position}]")

    def _through(self, view: Node, at: Point) -> Point:
        """The place in a view's operand that it shows at a place."""
        shape, name = tuple(view.ins[0].shape), view.op.name
        if name == "reshape":
            return at.reshaped(shape)
        if name == "broadcast_to":
            return at.below(shape)
        if name == "transpose":
            perm = view.attrs[0]
            return at.moved(shape, [at.places[perm.index(d)] for d in range(len(shape))])
        begin, _, strides = view.attrs
        places = []
        for place, first, step in zip(at.places, begin, strides):
            scaled = place if step == 1 or place == "0" else f"{place} * {self.numbers.name(step)}"
            places.append(self.named("long", scaled if first == 0 else f"{self.numbers.name(first)} + {scaled}"))
        return at.moved(shape, places)

    def _gather(self, node: Node, at: Point) -> str:
        """What stands at an index; 0 where that is out of range, and nothing is read."""
        table, indices = node.ins
        axis, kind, shape = node.attr("axis"), register_type(node.dtype), tuple(table.shape)
        zero = literal(node.dtype.np.type(0), node.dtype)
        if prod(shape) == 0:
            return zero
        count = len(indices.shape)
        if node.op.name == "gather":
            index = self.value(indices, at.moved(tuple(indices.shape), at.places[axis:axis + count]))
            before, after = at.places[:axis], at.places[axis + count:]
        else:
            index = self.value(indices, at)
            before, after = at.places[:axis], at.places[axis + 1:]
        index = self.named("long", f"(long){index}")
        good = self.named("bool", f"{index} >= 0 && {index} < {self.numbers.name(shape[axis])}")
        place = self.named("long", f"{good} ? {index} : 0")
        found = self.value(table, at.moved(shape, [*before, place, *after]))
        return self.named(kind, f"{good} ? {found} : {zero}")


class Kernel:
    """One kernel of a group: tensors that are stored, each over a range of work-items, or one reduction by
    work-groups."""

    def __init__(self, stored):
        self.stored_before = stored
        self.numbers, self.buffers, self.helpers = Numbers(), {}, {}
        self.parts: list[str] = []
        self.arrays: list[str] = []
        self.items = 0
        self._count = 0

    def count(self) -> int:
        self._count += 1
        return self._count

    def stored(self, node: Node) -> str | None:
        """The buffer that holds a node's value before this kernel runs."""
        name = self.stored_before(node)
        if name is not None:
            self.buffers[name] = node.dtype
        return name

    def array(self, array: np.ndarray, dtype) -> str:
        """A table of constants outside of the kernel."""
        numbers = ", ".join([literal(v, dtype) for v in array.reshape(-1)])
        text = f"__constant {MEMORY[dtype.key]} NAMEc{len(self.arrays)}[] = {{{numbers}}};"
        self.arrays.append(text)
        return f"NAMEc{len(self.arrays) - 1}"

    def store(self, buffer: str, node: Node, place: str, value: str) -> str:
        self.buffers[buffer] = node.dtype
        return f"{buffer}[{place}] = {value};"

    def add_map(self, targets: list[tuple[str, Node]]) -> None:
        """Compute tensors of one shape."""
        shape, code = tuple(targets[0][1].shape), Code(self)
        stores = [self.store(buffer, node, "i", code.value(node, Point(code, shape, "i"))) for buffer, node in targets]
        self._add_range(prod(shape), [*code.lines, *stores])

    def add_rows(self, targets: list[tuple[str, Node]]) -> None:
        """Reduce rows, one for each work-item. The reductions go over the same axes of operands of one shape."""
        lines, code, at, count = self._rows(targets[0][1])
        names, loop = self._loop(targets, code, at)
        lines += [f"{register_type(n.dtype)} {a} = {_neutral(n)};" for a, (_, n) in zip(names, targets)]
        lines += [f"for (long r = 0; r < {count}; r++) {{", *code.lines, *loop, "}"]
        lines += [self.store(buffer, node, "i", name) for name, (buffer, node) in zip(names, targets)]
        self._add_range(targets[0][1].aval.size, lines)

    def add_long_rows(self, targets: list[tuple[str, Node]]) -> None:
        """Reduce rows, one for each work-group: each work-item a part, and then the parts by halves."""
        lines, code, at, count = self._rows(targets[0][1])
        names, loop = self._loop(targets, code, at)
        lines = ["const long i = get_group_id(0);", "const int lane = get_local_id(0);", *lines]
        lines += [f"{register_type(n.dtype)} {a} = {_neutral(n)};" for a, (_, n) in zip(names, targets)]
        lines += [f"for (long r = lane; r < {count}; r += {LOCAL}) {{", *code.lines, *loop, "}"]
        lines = [f"__local {MEMORY[n.dtype.key]} {a}s[{LOCAL}];" for a, (_, n) in zip(names, targets)] + lines
        lines += [f"{a}s[lane] = {a};" for a in names]
        lines += ["barrier(CLK_LOCAL_MEM_FENCE);", f"for (int half_ = {LOCAL // 2}; half_; half_ /= 2) {{",
                  "if (lane < half_) {"]
        lines += [f"{a}s[lane] = {_combined(n, f'{a}s[lane]', f'{a}s[lane + half_]')};"
                  for a, (_, n) in zip(names, targets)]
        lines += ["}", "barrier(CLK_LOCAL_MEM_FENCE);", "}", "if (lane == 0) {"]
        self.parts += [*lines, *[self.store(b, n, "i", f"{a}s[0]") for a, (b, n) in zip(names, targets)], "}"]
        self.items = targets[0][1].aval.size * LOCAL

    def _rows(self, node: Node) -> tuple[list[str], Code, Point, str]:
        """Statements before the loop over a row, the code of its body, the place that it reads, the row's length."""
        shape, axis = tuple(node.ins[0].shape), node.attr("axis")
        kept = [d for d in range(len(shape)) if d not in axis]
        outer, code = Code(self), Code(self)
        row, length = [shape[d] for d in kept], [shape[d] for d in axis]
        count = self.numbers.name(prod(length))
        if axis and axis[0] == len(kept):  # the reduced axes are the last ones
            return [], code, Point(code, shape, f"i * {count} + r" if prod(row) != 1 else "r"), count
        outside = Point(outer, tuple(row), "i").places
        inside = Point(code, tuple(length), "r").places
        places = [outside[kept.index(d)] if d in kept else inside[axis.index(d)] for d in range(len(shape))]
        return outer.lines, code, Point(code, shape, None, places), count

    def _loop(self, targets: list[tuple[str, Node]], code: Code, at: Point) -> tuple[list[str], list[str]]:
        at = Point(code, at.shape, code.named("long", at.position)) if " " in (at._position or "") else at
        names = [f"a{self.count()}" for _ in targets]
        return names, [f"{name} = {_combined(node, name, code.value(node.ins[0], at))};"
                       for name, (_, node) in zip(names, targets)]

    def _add_range(self, size: int, lines: list[str]) -> None:
        count = self.numbers.name(size)
        self.parts += [f"if (item < {count}) {{", "const long i = item;", *lines, "return;", "}", f"item -= {count};"]
        self.items += size

    def source(self, by_groups: bool) -> Source:
        """The text."""
        arguments = "".join([f"__global {MEMORY[dtype.key]} *{name}, " for name, dtype in self.buffers.items()])
        start = "" if by_groups else "long item = get_global_id(0);\n"
        text = (f"__kernel void KERNEL_NAME({arguments}__global const long *table) {{\n{self.numbers.declarations()}"
                + start + "\n".join(self.parts) + "\n}\n")
        return Source("\n".join([*self.arrays, text]).replace("NAMEc", "KERNEL_NAME_c"), tuple(self.helpers))


def _combined(node: Node, total: str, value: str) -> str:
    name, dtype = COMBINE[node.op.name], node.dtype
    if dtype.kind == "b" and name in ("maximum", "minimum"):
        name = "logical_or" if name == "maximum" else "logical_and"
    return scalar(name, [total, value], dtype, dtype)


def _neutral(node: Node) -> str:
    """The value from which a reduction starts."""
    name, dtype = node.op.name, node.dtype
    if name in ("max", "min") and dtype.kind != "b":
        if dtype.kind == "f":
            return literal(dtype.np.type(-np.inf if name == "max" else np.inf), dtype)
        limits = np.iinfo(dtype.np)
        return literal(dtype.np.type(limits.min if name == "max" else limits.max), dtype)
    return literal(dtype.np.type(name in ("prod", "min", "all")), dtype)


@dataclass
class Stage:
    """What is stored after equally many reductions: by shape what is computed, by shape and axes what is reduced."""

    maps: dict[tuple, list] = field(default_factory=dict)
    rows: dict[tuple, list] = field(default_factory=dict)


class Group:
    """The kernels of a group, and its memory for what is neither operand nor result."""

    def __init__(self, spec: KernelSpec, programs: Programs, memory: Memory):
        body = spec.body
        self.level: dict[int, int] = {}
        for node in body.nodes:
            self.level[node.idx] = max([self.level[i.idx] + (i.op.name in REDUCTIONS) for i in node.ins], default=0)
        self.names = {p.idx: f"p{k}" for k, p in enumerate(body.params)}
        self.stages = [Stage() for _ in range(max(self.level.values()) + 1)]
        self.buffers: dict[str, object] = {}
        outputs: dict[int, list[str]] = {}
        for k, node in enumerate(body.outputs):
            outputs.setdefault(node.idx, []).append(f"o{k}")
        for node in body.nodes:
            reduces = node.op.name in REDUCTIONS
            if reduces and node.idx not in outputs:
                outputs[node.idx] = [f"t{node.idx}"]
                self.buffers[f"t{node.idx}"] = memory.allocate(node.aval.nbytes)
            for name in outputs.get(node.idx, ()):
                self._place(name, node, reduces)
        self.stored_at: dict[int, tuple[int, str]] = {
            idx: (self.level[idx], names[0]) for idx, names in outputs.items() if idx not in self.names}
        self.launches: list[tuple[Launch, tuple[str, ...]]] = []
        for number in range(len(self.stages)):
            self._print(number, programs)

    def _place(self, name: str, node: Node, reduces: bool) -> None:
        stage = self.stages[self.level[node.idx]]
        if reduces:
            stage.rows.setdefault((tuple(node.ins[0].shape), node.attr("axis")), []).append((name, node))
        else:
            stage.maps.setdefault(tuple(node.shape), []).append((name, node))

    def _stored(self, number: int):
        """The function that names the buffer of a node in stage `number`."""
        def stored(node: Node) -> str | None:
            name = self.names.get(node.idx)
            if name is None and node.idx in self.stored_at:
                level, buffer = self.stored_at[node.idx]
                name = buffer if level < number else None
            return name
        return stored

    def _print(self, number: int, programs: Programs) -> None:
        stage, stored = self.stages[number], self._stored(number)
        parts = [(Kernel.add_map, targets) for targets in stage.maps.values()]
        for (shape, axis), targets in stage.rows.items():
            if prod([shape[d] for d in axis]) < LONG_ROW:
                parts.append((Kernel.add_rows, targets))
                continue
            kernel = Kernel(stored)
            kernel.add_long_rows(targets)
            self._launch(kernel, programs, True)
        kernel = Kernel(stored)
        for add, targets in parts:
            trial = Kernel(stored)
            add(trial, targets)
            if kernel.parts and len(kernel.buffers.keys() | trial.buffers.keys()) > MAX_BUFFERS:
                self._launch(kernel, programs, False)
                kernel = Kernel(stored)
            add(kernel, targets)
        self._launch(kernel, programs, False)

    def _launch(self, kernel: Kernel, programs: Programs, by_groups: bool) -> None:
        if kernel.items:
            launch = programs.launch(kernel.source(by_groups), kernel.items, kernel.numbers.values, LOCAL)
            self.launches.append((launch, tuple(kernel.buffers)))

    def __call__(self, ins: Sequence, outs: Sequence) -> None:
        """Queue the kernels."""
        found = {**self.buffers, **{f"p{k}": b for k, b in enumerate(ins)}, **{f"o{k}": b for k, b in enumerate(outs)}}
        for launch, names in self.launches:
            launch.run([found[name] for name in names])
