"""Writing LLVM IR as text.

A `Value` is a name or a constant together with its element type and its number of lanes: 1 for a scalar, more for a
vector. All arithmetic is written by methods of `Writer` that look at the operands' types, so a routine such as `exp`
is written once and works for a scalar and for vectors of any width. Text is the fastest way from Python into LLVM:
building an instruction object costs more than parsing its line.

Floating-point arithmetic carries the flag `contract` (a * b + c may be fused) and no other; `fma` is explicit where an
algorithm depends on it.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mindspore_cpu.codegen.target import Target

BITS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "half": 16, "bfloat": 16, "float": 32, "double": 64}
FLOATS = frozenset({"half", "bfloat", "float", "double"})
_SHORT = {"half": "f16", "bfloat": "bf16", "float": "f32", "double": "f64"}


@dataclass(frozen=True, slots=True)
class Value:
    """`text` is what stands in an instruction, `kind` the element type, `lanes` the number of elements."""

    text: str
    kind: str
    lanes: int

    @property
    def type(self) -> str:
        return type_name(self.kind, self.lanes)


@dataclass(frozen=True, slots=True)
class Param:
    """A number that a function reads from its parameter block (`sizes`)."""

    number: int


def is_known(size) -> bool:
    """Whether a size is a number while code is written."""
    return type(size) is not Param


def type_name(kind: str, lanes: int) -> str:
    """LLVM's name of a type."""
    return kind if lanes == 1 else f"<{lanes} x {kind}>"


def suffix(kind: str, lanes: int) -> str:
    """The type as it stands in the names of overloaded intrinsics."""
    short = _SHORT.get(kind, kind)
    return short if lanes == 1 else f"v{lanes}{short}"


def literal(value, kind: str) -> str:
    """A number as a constant of an element type."""
    if kind == "i1":
        return "true" if value else "false"
    if kind not in FLOATS:
        bits = BITS[kind]
        number = int(value) & ((1 << bits) - 1)
        return str(number - (1 << bits) if number >> (bits - 1) else number)
    number = struct.unpack("<f", struct.pack("<f", _clip(float(value))))[0] if kind == "float" else float(value)
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def _clip(value: float) -> float:
    """A number beyond the range of float as an infinity."""
    limit = 3.4028235677973366e38
    return value if value != value or abs(value) < limit else float("inf") if value > 0 else -float("inf")


class Loop:
    """An open loop: `index`, the values `carried` round it, and where its text starts."""

    def __init__(self, index: Value, carried: list[Value], head: str, entry: str, mark: int, step: Value, end: Value):
        self.index, self.carried = index, carried
        self.head, self.entry, self.mark, self.step, self.end = head, entry, mark, step, end


class Writer:
    """The text of one function; `module` collects what it needs from outside."""

    def __init__(self, module: Module):
        self.module = module
        self.target = module.target
        self.lines: list[str] = []
        self.block = "entry"
        self._count = 0

    # -- instructions ------------------------------------------------------------------------------------------------

    def emit(self, text: str, kind: str, lanes: int) -> Value:
        """An instruction that gives a value."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return Value(name, kind, lanes)

    def line(self, text: str) -> None:
        """An instruction that gives no value."""
        self.lines.append("  " + text)

    def const(self, value, kind: str, lanes: int = 1) -> Value:
        """A number; a parameter of the function (`sizes.Param`) is an i64 that was read when it started."""
        if type(value) is Param:
            return self.splat(Value(f"%param{value.number}", kind, 1), lanes)
        text = literal(value, kind)
        return Value(text if lanes == 1 else f"splat ({kind} {text})", kind, lanes)

    def like(self, value, pattern: Value) -> Value:
        """A constant of the type of `pattern`."""
        return self.const(value, pattern.kind, pattern.lanes)

    def binary(self, op: str, a: Value, b: Value) -> Value:
        return self.emit(f"{op} {a.type} {a.text}, {b.text}", a.kind, a.lanes)

    def _arithmetic(self, name: str, a: Value, b: Value) -> Value:
        return self.binary(f"f{name} contract" if a.kind in FLOATS else name, a, b)

    def add(self, a: Value, b: Value) -> Value:
        return self._arithmetic("add", a, b)

    def sub(self, a: Value, b: Value) -> Value:
        return self._arithmetic("sub", a, b)

    def mul(self, a: Value, b: Value) -> Value:
        return self._arithmetic("mul", a, b)

    def div(self, a: Value, b: Value) -> Value:
        return self.binary("fdiv", a, b)

    def neg(self, a: Value) -> Value:
        if a.kind in FLOATS:
            return self.emit(f"fneg {a.type} {a.text}", a.kind, a.lanes)
        return self.sub(self.like(0, a), a)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a * b + c, rounded once; where the processor cannot, rounded twice."""
        if not self.target.fma:
            return self.add(self.mul(a, b), c)
        return self.intrinsic("fma", a, b, c)

    def compare(self, condition: str, a: Value, b: Value) -> Value:
        """`condition` is LLVM's: oeq, olt, uno, ... for floats, eq, slt, ult, ... for integers."""
        op = "fcmp" if a.kind in FLOATS else "icmp"
        return self.emit(f"{op} {condition} {a.type} {a.text}, {b.text}", "i1", a.lanes)

    def select(self, cond: Value, a: Value, b: Value) -> Value:
        return self.emit(f"select {cond.type} {cond.text}, {a.type} {a.text}, {b.type} {b.text}", a.kind, a.lanes)

    def convert(self, op: str, a: Value, kind: str) -> Value:
        """A conversion instruction: sitofp, fptrunc, zext, bitcast, ..."""
        return self.emit(f"{op} {a.type} {a.text} to {type_name(kind, a.lanes)}", kind, a.lanes)

    def bits(self, a: Value) -> Value:
        """The bits of a floating value as integers."""
        return self.convert("bitcast", a, f"i{BITS[a.kind]}")

    def from_bits(self, a: Value, kind: str) -> Value:
        return self.convert("bitcast", a, kind)

    def intrinsic(self, name: str, *operands: Value, flags: str = "") -> Value:
        """An overloaded intrinsic whose result and operands have one type: fma, sqrt, floor, ..."""
        a = operands[0]
        full = f"llvm.{name}.{suffix(a.kind, a.lanes)}"
        return self.call(full, a.kind, a.lanes, operands, flags)

    def call(self, function: str, kind: str, lanes: int, operands: Sequence[Value], flags: str = "") -> Value:
        types = ", ".join(o.type for o in operands)
        self.module.declare(function, f"declare {type_name(kind, lanes)} @{function}({types})")
        arguments = ", ".join(f"{o.type} {o.text}" for o in operands)
        prefix = f"call {flags} " if flags else "call "
        return self.emit(f"{prefix}{type_name(kind, lanes)} @{function}({arguments})", kind, lanes)

    # -- vectors -----------------------------------------------------------------------------------------------------

    def splat(self, a: Value, lanes: int) -> Value:
        """A scalar in every lane."""
        if a.lanes == lanes:
            return a
        if not a.text.startswith("%"):
            return Value(f"splat ({a.kind} {a.text})", a.kind, lanes)
        wide = type_name(a.kind, lanes)
        one = self.emit(f"insertelement {wide} poison, {a.kind} {a.text}, i64 0", a.kind, lanes)
        return self.emit(f"shufflevector {wide} {one.text}, {wide} poison, <{lanes} x i32> zeroinitializer",
                         a.kind, lanes)

    def ramp(self, kind: str, lanes: int) -> Value:
        """0, 1, 2, ... in the lanes."""
        if lanes == 1:
            return self.const(0, kind)
        return Value("<" + ", ".join(f"{kind} {i}" for i in range(lanes)) + ">", kind, lanes)

    def lane(self, a: Value, index: int) -> Value:
        if a.lanes == 1:
            return a
        return self.emit(f"extractelement {a.type} {a.text}, i64 {index}", a.kind, 1)

    def any(self, mask: Value) -> Value:
        """Whether any lane of a mask is set, as i1."""
        if mask.lanes == 1:
            return mask
        packed = self.emit(f"bitcast {mask.type} {mask.text} to i{mask.lanes}", f"i{mask.lanes}", 1)
        return self.emit(f"icmp ne i{mask.lanes} {packed.text}, 0", "i1", 1)

    # -- memory ------------------------------------------------------------------------------------------------------

    def element(self, base: str, kind: str, index: Value) -> str:
        """The address of an element; with a vector of indices, the vector of addresses."""
        self._count += 1
        name = f"%p{self._count}"
        self.lines.append(f"  {name} = getelementptr {kind}, ptr {base}, {index.type} {index.text}")
        return name

    def load(self, address: str, kind: str, lanes: int, mask: Value | None = None) -> Value:
        """`lanes` neighbouring elements; lanes that the mask leaves out are 0 and are not touched."""
        wide = type_name(kind, lanes)
        if mask is None:
            return self.emit(f"load {wide}, ptr {address}, align {_align(kind)}", kind, lanes)
        name = f"llvm.masked.load.{suffix(kind, lanes)}.p0"
        self.module.declare(name, f"declare {wide} @{name}(ptr, i32, <{lanes} x i1>, {wide})")
        return self.emit(f"call {wide} @{name}(ptr {address}, i32 {_align(kind)}, {mask.type} {mask.text}, "
                         f"{wide} zeroinitializer)", kind, lanes)

    def store(self, value: Value, address: str, mask: Value | None = None) -> None:
        if mask is None:
            self.line(f"store {value.type} {value.text}, ptr {address}, align {_align(value.kind)}")
            return
        name = f"llvm.masked.store.{suffix(value.kind, value.lanes)}.p0"
        self.module.declare(name, f"declare void @{name}({value.type}, ptr, i32, <{value.lanes} x i1>)")
        self.line(f"call void @{name}({value.type} {value.text}, ptr {address}, i32 {_align(value.kind)}, "
                  f"{mask.type} {mask.text})")

    def prefetch(self, address: str, offset: int) -> None:
        """Ask for the cache line so many bytes behind an address, which need not exist."""
        self.module.declare("llvm.prefetch.p0", "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        ahead = self.element(address, "i8", self.const(offset, "i64"))
        self.line(f"call void @llvm.prefetch.p0(ptr {ahead}, i32 0, i32 3, i32 1)")

    def load_lanes(self, addresses: str, kind: str, lanes: int, mask: Value | None) -> Value:
        """An element from each of a vector of addresses."""
        wide = type_name(kind, lanes)
        mask = mask or self.const(True, "i1", lanes)
        name = f"llvm.masked.gather.{suffix(kind, lanes)}.v{lanes}p0"
        self.module.declare(name, f"declare {wide} @{name}(<{lanes} x ptr>, i32, <{lanes} x i1>, {wide})")
        return self.emit(f"call {wide} @{name}(<{lanes} x ptr> {addresses}, i32 {_align(kind)}, "
                         f"{mask.type} {mask.text}, {wide} zeroinitializer)", kind, lanes)

    def store_lanes(self, value: Value, addresses: str, mask: Value | None) -> None:
        lanes = value.lanes
        mask = mask or self.const(True, "i1", lanes)
        name = f"llvm.masked.scatter.{suffix(value.kind, lanes)}.v{lanes}p0"
        self.module.declare(name, f"declare void @{name}({value.type}, <{lanes} x ptr>, i32, <{lanes} x i1>)")
        self.line(f"call void @{name}({value.type} {value.text}, <{lanes} x ptr> {addresses}, "
                  f"i32 {_align(value.kind)}, {mask.type} {mask.text})")

    # -- control -----------------------------------------------------------------------------------------------------

    def new_label(self) -> str:
        self._count += 1
        return f"b{self._count}"

    def start_block(self, label: str) -> None:
        self.lines.append(f"{label}:")
        self.block = label

    def jump(self, label: str) -> None:
        self.line(f"br label %{label}")

    def branch(self, cond: Value, yes: str, no: str) -> None:
        self.line(f"br i1 {cond.text}, label %{yes}, label %{no}")

    @contextmanager
    def loop(self, begin: Value, end: Value, step: int = 1, carried: Sequence[Value] = ()):
        """A loop over begin, begin + step, ... below end, which runs at least once. In the body the values carried
        are `loop.carried`; assign the next ones to it. After the loop it holds the final ones."""
        head, entry = self.new_label(), self.block
        self.jump(head)
        self.start_block(head)
        mark = len(self.lines)
        index = self._phi_name("i64", 1)
        phis = [self._phi_name(v.kind, v.lanes) for v in carried]
        self.lines.extend([""] * (1 + len(phis)))
        loop = Loop(index, list(phis), head, entry, mark, self.const(step, "i64"), end)
        yield loop
        following = self.emit(f"add nuw nsw i64 {index.text}, {step}", "i64", 1)
        again = self.compare("slt", following, end)
        after = self.new_label()
        self.branch(again, head, after)
        latch = self.block
        pairs = [(index, begin, following), *zip(phis, carried, loop.carried, strict=True)]
        for k, (phi, first, last) in enumerate(pairs):
            self.lines[mark + k] = (f"  {phi.text} = phi {phi.type} [{first.text}, %{entry}], "
                                    f"[{last.text}, %{latch}]")
        self.start_block(after)

    def _phi_name(self, kind: str, lanes: int) -> Value:
        self._count += 1
        return Value(f"%l{self._count}", kind, lanes)

    @contextmanager
    def when(self, cond: Value):
        """Code that runs only where a scalar condition holds; it gives no values to the outside."""
        inside, after = self.new_label(), self.new_label()
        self.branch(cond, inside, after)
        self.start_block(inside)
        yield
        self.jump(after)
        self.start_block(after)


    def branch_values(self, cond: Value, rare: Callable[[], Sequence[Value]], usual: Sequence[Value]) -> list[Value]:
        """The values that `rare` writes code for where a scalar condition holds, else the usual ones."""
        inside, after, before = self.new_label(), self.new_label(), self.block
        self.branch(cond, inside, after)
        self.start_block(inside)
        given = rare()
        end = self.block
        self.jump(after)
        self.start_block(after)
        return [self.emit(f"phi {a.type} [{b.text}, %{end}], [{a.text}, %{before}]", a.kind, a.lanes)
                for a, b in zip(usual, given, strict=True)]

    def either(self, cond: Value, yes: Callable[[], Value], no: Callable[[], Value]) -> Value:
        """The value that one of the two writes code for, by a scalar condition; only that code runs."""
        given, after = [], self.new_label()
        labels = [self.new_label(), self.new_label()]
        self.branch(cond, *labels)
        for label, value in zip(labels, (yes, no)):
            self.start_block(label)
            given.append((value(), self.block))
            self.jump(after)
        self.start_block(after)
        (a, left), (b, right) = given
        return self.emit(f"phi {a.type} [{a.text}, %{left}], [{b.text}, %{right}]", a.kind, a.lanes)


def _align(kind: str) -> int:
    return max(BITS[kind] // 8, 1)


class Module:
    """The text of one LLVM module: functions, and what they declare."""

    def __init__(self, target: Target):
        self.target = target
        self.functions: list[str] = []
        self._declared: dict[str, str] = {}
        self._constants: dict[bytes, str] = {}

    def declare(self, name: str, text: str) -> None:
        self._declared.setdefault(name, text)

    def define(self, name: str, text: str) -> None:
        """A helper function, written once."""
        self._declared[name] = text

    def constant(self, data: bytes) -> str:
        """The name of a constant of these bytes."""
        if data not in self._constants:
            name = f"@data{len(self._constants)}"
            content = "".join(f"\\{byte:02X}" for byte in data)
            self.define(name, f'{name} = private unnamed_addr constant [{len(data)} x i8] c"{content}", align 64')
            self._constants[data] = name
        return self._constants[data]

    def has(self, name: str) -> bool:
        return name in self._declared

    def text(self) -> str:
        return "\n".join([*self._declared.values(), *self.functions,
                          f"attributes #0 = {{ {self.target.attributes} }}"]) + "\n"
