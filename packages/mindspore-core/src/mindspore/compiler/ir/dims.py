"""Symbolic sizes: numbers that are known at each call of a graph, but not while it is made.

A `Symbol` stands for the size of an axis. A `Dim` is an integer computed from symbols: a polynomial with integer
coefficients whose atoms are symbols, and quotients, remainders, maxima and minima that do not come out exactly. Dims
are interned, so equal polynomials are one object, and shapes with Dims in them are compared and hashed as others are.
A `Ratio` is a float computed from Dims, such as the 1/n of a mean; all that it can do is arithmetic and to become a
value of the graph.

Shape rules, decompositions and derivatives are Python functions of shapes, and decide by them: `if d == 1`, `max(a,
b)`. With a Dim such a decision is made for an *example* size and noted as a fact (`Facts`). What was made is right for
all sizes for which the facts hold; whoever keeps it checks them for each new binding of the symbols. Facts that hold
for all sizes from 2 on are not noted: the sizes 0 and 1 are never symbols, since broadcasting treats them otherwise.
Where a size turns out to be one certain number, because the number itself is asked for (`int(d)`) or because it meets
another size that it must equal, a symbol is of no use: `SizeFixed` says which, and what was being made is made again
with a number in its place.

The idea to record the outcome of decisions on example sizes is that of PyTorch's symbolic shapes (guards on `SymInt`);
sizes as polynomials are those of JAX's shape polymorphism.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mindspore.compiler.ir.facts import OUTCOMES, Binding, SizeFixed, present

LOWEST = 2


class Symbol:
    """The size of an axis: `name`, and the size that decisions are made for."""

    __slots__ = ("key", "name", "example")

    def __init__(self, name: str, example: int):
        self.name, self.example, self.key = name, example, name

    def __repr__(self) -> str:
        return self.name

    def value(self, binding: Binding | None) -> int:
        return self.example if binding is None else binding[self.name]

    def symbols(self) -> Iterator[Symbol]:
        yield self

    def lowest(self) -> int | None:
        return LOWEST

    def highest(self) -> int | None:
        return None


class Function:
    """An integer function of two sizes that is no polynomial: an atom of those that contain it."""

    __slots__ = ("name", "operands", "key")

    def __init__(self, name: str, operands: tuple):
        self.name, self.operands = name, operands
        self.key = f"{name}({','.join(map(repr, operands))})"

    def __repr__(self) -> str:
        return self.key

    def value(self, binding: Binding | None) -> int:
        return _FUNCTIONS[self.name](*[bound(x, binding) for x in self.operands])

    def symbols(self) -> Iterator[Symbol]:
        for x in self.operands:
            if isinstance(x, Dim):
                yield from x.symbols()

    def lowest(self) -> int | None:
        low = [lowest(x) for x in self.operands]
        if None in low:
            return max((x for x in low if x is not None), default=None) if self.name == "max" else None
        if self.name in ("max", "min"):
            return _FUNCTIONS[self.name](*low)
        if low[1] < 1 or (low[0] < 0 and type(self.operands[1]) is not int):
            return None
        return low[0] // self.operands[1] if self.name == "floordiv" and type(self.operands[1]) is int else 0

    def highest(self) -> int | None:
        divisor = self.operands[1]
        if type(divisor) is int and divisor > 0:
            high = _highest(self.operands[0])
            return divisor - 1 if self.name == "mod" else high if high is None else high // divisor
        return None


_FUNCTIONS: dict[str, Callable[[int, int], int]] = {
    "floordiv": lambda a, b: a // b, "mod": lambda a, b: a % b, "max": max, "min": min}

_DIMS: dict[tuple, Dim] = {}
_SYMBOLS: dict[tuple, Symbol] = {}
_ATOMS: dict[str, dict[tuple, Function]] = {name: {} for name in _FUNCTIONS}


def symbol(name: str, example: int) -> Dim:
    """The Dim of the symbol with this name and example."""
    found = _SYMBOLS.get((name, example))
    if found is None:
        found = _SYMBOLS.setdefault((name, example), Symbol(name, example))
    return _made({(found,): 1})


def function_of(name: str, *operands: int | Dim) -> Dim:
    """The Dim of a function in `_FUNCTIONS`."""
    table = _ATOMS[name]
    found = table.get(operands)
    if found is None:
        found = table.setdefault(operands, Function(name, operands))
    return _made({(found,): 1})


def _made(terms: dict[tuple, int]) -> Any:
    """The integer with these terms (product of atoms -> coefficient): an int where it is a constant."""
    terms = {k: v for k, v in terms.items() if v}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    key = tuple(sorted(terms.items(), key=_order))
    found = _DIMS.get(key)
    if found is None:
        found = _DIMS.setdefault(key, Dim(key))
    return found


def _order(term: tuple) -> tuple:
    return -len(term[0]), [atom.key for atom in term[0]]


class Symbolic:
    """A number that is known at each call: a Dim or a Ratio."""

    __slots__ = ()

    def at(self, binding: Binding | None) -> Any:
        """The number for these sizes of the symbols; None: for the examples."""
        raise NotImplementedError


class Dim(Symbolic):
    """See the module's text. `terms`: pairs of a product of atoms and its coefficient."""

    __slots__ = ("terms", "_lowest", "__weakref__")
    __array_ufunc__ = None
    __array_priority__ = 2000

    def __init__(self, terms: tuple):
        self.terms = terms
        self._lowest: Any = _UNKNOWN

    # -- what it is --------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        parts = []
        for atoms, factor in self.terms:
            text = "*".join(([] if abs(factor) == 1 and atoms else [str(abs(factor))]) + [atom.key for atom in atoms])
            parts.append(("-" if factor < 0 else "+" if parts else "") + text)
        return "".join(parts)

    def __reduce__(self):
        raise TypeError(f"the size {self!r} is known only when a graph runs: it cannot be pickled or copied")

    def __copy__(self) -> Dim:
        return self

    def __deepcopy__(self, memo: dict) -> Dim:
        return self

    def symbols(self) -> Iterator[Symbol]:
        """The symbols in it, some of them more than once."""
        for atoms, _ in self.terms:
            for atom in atoms:
                yield from atom.symbols()

    def at(self, binding: Binding | None) -> int:
        total = 0
        for atoms, factor in self.terms:
            for atom in atoms:
                factor *= atom.value(binding)
            total += factor
        return total

    def lowest(self) -> int | None:
        """A number that it is never below, if one is known."""
        if self._lowest is _UNKNOWN:
            self._lowest = _lowest_of(self.terms)
        return self._lowest

    # -- arithmetic --------------------------------------------------------------------------------------------------

    def __add__(self, other):
        terms = _terms(other)
        if terms is None:
            return ratio_of("add", self, other)
        total = dict(self.terms)
        for atoms, factor in terms:
            total[atoms] = total.get(atoms, 0) + factor
        return _made(total)

    def __mul__(self, other):
        terms = _terms(other)
        if terms is None:
            return ratio_of("mul", self, other)
        total: dict[tuple, int] = {}
        for a, x in self.terms:
            for b, y in terms:
                atoms = tuple(sorted(a + b, key=_atom_order))
                total[atoms] = total.get(atoms, 0) + x * y
        return _made(total)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return _made({atoms: -factor for atoms, factor in self.terms})

    def __pos__(self):
        return self

    def __abs__(self):
        return self if self >= 0 else -self

    def __sub__(self, other):
        return self + -other if _terms(other) is not None else ratio_of("sub", self, other)

    def __rsub__(self, other):
        return -self + other if _terms(other) is not None else ratio_of("sub", other, self)

    def __floordiv__(self, other):
        return _divmod(self, other)[0] if _terms(other) is not None else NotImplemented

    def __rfloordiv__(self, other):
        return _divmod(other, self)[0] if _terms(other) is not None else NotImplemented

    def __mod__(self, other):
        return _divmod(self, other)[1] if _terms(other) is not None else NotImplemented

    def __rmod__(self, other):
        return _divmod(other, self)[1] if _terms(other) is not None else NotImplemented

    def __divmod__(self, other):
        return _divmod(self, other)

    def __truediv__(self, other):
        return ratio_of("truediv", self, other)

    def __rtruediv__(self, other):
        return ratio_of("truediv", other, self)

    def __pow__(self, exponent):
        if type(exponent) is not int or exponent < 0:
            return ratio_of("pow", self, exponent)
        result: Any = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __rpow__(self, base):
        return ratio_of("pow", base, self)

    def sqrt(self) -> Ratio:
        """Its square root (what `numpy.sqrt` calls)."""
        return ratio_of("pow", self, 0.5)

    def _same(self, *args):
        return self

    __round__ = __trunc__ = __floor__ = __ceil__ = _same

    # -- decisions ---------------------------------------------------------------------------------------------------

    __hash__ = object.__hash__

    def __eq__(self, other):
        if self is other:
            return True
        return _decide("zero", self - other) if _terms(other) is not None else NotImplemented

    def __ne__(self, other):
        found = self.__eq__(other)
        return found if found is NotImplemented else not found

    def __gt__(self, other):
        return _decide("positive", self - other) if _terms(other) is not None else NotImplemented

    def __lt__(self, other):
        return _decide("positive", other - self) if _terms(other) is not None else NotImplemented

    def __ge__(self, other):
        return _decide("positive", self - other + 1) if _terms(other) is not None else NotImplemented

    def __le__(self, other):
        return _decide("positive", other - self + 1) if _terms(other) is not None else NotImplemented

    def __bool__(self) -> bool:
        return not _decide("zero", self)

    def bit_length(self) -> int:
        """As of an int."""
        return _fixed(self).bit_length()

    def __index__(self) -> int:
        return _fixed(self)

    __int__ = __index__

    def __float__(self) -> float:
        return float(_fixed(self))

    def __format__(self, spec: str) -> str:
        return format(_fixed(self), spec) if spec else repr(self)


_UNKNOWN = object()


def _atom_order(atom) -> tuple:
    return atom.key, id(atom)


def _terms(value) -> tuple | None:
    """The terms of an integer; None for other values."""
    kind = type(value)
    if kind is Dim:
        return value.terms
    if kind is int:
        return (((), value),)
    if isinstance(value, int) or hasattr(value, "__index__") and getattr(value, "shape", None) == ():
        return (((), int(value)),)
    return None


def _divmod(p, q) -> tuple:
    """The quotient, rounded down, and the remainder of two integers."""
    if type(q) is int and q == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    quotient, rest = _long_division(p, q)
    if type(rest) is int and rest == 0:
        return quotient, 0
    if type(rest) is int and type(q) is int:
        return quotient + rest // q, rest % q
    if p is not rest and type(quotient) is not int and type(q) is not int and lowest(q) is None:
        quotient, rest = 0, p
    return quotient + function_of("floordiv", rest, q), function_of("mod", rest, q)


def _long_division(p, q) -> tuple:
    """(quotient, rest) with p = quotient * q + rest, where the quotient has the terms that come out exactly."""
    lead, factor = _terms(q)[0]
    quotient: dict[tuple, int] = {}
    rest = p
    for atoms, amount in _terms(p) if type(q) is int or len(q.terms) == 1 else ():
        missing = _without(atoms, lead)
        if missing is not None and amount % factor == 0:
            quotient[missing] = amount // factor
    if quotient:
        made = _made(quotient)
        return made, p - made * q
    if type(q) is Dim and type(p) is Dim and len(q.terms) > 1:  # only where it comes out altogether
        while type(rest) is Dim:
            atoms, amount = rest.terms[0]
            missing = _without(atoms, lead)
            if missing is None or amount % factor:
                return 0, p
            quotient[missing] = quotient.get(missing, 0) + amount // factor
            rest = p - _made(quotient) * q
            if len(quotient) > 64:
                return 0, p
        return (_made(quotient), 0) if rest == 0 else (0, p)
    return 0, p


def _without(atoms: tuple, part: tuple) -> tuple | None:
    """A product divided by another one; None if that leaves a fraction."""
    left = list(atoms)
    for atom in part:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


# -- floats ------------------------------------------------------------------------------------------------------------


class Ratio(Symbolic):
    """A float computed from sizes: an operation on two numbers."""

    __slots__ = ("name", "operands")
    __array_ufunc__ = None

    def __init__(self, name: str, operands: tuple):
        self.name, self.operands = name, operands

    def at(self, binding: Binding | None) -> float:
        return FLOATS[self.name](*[bound(x, binding) for x in self.operands])

    def __hash__(self) -> int:
        return hash((self.name, self.operands))

    def __eq__(self, other):
        if isinstance(other, Ratio) and self.name == other.name and self.operands == other.operands:
            return True
        return float(self) == other

    def __repr__(self) -> str:
        return f"{self.name}({','.join(map(repr, self.operands))})"

    def symbols(self) -> Iterator[Symbol]:
        """The symbols in it, some of them more than once."""
        for x in self.operands:
            if isinstance(x, Symbolic):
                yield from x.symbols()

    def __float__(self) -> float:
        return FLOATS[self.name](*[float(x) for x in self.operands])

    def __bool__(self) -> bool:
        return bool(float(self))

    def __lt__(self, other):
        return float(self) < other

    def __le__(self, other):
        return float(self) <= other

    def __gt__(self, other):
        return float(self) > other

    def __ge__(self, other):
        return float(self) >= other

    def __neg__(self):
        return ratio_of("mul", self, -1.0)

    def __trunc__(self):
        """Of a quotient of sizes that are not negative, the whole number below."""
        a, b = self.operands
        if self.name == "truediv" and _terms(a) is not None and _terms(b) is not None and a >= 0 and b > 0:
            return a // b
        return int(float(self))

    __floor__ = __trunc__

    def __ceil__(self):
        a, b = self.operands
        if self.name == "truediv" and _terms(a) is not None and _terms(b) is not None and b > 0:
            return -(-a // b)
        return -int(-float(self) // 1)

    def sqrt(self) -> Ratio:
        """Its square root (what `numpy.sqrt` calls)."""
        return ratio_of("pow", self, 0.5)


FLOATS: dict[str, Callable] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "truediv": lambda a, b: a / b,
    "pow": lambda a, b: a ** b}


def ratio_of(name: str, a, b):
    """The float of an operation in `FLOATS`; NotImplemented for what is no number."""
    if not all(isinstance(x, (int, float, Symbolic)) for x in (a, b)):
        return NotImplemented
    return Ratio(name, (a, b))


for _name in FLOATS:
    setattr(Ratio, f"__{_name}__", lambda self, other, name=_name: ratio_of(name, self, other))
    setattr(Ratio, f"__r{_name}__", lambda self, other, name=_name: ratio_of(name, other, self))


# -- bounds and facts --------------------------------------------------------------------------------------------------


def lowest(value) -> int | None:
    """A number that an integer is never below, if one is known."""
    return value.lowest() if type(value) is Dim else value


def _highest(value) -> int | None:
    """A number that an integer is never above, if one is known."""
    if type(value) is not Dim:
        return value
    low = lowest(-value)
    return None if low is None else -low


def _lowest_of(terms: tuple) -> int | None:
    """The sum of the terms' lowest numbers. A product of several atoms has one only where none of them is negative."""
    total = 0
    for atoms, factor in terms:
        if len(atoms) == 1:
            low = atoms[0].lowest() if factor > 0 else atoms[0].highest()
            if low is None:
                return None
            total += factor * low
            continue
        bounds = [atom.lowest() for atom in atoms]
        if factor < 0 and atoms or any(low is None or low < 0 for low in bounds):
            return None
        for low in bounds:
            factor *= low
        total += factor
    return total


def _decide(kind: str, value) -> bool:
    """Whether an integer is 0, or positive."""
    if type(value) is not Dim:
        return OUTCOMES[kind](value)
    low = lowest(value)
    if low is not None and low > 0:
        return kind == "positive"
    high = _highest(value)
    if high is not None and (high < 0 or (high == 0 and kind == "positive")):
        return False
    facts = present.facts
    outcome = OUTCOMES[kind](value.at(None if facts is None else facts.binding))
    if facts is not None:
        if outcome and kind == "zero" and facts.strict:
            raise SizeFixed(value)
        facts.known[kind, value] = outcome
    return outcome


def _fixed(value: Dim) -> int:
    """The number, which what is made depends on from now on."""
    facts = present.facts
    number = value.at(None if facts is None else facts.binding)
    _decide("zero", value - number)
    return number


def bound(value: Any, binding: Binding | None) -> Any:
    """The number that a value is for these sizes: a symbolic one's, or the value itself."""
    return value.at(binding) if isinstance(value, Symbolic) else value


def same(a: int | Dim, b: int | Dim) -> bool:
    """Whether two integers are equal for all sizes; nothing is noted."""
    return a is b or (type(a) is not Dim and type(b) is not Dim and a == b)


def divides(divisor: int | Dim, value: int | Dim) -> bool:
    """Whether an integer is a multiple of another one that is not 0, for all sizes; nothing is noted."""
    rest = value % divisor
    return type(rest) is not Dim and rest == 0


def surely_divides(divisor: int, value: int | Dim) -> bool:
    """Whether an integer is a multiple of `divisor` for all sizes; nothing is noted."""
    return all(factor % divisor == 0 for _, factor in value.terms) if type(value) is Dim else value % divisor == 0


def same_shape(a: tuple, b: tuple) -> bool:
    """Whether two tuples of sizes are equal for all sizes; nothing is noted."""
    return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))


def whole(value: Symbolic) -> Any:
    """What `int` makes of a size or a quotient of sizes."""
    return value if type(value) is Dim else value.__trunc__()
