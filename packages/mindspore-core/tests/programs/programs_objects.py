"""Programs: classes of the program, jit_class, attributes, methods, properties, `with`."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import contextlib
import dataclasses
from collections import namedtuple

from world import Tensor, jit_class, ops

Pair = namedtuple("Pair", "first second")


@dataclasses.dataclass
class _Box:
    value: object
    scale: float = 2.0

    def scaled(self):
        return self.value * self.scale


class _Vector:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def __add__(self, other):
        return _Vector(self.a + other.a, self.b + other.b)

    def __mul__(self, k):
        return _Vector(self.a * k, self.b * k)

    __rmul__ = __mul__

    def __getitem__(self, key):
        return self.a if key == 0 else self.b

    def __len__(self):
        return 2

    def __call__(self, x):
        return self.a * x + self.b

    def __eq__(self, other):
        return isinstance(other, _Vector)

    def __contains__(self, key):
        return key in (0, 1)

    def __iter__(self):
        return iter((self.a, self.b))

    @property
    def total(self):
        return self.a + self.b

    @staticmethod
    def unit():
        return _Vector(1.0, 0.0)

    @classmethod
    def both(cls, x):
        return cls(x, x)


class _Base:
    factor = 2.0

    def act(self, x):
        return x * self.factor


class _Derived(_Base):
    factor = 3.0

    def act(self, x):
        return super().act(x) + 1


class _Scaled:
    def __init__(self, scale):
        self.scale = scale

    def __enter__(self):
        return self.scale

    def __exit__(self, *exc):
        self.scale = 0


@jit_class
class _Polynomial:
    def __init__(self, *coefficients):
        self.coefficients = coefficients

    def at(self, x):
        y = 0
        for c in self.coefficients:
            y = y * x + c
        return y


def namedtuple_fields(x, w):
    p = Pair(x, w)
    q = p._replace(second=x * w)
    a, b = q
    return p.first * q.second + a - b + len(p)


def namedtuple_returned(x, w):
    return Pair(x * w, second=[w])


def dataclass_instance(x):
    box = _Box(x)
    other = _Box(value=box.scaled(), scale=0.5)
    return other.scaled() + box.value


def dataclass_attribute_assigned(x, w):
    box = _Box(x)
    box.value = box.value * w
    box.scale += 1
    return box.scaled()


def dataclass_attribute_assigned_in_branch(x, s):
    box = _Box(x)
    if s > 0:
        box.value = box.value * s
    return box.scaled()


def object_attribute_in_tensor_loop(x, n):
    box = _Box(x, 1.0)
    j = n * 0
    while j < n:
        box.value = box.value * 0.5 + j
        j = j + 1
    return box.value


def operators_of_a_class(x, w):
    v = _Vector(x, w) + _Vector(w, 1.0)
    u = 2 * v * 3
    return u[0] + u[1] + len(u)


def class_call_and_property(x, w):
    v = _Vector(x, w)
    return v(x) + v.total


def class_iterates(x, w):
    y = 0
    for each in _Vector(x, w):
        y = y * 2 + each
    a, b = _Vector(x, w)
    return y + a * b


def static_and_class_methods(x):
    u = _Vector.unit()
    v = _Vector.both(x)
    return v.a * u.a + v.b * u.b


def contains_and_equality(x, w):
    v = _Vector(x, w)
    return x * (2 if 1 in v else 3) + (1 if v == _Vector(w, w) else 0)


def super_call(x):
    return _Derived().act(x) + _Base().act(x)


def class_attribute(x):
    return x * _Derived.factor + _Base.factor


def class_inside(x):
    class Local:
        scale = 4
        def __init__(self, y):
            self.y = y
        def get(self):
            return self.y * self.scale
    return Local(x).get()


def bound_method_as_value(x):
    f = _Vector(x, 1.0).__call__
    act = _Derived().act
    return f(x) + act(x)


def getattr_setattr_hasattr(x):
    box = _Box(x)
    setattr(box, "extra", x * 2)
    y = getattr(box, "extra") + getattr(box, "missing", 1.0)
    return y if hasattr(box, "extra") and not hasattr(box, "nothing") else x


def delete_attribute(x):
    box = _Box(x)
    box.extra = 1
    del box.extra
    return box.value * (2 if hasattr(box, "extra") else 3)


def isinstance_checks(x):
    d = _Derived()
    y = x * 2 if isinstance(d, _Base) else x
    z = y + 1 if isinstance(x, Tensor) and not isinstance(x, (int, list)) else y
    return z if issubclass(_Derived, _Base) and type(d) is _Derived else x


def jit_class_method(x):
    return _Polynomial(1.0, -2.0, 3.0).at(x) + _Polynomial(2.0).at(x)


def with_object(x):
    with _Scaled(3.0) as k:
        x = x * k
    return x + 1


def with_two_objects(x):
    with _Scaled(3.0) as k, _Scaled(2.0) as m:
        x = x * k - m
    return x


def with_closing_state(x):
    scaled = _Scaled(3.0)
    with scaled:
        x = x * scaled.scale
    return x + scaled.scale


def with_nullcontext(x):
    with contextlib.nullcontext(x * 2) as y:
        z = y + 1
    return z


def with_around_branch(x, s):
    with _Scaled(2.0) as k:
        if s > 0:
            y = x * k
        else:
            y = x - k
    return y
