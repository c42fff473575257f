"""What core knows about an operator, in one class.

A primitive is a class with one instance. It declares

* `name`, and a docstring (the documentation table is made from it);
* `attrs`: the names of its static attributes in order, with `defaults` for those that may be left out;
* `infer(*avals, **attrs)`: the shape and dtype rule, or an `axes` line from which it follows;
* `vjp(b, ct, out, *ins, **attrs)`: cotangents for the inputs (None where there is none), written with the builder;
  not needed where `lower` is given (the decomposition is differentiated), nor where `differentiable` is False;
* `record(b, ins, wanted, seeded, **attrs)`, in place of `vjp` where more than operands and results is read:
  emits the operator in a form that keeps what the derivative reads; (results, function from the results' cotangents to
  the operands'). `wanted`: the operands to differentiate by, `seeded`: the results that can have cotangents;
* `vmap(b, lanes, batched, *ins, **attrs)`: the operator on many lanes at once (`lanes` explains); not needed where an
  axes line or `lower` is given;
* `jvp(b, ins, tangents, **attrs)`: results and their tangents; only where `autodiff.jvp` cannot derive them from `vjp`;
* `reference(*arrays, **attrs)`: what it means, in NumPy; not needed where `lower` is given;
* `lower(b, *ins, **attrs)`: an optional decomposition into simpler primitives;
* `lower_parts(b, *ins, **attrs)`, or `partwise = True`: an optional decomposition of the operator on complex numbers
  into operators on their real and imaginary parts (`complex_rules`), for devices that generate code for real ones only;
* `simplify(b, ins, attrs)`: an optional rewrite at emission that keeps the aval and every NaN, Inf and -0;
* `one_pass`: True where the decomposition is one element-wise pass that many tensors of one type go through;
* `regions`: True where attributes are graphs that the operator runs;
* `flops(out, *ins, **attrs)`: how many multiplications and additions a matrix product, or what is made of such, takes,
  from avals; 0 for what is done element by element;
* `hosted`: True where what it does happens on the host, so that its running there is no fallback;
* `samples()`: inputs, good and bad, from which the tests of every backend are generated.

`register` refuses a class in which one of these is missing.

The axes line. `"... m k, ... k n -> ... m n"` names the axes of each operand and of the result. Equal letters are
equal sizes, `...` stands for leading axes that broadcast, and an upper-case letter is an axis that must stay whole when
the operator is split over devices. Shape inference, batching and sharding of a regular operator follow from it.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from mindspore.common.dtype import DType
from mindspore.compiler.ir.aval import Aval, TensorAval, tensor_aval

PRIMITIVES: dict[str, Primitive] = {}
REQUIRED = object()


@dataclass
class Sample:
    """One test input of a primitive.

    ins: arrays (float64 or float32 arrays are cast to each dtype under test, integers and bools stay as they are).
    attrs: the static attributes. error: the exception type that the shape and dtype rule must raise.
    grad: whether derivatives exist and are smooth at this point; order: how many times it is differentiated in tests.
    rtol, atol: tolerance in float32 against the reference, for operators that need more than the default.
    exact_dtypes: keep the dtypes of `ins` (no casting). resizes: whether the operator is tested at other sizes with the
    elements repeated or left out; not where that would make a problem that has no solution.
    """

    ins: tuple
    attrs: dict = field(default_factory=dict)
    error: type | None = None
    grad: bool = True
    order: int = 2
    rtol: float = 2e-5
    atol: float = 2e-6
    exact_dtypes: bool = False
    resizes: bool = True


class Primitive:
    """Base of all primitives; see the module's text."""

    name: str = ""
    attrs: tuple = ()
    defaults: dict = {}
    axes: str | None = None
    kinds: str = "biufc"
    effect: bool = False
    regions: bool = False
    hosted: bool = False
    differentiable: bool = True
    scalar: bool = False
    one_pass: bool = False
    draws: bool = False
    partwise: bool = False

    lower = None
    lower_parts = None
    vjp = None
    record = None
    jvp = None
    vmap = None
    reference = None

    def infer(self, *avals: Aval, **attrs) -> Aval:
        """From the axes line; operators that are not regular override it."""
        from mindspore.compiler.primitives.axes import infer_from_axes
        self.check_dtypes(avals)
        return tensor_aval(infer_from_axes(self.name, self.axes, [a.shape for a in avals]), avals[0].dtype)

    def simplify(self, b, ins: tuple, attrs: tuple):
        """No rule: the node is made as it is."""
        return None

    def vmap_stacks(self, b, lanes, batched: tuple, *ins, **attrs):
        """The `vmap` of an operator on stacks: the lanes are one more leading axis."""
        return b.emit(self, lanes.aligned(b, batched, ins), tuple(attrs.values()))

    def records(self, avals: tuple, wanted: tuple[int, ...], attrs: tuple) -> bool:
        """Whether `record` serves operands of these avals, of which the wanted ones are differentiated by."""
        return self.record is not None

    def flops(self, out: Aval, *ins: Aval, **attrs) -> int:
        """The multiplications and additions of products."""
        return 0

    def samples(self) -> Iterable[Sample]:
        return ()

    def pack_attrs(self, given: dict) -> tuple:
        """Attributes given by name as a tuple in declared order, with defaults filled in."""
        if len(given) == len(self.attrs) == 0:
            return ()
        packed = []
        for name in self.attrs:
            value = given.get(name, self.defaults.get(name, REQUIRED))
            if value is REQUIRED:
                raise TypeError(f"{self.name}: the attribute {name!r} is missing; it takes {', '.join(self.attrs)}")
            packed.append(value)
        if len(given) > len(packed) or not given.keys() <= set(self.attrs):
            raise TypeError(f"{self.name}: unknown attribute among {sorted(given)}; it takes {', '.join(self.attrs)}")
        return tuple(packed)

    def check_dtypes(self, avals: tuple) -> DType:
        """All operands have one dtype of an allowed kind; returns it."""
        dtype = avals[0].dtype
        if dtype.kind not in self.kinds:
            names = {"b": "bool", "i": "signed integer", "u": "unsigned integer", "f": "floating", "c": "complex"}
            raise TypeError(f"{self.name}: got {dtype}, expected a dtype that is "
                            f"{' or '.join(names[k] for k in self.kinds)}; cast the operand first")
        for aval in avals[1:]:
            if aval.dtype is not dtype:
                raise TypeError(f"{self.name}: operands must have one dtype, got "
                                f"{', '.join(str(a.dtype) for a in avals)}; cast them to a common dtype first")
        return dtype

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self):
        return (primitive, (self.name,))


def primitive(name: str) -> Primitive:
    """The registered primitive called `name`."""
    found = PRIMITIVES.get(name)
    if found is None:
        raise KeyError(f"there is no primitive called {name!r}")
    return found


def register(cls: type) -> type:
    """Class decorator: check that no rule is missing, and put the one instance into `PRIMITIVES`."""
    op = cls()
    missing = []
    if not op.name:
        missing.append("name")
    if not cls.__doc__:
        missing.append("docstring")
    if op.reference is None and op.lower is None:
        missing.append("reference (or lower)")
    if op.vjp is None and op.record is None and op.lower is None and op.differentiable:
        missing.append("vjp (or record, or lower, or differentiable = False)")
    if op.axes is None and cls.infer is Primitive.infer:
        missing.append("infer (or axes)")
    if op.vmap is None and op.axes is None and op.lower is None and not (op.regions or op.hosted):
        missing.append("vmap (or axes, or lower)")
    if cls.samples is Primitive.samples:
        missing.append("samples")
    if missing:
        raise TypeError(f"primitive {op.name or cls.__name__!r} cannot be registered: it lacks {', '.join(missing)}")
    if op.name in PRIMITIVES:
        raise ValueError(f"a primitive called {op.name!r} is already registered by "
                         f"{type(PRIMITIVES[op.name]).__module__}")
    PRIMITIVES[op.name] = op
    cls.op = op
    return cls


def broadcast_shapes(name: str, *shapes: tuple) -> tuple:
    """NumPy broadcasting of shapes; ValueError that names the operator and shows all shapes."""
    if len(set(shapes)) == 1:
        return shapes[0]
    ndim = max(map(len, shapes))
    result = []
    for axis in range(-ndim, 0):
        size = 1
        for shape in shapes:
            d = shape[axis] if -axis <= len(shape) else 1
            if d != 1 and size != 1 and d != size:
                raise ValueError(f"{name}: shapes {' and '.join(map(str, shapes))} cannot be broadcast together: "
                                 f"axis {axis} has sizes {size} and {d}; equal sizes or 1 are needed")
            if d != 1:
                size = d
        result.append(size)
    return tuple(result)


class Elementwise(Primitive):
    """An operator applied to each element, with NumPy broadcasting among its operands.

    Subclasses give `grad(b, ct, out, *ins)`, one cotangent per operand in the result's shape; reducing it to the
    operand's own shape happens here. The scalar meaning is the operator's name, which code generators know, unless
    there is a `lower`.
    """

    axes = "..."
    scalar = True
    grad = None
    vmap = Primitive.vmap_stacks

    def result_dtype(self, dtype: DType) -> DType:
        return dtype

    def infer(self, *avals: Aval, **attrs) -> TensorAval:
        dtype = self.check_dtypes(avals)
        return tensor_aval(broadcast_shapes(self.name, *[a.shape for a in avals]), self.result_dtype(dtype))

    def simplify(self, b, ins: tuple, attrs: tuple):
        """An operand that was broadcast only to meet the others is read as it was."""
        for x in ins:
            if x.op.name == "broadcast_to":
                plain = _unbroadcast(self.name, ins)
                return None if plain == ins else b.emit(self, plain, attrs)
        return None

    def vjp(self, b, ct, out, *ins, **attrs):
        return tuple(None if g is None else b.sum_to(g, x.shape)
                     for g, x in zip(self.grad(b, ct, out, *ins, **attrs), ins))


def _unbroadcast(name: str, ins: tuple) -> tuple:
    """The operands without those `broadcast_to` that the operator's own broadcasting makes superfluous."""
    shape = broadcast_shapes(name, *[x.shape for x in ins])
    for i, x in enumerate(ins):
        if x.op.name == "broadcast_to":
            trial = (*ins[:i], x.ins[0], *ins[i + 1:])
            if broadcast_shapes(name, *[t.shape for t in trial]) == shape:
                ins = trial
    return ins


def normalize_axis(name: str, axis: int, ndim: int) -> int:
    """A non-negative axis; ValueError if it is out of range."""
    if not -ndim <= axis < max(ndim, 1):
        raise ValueError(f"{name}: axis {axis} is out of range for a tensor of {ndim} dimensions; "
                         f"expected {-ndim} to {ndim - 1}")
    return axis + ndim if axis < 0 else axis


def rng(seed: int = 0) -> np.random.Generator:
    """The generator from which samples draw, so that they are the same in every run."""
    return np.random.default_rng(seed)
