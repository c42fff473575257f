"""Programs: classes as users write them, with tensors in them, in branches and loops on tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import dataclasses
import enum
from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple

from table import case
from world import Tensor, ops


def property_with_setter_in_a_branch(x, s):
    class Box:
        def __init__(self, value):
            self._value = value
            self.writes = 0
        @property
        def value(self):
            return self._value * 2
        @value.setter
        def value(self, new):
            self.writes += 1
            self._value = new
    box = Box(x)
    if s > 0:
        box.value = x + 1
    box.value += 1
    return box.value, box.writes


def all_operators_of_a_class(x, w, s):
    class Vec:
        def __init__(self, a):
            self.a = a
        def __add__(self, other):
            return Vec(self.a + (other.a if isinstance(other, Vec) else other))
        __radd__ = __add__
        def __mul__(self, k):
            return Vec(self.a * k)
        def __neg__(self):
            return Vec(-self.a)
        def __matmul__(self, other):
            return (self.a * other.a).sum()
        def __getitem__(self, k):
            return self.a[k]
        def __setitem__(self, k, value):
            self.a[k] = value
        def __len__(self):
            return 3
        def __contains__(self, value):
            return value in (1, 2)
        def __eq__(self, other):
            return (self.a == other.a).all()
        def __lt__(self, other):
            return self.a.sum() < other.a.sum()
        def __call__(self, y):
            return self.a + y
        def __iadd__(self, other):
            self.a = self.a + other
            return self
        def __bool__(self):
            return bool(self.a.sum() > 0)
    u, v = Vec(x), Vec(w * 1)
    v[0] = 2.0
    z = (u + v) * 2
    z += 1
    if u < v:
        z = -z
    return z.a, u @ v, v[0], len(u), 1 in u, u(w), u.a if u else w, 3 if u == v else 4


def sum_of_objects(x, w):
    class Vec:
        def __init__(self, a):
            self.a = a
        def __add__(self, other):
            return Vec(self.a + other.a)
        def __radd__(self, other):
            return self
    return sum([Vec(x), Vec(w), Vec(x)]).a


def class_iterated(x):
    class Steps:
        def __init__(self, start):
            self.start = start
        def __iter__(self):
            self.at = 0
            return self
        def __next__(self):
            if self.at >= 3:
                raise StopIteration
            self.at += 1
            return self.start * self.at
    return [e for e in Steps(x)], sum(Steps(x))


def inheritance_in_a_loop(x, n):
    class Base:
        scale = 2
        def __init__(self, value):
            self.value = value
        def step(self):
            self.value = self.value * self.factor()
            return self
        def factor(self):
            return 0.5
    class Odd(Base):
        def factor(self):
            return super().factor() + self.scale
    a, b = Base(x), Odd(x)
    i = n * 0
    while i < n:
        chosen = a if i % 2 == 0 else b
        chosen.step()
        i = i + 1
    return a.value, b.value


@dataclass
class _Point:
    x: object
    y: float = 2.0
    tags: list = field(default_factory=list)

    def norm(self):
        return (self.x * self.x).sum() + self.y ** 2


def dataclass_made_and_changed(x, s):
    p = _Point(x)
    q = dataclasses.replace(p, y=3.0)
    if s > 0:
        p.y = p.y * 2
        p.tags.append("big")
    q.x = q.x + p.y
    return p.norm(), q.norm(), len(p.tags), q.tags is p.tags, dataclasses.asdict(_Point(1, 2))["y"]


@dataclass(frozen=True, order=True)
class _Pair:
    a: int
    b: int


def dataclass_frozen_and_ordered(x):
    try:
        _Pair(1, 2).a = 3
    except dataclasses.FrozenInstanceError:
        x = x * 2
    return x, _Pair(1, 2) < _Pair(1, 3), _Pair(1, 2) == _Pair(1, 2), hash(_Pair(1, 2)) == hash(_Pair(1, 2))


def dataclass_changed_in_a_loop(x, n):
    state = _Point(x, 1.0)
    i = n * 0
    while i < n:
        state.x = state.x * 0.5 + state.y
        state.y = state.y + 0.5
        i = i + 1
    return state.x, state.norm()


_Named = namedtuple("_Named", "first second")


class _Typed(NamedTuple):
    value: object
    count: int = 0

    def more(self, by):
        return self._replace(value=self.value + by, count=self.count + 1)


def namedtuples(x, w, s):
    p = _Named(x, second=w)
    a, b = p
    q = p._replace(first=b) if s > 0 else p
    t = _Typed(x).more(w).more(1)
    return p.first + p[1], q.first, p._fields, t.value, t.count, t._asdict()["count"], _Named(*[1, 2])


def namedtuple_in_a_loop(x, n):
    state = _Typed(x)
    i = n * 0
    while i < n:
        state = state.more(state.value * 0.5)
        i = i + 1
    return state.value, state.count


class _Kind(enum.Enum):
    ADD = 1
    SCALE = "two"

    def apply(self, x):
        return x + 1 if self is _Kind.ADD else x * 2


class _Level(enum.IntEnum):
    LOW = 1
    HIGH = 5


def enums(x, s):
    kind = _Kind.ADD if s > 0 else _Kind.SCALE
    y = kind.apply(x)
    table = {_Kind.ADD: 3, _Kind.SCALE: 4}
    return y, table[kind], _Level.HIGH + 1, _Kind("two").name, [k.value for k in _Kind], _Level(1) is _Level.LOW, \
        kind is _Kind.ADD


def enum_matched(x, s):
    kind = _Kind.SCALE if s > 1 else _Kind.ADD
    match kind:
        case _Kind.ADD:
            return x + 10
        case _Kind.SCALE:
            return x * 10


def class_attributes_and_counters(x, s):
    class Counter:
        total = 0
        def hit(self):
            Counter.total += 1
            self.__class__.total += 1
            return self
    a = Counter().hit()
    if s > 0:
        a.hit()
    return x * Counter.total, a.total


def slots_and_descriptors(x):
    class Positive:
        def __set_name__(self, owner, name):
            self.name = "_" + name
        def __get__(self, obj, owner=None):
            return getattr(obj, self.name) + 1
        def __set__(self, obj, value):
            setattr(obj, self.name, value * 2)
    class Box:
        value = Positive()
    class Tight:
        __slots__ = ("a",)
    box, tight = Box(), Tight()
    box.value, tight.a = x, x * 3
    return box.value, tight.a, hasattr(tight, "b")


def getattr_and_setattr_methods(x):
    class Open:
        def __init__(self):
            object.__setattr__(self, "data", {})
        def __getattr__(self, name):
            try:
                return self.data[name]
            except KeyError:
                raise AttributeError(name) from None
        def __setattr__(self, name, value):
            self.data[name] = value
    box = Open()
    box.a = x
    box.b = box.a * 2
    return box.b, getattr(box, "c", 7), sorted(box.data)


def context_manager_counts(x, s):
    class Scaled:
        depth = 0
        def __init__(self, k):
            self.k = k
        def __enter__(self):
            Scaled.depth += 1
            return self.k
        def __exit__(self, *error):
            Scaled.depth -= 1
    with Scaled(2) as a:
        with Scaled(3) as b:
            y = x * a * b * Scaled.depth
            if s > 0:
                y = y + 1
    return y, Scaled.depth


def repr_and_str_of_objects(x, s):
    class Tag:
        def __init__(self, name):
            self.name = name
        def __repr__(self):
            return f"Tag({self.name!r})"
        def __str__(self):
            return self.name
        def __format__(self, spec):
            return self.name.upper() if spec == "u" else self.name
    t = Tag("ab")
    print(t, [t], s)
    return f"{t} {t!r} {t:u}", str(t), repr([t]), x


def object_state_machine(x, v):
    class Machine:
        def __init__(self):
            self.state = "start"
            self.total = 0
        def feed(self, e):
            if self.state == "start" and e > 0:
                self.state = "on"
            elif self.state == "on":
                self.total = self.total + e
                if e < 0:
                    self.state = "off"
            return self
    m = Machine()
    for e in v:
        m.feed(e)
    return x * m.total, m.state


def linked_list(x, v):
    class Node:
        def __init__(self, value, rest=None):
            self.value, self.rest = value, rest
        def total(self):
            return self.value + (0 if self.rest is None else self.rest.total())
    head = None
    for e in v:
        head = Node(e, head)
    head.rest.value = head.rest.value * 10
    return head.total() * x


def class_of_functions(x, k):
    class Layers:
        def __init__(self, *steps):
            self.steps = steps
        def __getitem__(self, k):
            return self.steps[k]
        def __call__(self, x):
            for step in self.steps:
                x = step(x)
            return x
    net = Layers(ops.sin, lambda y: y * 2, ops.cos)
    return net(x), net[k](x)


def class_built_by_type(x):
    Made = type("Made", (), {"scale": 3, "apply": lambda self, y: y * self.scale})
    return Made().apply(x), Made.__name__


def new_method_and_singleton(x):
    class Once:
        made = None
        def __new__(cls, *args):
            if cls.made is None:
                cls.made = super().__new__(cls)
                cls.made.count = 0
            return cls.made
        def __init__(self, by):
            self.count += by
    Once(2)
    return x * Once(3).count, Once(0) is Once(0)


def equality_and_hash(x):
    class Key:
        def __init__(self, a):
            self.a = a
        def __eq__(self, other):
            return isinstance(other, Key) and self.a == other.a
        def __hash__(self):
            return hash(self.a)
    table = {Key(1): x, Key(2): x * 2}
    table[Key(1)] = x * 3
    return table[Key(1)], len(table), Key(1) in table, Key(3) not in table, len({Key(1), Key(1)})
