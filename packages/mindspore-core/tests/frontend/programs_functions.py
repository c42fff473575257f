"""Programs: functions, closures and classes."""

# The programs are written as users write, not as a linter likes.
# ruff: noqa

import functools
from dataclasses import dataclass, field
from typing import NamedTuple

from frontend_support import TENSOR, Module, program


def helper(a, b=2, *c, d, e=5, **f):
    return a, b, c, d, e, f


def positional_only(a, b=1, /, c=2, *, d=3):
    return a, b, c, d


@program()
def calling_conventions():
    return (
        helper(1, d=4),
        helper(1, 3, 5, 7, d=4, e=6, z=9),
        helper(d=0, a=8),
        helper(*[1, 2, 3], **{"d": 4, "q": 5}),
        positional_only(1),
        positional_only(1, 2, 3, d=4),
        positional_only(1, c=9),
    )


@program()
def nested_definition():
    def f(a, b=2, *c, d=4, **e):
        """Doc of f."""
        return a, b, c, d, e

    return f(1), f(1, 2, 3, d=5, z=6), f.__name__, f.__qualname__, f.__doc__, f.__defaults__, f.__kwdefaults__


@program()
def defaults_are_evaluated_once():
    def f(x, seen=[]):
        seen.append(x)
        return list(seen)

    return f(1), f(2), f.__defaults__


@program()
def closures_share_variables():
    n = 0

    def up():
        nonlocal n
        n += 1
        return n

    def read():
        return n

    up()
    up()
    n += 10
    return read(), up(), n


@program()
def counters_are_independent():
    def make(start):
        def step(by=1):
            nonlocal start
            start += by
            return start

        return step

    a, b = make(0), make(100)
    return a(), a(5), b(), a()


@program()
def deep_nesting():
    x = 1

    def f():
        y = 2

        def g():
            z = 3

            def h():
                nonlocal x, y
                x += z
                y += x
                return x, y, z

            return h() + h()

        return g(), y

    return f(), x


@program()
def closure_over_loop_variable():
    fs = []
    for i in range(3):

        def f():
            return i

        fs.append(f)
    return [f() for f in fs]


@program()
def closure_over_parameter(a=1, *b, c=2, **d):
    def f():
        return a, b, c, d

    a += 1
    return f(), (lambda: [a for a in b] + [c])()


@program()
def closure_over_later_name():
    def f():
        return later

    later = 3
    return f()


@program()
def unbound_closure():
    def f():
        return later

    f()
    later = 3


@program()
def unbound_local():
    if False:
        x = 1
    return x


@program()
def unbound_after_delete():
    x = 1
    del x
    x


@program()
def unbound_augmented():
    x += 1


@program()
def delete_unbound():
    del x
    x = 1


@program()
def delete_unbound_cell():
    def f():
        return x

    del x
    x = 1


@program()
def undefined_name():
    return no_such_name


@program()
def undefined_name_in_nested():
    return (lambda: [no_such_name for _ in range(1)])()


@program(5, 10)
def recursion(n):
    def fact(k):
        return 1 if k <= 1 else k * fact(k - 1)

    return fact(n), fib(n)


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


@program(7)
def mutual_recursion(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    def odd(k):
        return False if k == 0 else even(k - 1)

    return even(n), odd(n)


@program(800)
def deep_recursion(n):
    def count(k):
        if k == 0:
            return 0
        return 1 + count(k - 1)

    return count(n)


@program()
def functions_as_values():
    def compose(*fs):
        def run(x):
            for f in fs:
                x = f(x)
            return x

        return run

    table = {"inc": lambda x: x + 1, "dbl": lambda x: x * 2}
    return compose(*table.values(), str)(3), compose()(1), [f(2) for f in table.values()]


def twice(f):
    @functools.wraps(f)
    def run(*args, **kwargs):
        return f(*args, **kwargs), f(*args, **kwargs)

    return run


def scaled(by):
    def decorate(f):
        def run(x):
            return by * f(x)

        return run

    return decorate


@twice
def decorated_at_module_level(x, y=2):
    """Doc."""
    return x + y


@program()
def decorators():
    @twice
    @scaled(10)
    def f(x):
        return x + 1

    @twice
    def g(x):
        "doc of g"
        return x

    return f(1), decorated_at_module_level(1, y=5), g(3), g.__name__, g.__doc__, decorated_at_module_level.__name__


@program()
def decorator_order():
    log = []

    def d(tag):
        log.append(("made", tag))

        def apply(f):
            log.append(("applied", tag))
            return f

        return apply

    @d(1)
    @d(2)
    def f():
        pass

    @d(3)
    class C:
        pass

    return log


@program()
def partials():
    p = functools.partial(helper, 1, d=3)
    q = functools.partial(lambda *a, **k: (a, k), 1, x=2)
    return p(), p(9, e=1, d=7), q(5, y=3), functools.partial(p, 8)(), functools.partial(max, 3)(5)


@functools.lru_cache(maxsize=None)
def cached(n):
    return n * 2


@program()
def cached_function():
    return cached(3), cached(3), cached.__wrapped__(4)


@program()
def annotations_of_nested():
    def f(a: int, *b: "text", c: SIZE = 1, **d) -> float:
        return a

    return f.__annotations__


SIZE = 4


class Base:
    size = 1

    def __init__(self, size=2):
        self.size = size
        self.log = []

    def scale(self, x):
        self.log.append(x)
        return x * self.size

    @property
    def double(self):
        return self.size * 2

    @double.setter
    def double(self, value):
        self.size = value // 2

    @classmethod
    def make(cls, size):
        return cls(size)

    @staticmethod
    def plus(a, b=1):
        return a + b

    def __call__(self, x):
        return "called", self.scale(x)

    def __private(self):
        return "base"

    def reveal(self):
        return self.__private()


class Derived(Base):
    def __init__(self, size=3, *, extra="e"):
        super().__init__(size)
        self.extra = extra

    def scale(self, x):
        return super().scale(x) + 100

    def old_super(self, x):
        return super(Derived, self).scale(x)

    @classmethod
    def make(cls, size):
        made = super().make(size)
        made.extra = "made"
        return made

    def __private(self):
        return "derived"

    def in_closure(self):
        def f():
            return super(Derived, self).scale(1), __class__.__name__

        return f(), [self.scale(i) for i in range(2)], [__class__.size for _ in range(1)]


@program()
def instances():
    b, d = Base(), Derived(5, extra="x")
    return b.scale(3), d.scale(3), d.old_super(2), d.double, b.double, d.log, d.extra, b(1), d(2), Base.size


@program()
def methods_and_descriptors():
    d = Derived()
    m = d.scale
    d.double = 20
    return (
        m(2), Base.scale(d, 2), Derived.scale(d, 2), d.plus(1), Base.plus(1, 2), Derived.make(7), Base.make(8),
        d.reveal(), d.in_closure(), d.double, getattr(d, "scale")(1), getattr(d, "nothing", 4),
        hasattr(d, "extra"), hasattr(d, "nothing"), m.__self__ is d,
    )  # fmt: skip


@program()
def nested_class():
    factor = 3

    class A(Base):
        """Doc of A."""

        constant: int = 2
        items = [constant * i for i in [1, 2]]
        later: "str"

        def __init__(self, v):
            super().__init__(v)
            self.v = v * factor

        def get(self):
            return self.v, self.constant, __class__.__name__, super().scale(2)

        def __add__(self, other):
            return A(self.v + other.v)

        def __eq__(self, other):
            return self.v == other.v

        def __len__(self):
            return self.v

        def __getitem__(self, k):
            return k * 2

        @property
        def p(self):
            return self.v + 1

        @staticmethod
        def s(x):
            return x

        @classmethod
        def c(cls):
            return cls.__name__

    a = A(2)
    return (
        a.get(), (a + a).v, a == A(2), len(a), a[5], a.p, A.s(1), a.c(), A.__doc__, A.__qualname__, A.__module__,
        A.items, A.__annotations__, [x for x, _ in zip(a, range(3))], isinstance(a, Base), A.__mro__[1].__name__,
    )  # fmt: skip


@program()
def class_body_scoping():
    x = "function"

    class C:
        y = x
        x = "class"
        z = x
        f = lambda self: x
        del y
        if z:
            w = [z for _ in range(2)]

    return C.x, C.z, C().f(), C.w, hasattr(C, "y")


@program()
def class_with_metaclass_and_keywords():
    class Meta(type):
        def __new__(mcls, name, bases, namespace, tag=None):
            made = super().__new__(mcls, name, bases, namespace)
            made.tag = tag
            return made

        def __init__(cls, name, bases, namespace, tag=None):
            super().__init__(name, bases, namespace)

    class C(metaclass=Meta, tag="t"):
        def f(self):
            return __class__.tag

    class D(C, tag="u"):
        pass

    return C.tag, D.tag, C().f(), type(D).__name__


@program()
def init_subclass_and_new():
    class Registry:
        known = []

        def __init_subclass__(cls, **kw):
            Registry.known.append((cls.__name__, kw))

        def __new__(cls, *args):
            made = super().__new__(cls)
            made.args = args
            return made

        def __class_getitem__(cls, item):
            return cls.__name__, item

    class A(Registry, mark=1):
        pass

    return Registry.known, A(1, 2).args, A[int], A.__bases__[0] is Registry


@program()
def class_private_names():
    class C:
        __hidden = 5

        def __init__(self):
            self.__x = 1
            __local = 2
            self.y = __local

        def get(self, *, __k=3):
            return self.__x, self.__hidden, __k, sorted(vars(self))

    return C().get(), C._C__hidden, C().get(_C__k=9)


@dataclass
class Config:
    width: int
    depth: int = 2
    names: list = field(default_factory=list)

    def area(self):
        return self.width * self.depth


class Pair(NamedTuple):
    a: int
    b: int = 5

    def total(self):
        return self.a + self.b


@program()
def dataclasses_and_named_tuples():
    c = Config(3, names=["n"])
    p = Pair(1)
    a, b = p

    @dataclass
    class Inner:
        x: int
        y: int = 4

        def s(self):
            return self.x + self.y

    return c.area(), c, c == Config(3, 2, ["n"]), p.total(), a + b, p._replace(b=1).total(), Inner(1).s(), Inner(2)


class Dynamic:
    def __getattr__(self, name):
        if name.startswith("x"):
            return name * 2
        raise AttributeError(name)

    def __getitem__(self, key):
        return [key]

    def __contains__(self, key):
        return key == 3

    def __iter__(self):
        return iter([1, 2])

    def __bool__(self):
        return False


@program()
def dynamic_attributes():
    d = Dynamic()
    return d.xa, hasattr(d, "y"), getattr(d, "y", 1), d[2], 3 in d, list(d), [i for i in d], "t" if d else "f", not d


class Vector:
    log = []

    def __init__(self, *items):
        self.items = items

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(*(a + b for a, b in zip(self.items, other.items)))

    def __radd__(self, other):
        return Vector(*(other + a for a in self.items))

    def __mul__(self, k):
        return Vector(*[a * k for a in self.items])

    def __matmul__(self, other):
        return sum(a * b for a, b in zip(self.items, other.items))

    def __isub__(self, k):
        self.items = tuple(a - k for a in self.items)
        return self

    def __ifloordiv__(self, k):
        return NotImplemented

    def __floordiv__(self, k):
        return "floordiv", k

    def __neg__(self):
        return self * -1

    def __eq__(self, other):
        return isinstance(other, Vector) and self.items == other.items

    def __lt__(self, other):
        return self.items < other.items if isinstance(other, Vector) else NotImplemented

    def __gt__(self, other):
        return "greater" if other == 0 else NotImplemented

    def __getitem__(self, k):
        return self.items[k]

    def __setitem__(self, k, value):
        self.items = (*self.items[:k], value, *self.items[k + 1 :])

    def __contains__(self, item):
        return [each for each in self.items if each == item]

    def __bool__(self):
        return len(self.items) > 2

    def __iter__(self):
        yield from self.items

    def __len__(self):
        return len(self.items)


class LongVector(Vector):
    def __radd__(self, other):
        return "derived first"

    def __gt__(self, other):
        return "derived greater"

    def __bool__(self):
        return 1


@program()
def operators_of_user_classes():
    v, w = Vector(1, 2), Vector(3, 4)
    u = w
    u -= 1
    u *= 2
    x = v
    x //= 3
    v[0] = 9
    v[1] += 5
    return (
        v + w, 1 + v, sum([v, w]), v * 2, v @ w, -v, v == w, v != w, v == Vector(9, 7), v < w, w < v, v[0], v[-1:],
        9 in v, 5 in v, 5 not in v, "t" if v else "f", not v, list(v), [i for i in v], len(v), u, x, v > 0, 0 < v,
        [*v, *w], v + LongVector(1), v < LongVector(1), bool(Vector(1, 2, 3)), sorted([w, v])[0], max(v, w),
    )  # fmt: skip


@program(0, 1, 2, 3, 4)
def operator_errors_of_user_classes(k):
    v = Vector(1, 2)
    return [
        lambda: v + "x",
        lambda: v < 3,
        lambda: v[7],
        lambda: "t" if LongVector(1) else "f",
        lambda: v - 1,
    ][k]()


@program(TENSOR)
def tensor_in_operators_of_user_classes(x):
    v = Vector(x, 2)
    w = v + Vector(1, x) * 3
    w[1] += x
    return w, v @ w, -w, 2 in Vector(1, 2), w[0]


class SlotsOnly:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1


@program()
def slots():
    s = SlotsOnly()
    s.b = 2
    return s.a + s.b


class CustomError(ValueError):
    def __init__(self, code, text="custom"):
        super().__init__(f"{text} {code}")
        self.code = code


@program()
def custom_exception():
    try:
        raise CustomError(7)
    except CustomError as e:
        return e.code, str(e)


@program()
def custom_exception_uncaught():
    raise CustomError(8, text="uncaught")


@program()
def generator_function_called_by_native_code():
    return list(map(str, range(3))), dict(zip("ab", [1, 2])), sorted({"b": 1, "a": 2}.items(), key=lambda kv: kv[1])


@program()
def introspection():
    x, y = 1, [2]

    def inner(a, b=2):
        c = x
        return sorted(locals()), sorted(vars()), dir()

    return inner(1), sorted(locals()), "program" in globals(), eval("x + y[0]"), eval("1 + 1", {}), callable(inner)


@program()
def exec_in_namespace():
    namespace = {"a": 1}
    exec("b = a + 1", namespace)
    return namespace["b"]


class Scale(Module):
    def __init__(self, by):
        self.by = by
        self.bias = 1

    def construct(self, x, *, shift=0):
        return x * self.by + self.bias + shift


class Net(Module):
    def __init__(self):
        self.layers = [Scale(2), Scale(3)]
        self.named = {"last": Scale(4)}
        self.deep = True

    def block(self, x):
        for layer in self.layers:
            x = layer(x, shift=1)
        return x

    def construct(self, x):
        x = self.block(x)
        if self.deep:
            x = self.named["last"](x)
        return x, [layer.by for layer in self.layers]


@program((TENSOR,), (1.5,))
def network(x):
    return Net()(x)


@program(TENSOR)
def tensor_through_closures(x):
    state = {"n": 0}

    def layer(w):
        def apply(t):
            state["n"] += 1
            return t * w + x

        return apply

    for f in [layer(k) for k in range(3)]:
        x = f(x)
    return x, state


@program(TENSOR)
def tensor_through_helpers(x):
    return helper(x, d=x * 2), positional_only(x, c=x), decorated_at_module_level(x), functools.partial(helper, x)(d=1)


@program(TENSOR)
def tensor_in_objects(x):
    b = Base(x)
    b.more = x + 1
    b.more += 2
    return b.scale(3), b.double, b.more


# -- errors of calls ---------------------------------------------------------------------------------------------------


@program(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)
def call_errors(k):
    def nested(a, b, *, c):
        return a, b, c

    class C:
        def m(self, x):
            return x

        def __init__(self, y):
            self.y = y

    class Odd:
        def __init__(self):
            return 3

    number = 3
    calls = [
        lambda: helper(),
        lambda: helper(1, a=2, d=3),
        lambda: positional_only(a=1),
        lambda: positional_only(1, 2, 3, 4),
        lambda: positional_only(1, z=2),
        lambda: nested(1),
        lambda: nested(1, 2),
        lambda: nested(1, 2, 3, c=4),
        lambda: C(1).m(),
        lambda: C(),
        lambda: number(1),
        lambda: helper(*5, d=1),
        lambda: nested(**5),
        lambda: helper(1, d=1, **{"d": 2}),
        lambda: helper(1, **{3: 2}),
        lambda: Odd(),
        lambda: (lambda x: x)(),
        lambda: len(),
    ]
    return calls[k]()


@program(*range(28))
def operation_errors(k):
    class Plain:
        pass

    p, d, e = Plain(), {"a": 1}, []
    actions = [
        lambda: 1 + "a",
        lambda: "a" - 1,
        lambda: -"a",
        lambda: [1] < 2,
        lambda: 1 in 2,
        lambda: e[0],
        lambda: d["z"],
        lambda: p[0],
        lambda: p.missing,
        lambda: len.missing,
        lambda: [*3],
        lambda: {**3},
        lambda: {[]: 1},
        lambda: {[], 1},
        lambda: (3).real.missing,
        lambda: f"{3:q}",
        lambda: [x for x in 3],
        lambda: [a for a, b in [(1, 2, 3)]],
        lambda: [a for a, b in [1]],
        lambda: sum(x for x in 3),
        lambda: str(k)["a"],
        lambda: 2**"x",
        lambda: 1 @ 2,
        lambda: ~1.5,
        lambda: 1 // 0,
        lambda: None.attribute,
        lambda: next(x for x in ()),
        lambda: "x" % (1, 2),
    ]
    return actions[k]()


@program(*range(18))
def statement_errors(k):
    class Plain:
        pass

    p, x = Plain(), [1]
    if k == 0:
        a, b = 1, 2, 3
    elif k == 1:
        a, b = [1]
    elif k == 2:
        a, *b, c = [1]
    elif k == 3:
        a, b = 3
    elif k == 4:
        x[5] = 1
    elif k == 5:
        (3).a = 1
    elif k == 6:
        del p.a
    elif k == 7:
        del x[9]
    elif k == 8:
        x += 3
    elif k == 9:
        for i in 3:
            pass
    elif k == 10:
        raise 3
    elif k == 11:
        raise
    elif k == 12:
        try:
            raise ValueError("v")
        except 3:
            pass
    elif k == 13:
        import no_such_module
    elif k == 14:
        from math import no_such_name
    elif k == 15:
        global nothing_here
        del nothing_here
    elif k == 16:
        raise ValueError("with", 2) from 3
    elif k == 17:
        with 3:
            pass
