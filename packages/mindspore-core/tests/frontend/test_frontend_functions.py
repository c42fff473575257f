"""Functions that an interpreted program defines, sessions, threads, and the position of the moment."""

import collections
import concurrent.futures
import functools
import inspect
import sys
import threading
import types
import weakref

import pytest
from frontend_support import TENSOR, Recorded, RecordingPolicy, Stream, run_interpreted

from mindspore.compiler.frontend import InterpretedFunction, Policy, interpret, location
from mindspore.compiler.frontend.location import thread_state
from mindspore.compiler.frontend.recursion import Room

SCALE = 10


def define():
    by = 2

    def made(a, b: int = 3, /, *c, d, e=5, **f) -> str:
        """Doc of made."""
        return [a, b, c, d, e, f, by, SCALE]

    return made


@pytest.fixture
def made():
    return interpret(define, (), {}, RecordingPolicy())


# -- looking like a function -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["__name__", "__qualname__", "__doc__", "__module__", "__defaults__", "__kwdefaults__", "__annotations__"],
)
def test_attributes(made, name):
    assert isinstance(made, InterpretedFunction)
    assert getattr(made, name) == getattr(define(), name)


def test_globals_closure_and_code(made):
    assert made.__globals__ is globals()
    assert made.__builtins__ is define.__builtins__
    assert [cell.cell_contents for cell in made.__closure__] == [2]
    assert made.__code__.co_code == define().__code__.co_code
    assert made.__code__.co_varnames == define().__code__.co_varnames
    assert made.__code__.co_freevars == ("by",)
    assert made.__code__.co_filename == __file__
    assert repr(made).startswith("<interpreted function define.<locals>.made at 0x")


def test_signature(made):
    assert inspect.signature(made) == inspect.signature(define())
    assert inspect.signature(types.MethodType(made, 1)) == inspect.signature(types.MethodType(define(), 1))


def test_wraps(made):
    made.tag = "tagged"

    @functools.wraps(made)
    def wrapper(*args, **kwargs):
        return made(*args, **kwargs)

    assert (wrapper.__name__, wrapper.__doc__, wrapper.tag) == ("made", "Doc of made.", "tagged")
    assert wrapper.__wrapped__ is made
    assert inspect.signature(wrapper) == inspect.signature(define())
    target = functools.wraps(define)(made)
    assert (target.__name__, target.__wrapped__) == ("define", define)
    assert target(1, d=4)[0] == 1


def test_descriptor(made):
    class Thing:
        method = made
        static = staticmethod(made)

    thing = Thing()
    assert isinstance(thing.method, types.MethodType)
    assert thing.method.__func__ is made
    assert Thing.method is made
    assert thing.method(1, d=2)[0] is thing
    assert thing.static(1, d=2)[0] == 1


def test_called_natively(made):
    assert made(1, d=4) == define()(1, d=4)
    assert made(1, 2, 3, d=4, e=6, z=7) == define()(1, 2, 3, d=4, e=6, z=7)
    assert functools.partial(made, 1)(d=4) == define()(1, d=4)
    assert list(map(interpret(lambda: lambda x: x + 1, (), {}, Policy()), [1, 2])) == [2, 3]
    with pytest.raises(TypeError) as ours:
        made()
    with pytest.raises(TypeError) as python:
        define()()
    assert str(ours.value) == str(python.value)


def test_weak_reference(made):
    seen = weakref.WeakSet([made])
    assert made in seen


def test_live_defaults(made):
    made.__defaults__ = (7,)
    made.__kwdefaults__ = {"d": 8, "e": 9}
    assert made(1)[:4] == [1, 7, (), 8]


def test_shares_cells_with_native_functions():
    count = 0

    def native(cell):
        cell.cell_contents += 100

    def program(change):
        nonlocal count

        def read():
            return count

        count += 1
        change(read.__closure__[0])
        return read()

    assert interpret(program, (native,), {}, RecordingPolicy()) == 101
    assert count == 101


# -- what can be interpreted -------------------------------------------------------------------------------------------


class Callable:
    def __init__(self, by=1):
        self.by = by

    def __call__(self, x):
        return x * self.by

    def method(self, x, y=1):
        return x + y + self.by


def add(x, y=1):
    return x + y


@pytest.mark.parametrize(
    ("fn", "args", "kwargs", "expected"),
    [
        (add, (1,), {}, 2),
        (add, (1,), {"y": 5}, 6),
        (lambda x: x, (3,), {}, 3),
        (functools.partial(add, y=3), (1,), {}, 4),
        (functools.partial(functools.partial(add, 1), y=3), (), {}, 4),
        (Callable(3), (2,), {}, 6),
        (Callable(3).method, (2,), {"y": 0}, 5),
        (Callable.method, (Callable(1), 2), None, 4),
        (len, ([1, 2],), {}, 2),
        (collections.OrderedDict, (), {"a": 1}, {"a": 1}),
        (max, (1, 2), {"key": lambda x: -x}, 1),
    ],
)
def test_interpret(fn, args, kwargs, expected):
    assert interpret(fn, args, kwargs, RecordingPolicy()) == expected


def test_interpret_class():
    policy = RecordingPolicy()
    assert interpret(Callable, (4,), {}, policy).by == 4
    assert (Callable.__init__, "__code__", Callable.__init__.__code__) in policy.attrs


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_session_ends():
    assert thread_state.session is None
    interpret(lambda: 1, (), {}, Policy())
    with pytest.raises(ZeroDivisionError):
        interpret(lambda: 1 / 0, (), {}, Policy())
    assert thread_state.session is None
    assert location.current() is None
    assert location.chain() == []


def call_again(policy):
    """A native function that interprets again."""

    def again(fn, *args):
        return interpret(fn, args, {}, policy)

    return again


class AgainIsNative(RecordingPolicy):
    def is_native(self, fn):
        return fn.__name__ == "again" or super().is_native(fn)


def test_nested_interpretation_continues_the_session():
    policy = AgainIsNative()
    again = call_again(policy)
    sessions = []

    def inner():
        sessions.append(thread_state.session)
        return [each.function for each in location.chain()]

    def program():
        sessions.append(thread_state.session)
        return again(inner)

    functions = interpret(program, (), {}, policy)
    assert sessions[0] is sessions[1]
    assert [name.rpartition(".")[2] for name in functions] == ["inner", "program"]


def test_nested_interpretation_with_another_policy():
    outer, inner_policy = AgainIsNative(), RecordingPolicy()
    again = call_again(inner_policy)

    def program():
        return again(lambda: SCALE), SCALE, [each.function for each in location.chain()]

    assert interpret(program, (), {}, outer)[:2] == (10, 10)
    assert [name for name, _ in inner_policy.globals] == ["SCALE"]
    assert [name for name, _ in outer.globals] == ["SCALE", "location"]


def test_functions_keep_the_session_they_are_called_in():
    first, second = RecordingPolicy(), RecordingPolicy()
    fn = interpret(lambda: lambda: SCALE, (), {}, first)
    assert interpret(lambda: (*map(fn, []), fn()), (), {}, second) == (10,)
    assert [name for name, _ in first.globals] == []
    assert "SCALE" in [name for name, _ in second.globals]
    assert fn() == 10
    assert [name for name, _ in first.globals] == ["SCALE"]


def test_functions_called_from_other_threads():
    def program():
        def square(x):
            return x * x

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(square, range(5)))

    assert interpret(program, (), {}, RecordingPolicy()) == [0, 1, 4, 9, 16]


def test_recursion_limit_is_the_users():
    def count(n):
        return 0 if n == 0 else 1 + count(n - 1)

    limit = sys.getrecursionlimit()
    assert interpret(count, (limit - 100,), {}, RecordingPolicy()) == limit - 100
    with pytest.raises(RecursionError, match="maximum recursion depth exceeded"):
        interpret(count, (limit + 10,), {}, RecordingPolicy())
    assert sys.getrecursionlimit() == limit


class Endless:
    def __getattr__(self, name):
        return self.other

    def __add__(self, other):
        return self + other

    def __repr__(self):
        return f"{[self]!r}"


@pytest.mark.parametrize(
    "action", [lambda: Endless().attribute, lambda: Endless() + 1, lambda: repr(Endless())], ids=["get", "add", "repr"]
)
def test_endless_recursion_of_native_code(action):
    def climb(n):
        return climb(n - 1) if n else action()

    limit = sys.getrecursionlimit()
    for height in (0, 300):
        with pytest.raises(RecursionError):
            interpret(climb, (height,), {}, RecordingPolicy())
    assert sys.getrecursionlimit() == limit


def test_room_follows_the_thread_that_needs_most():
    limit = sys.getrecursionlimit()
    with Room() as one:
        assert one.most == limit
        first = sys.getrecursionlimit()
        with Room() as other, other.deeper(100):
            assert other.most == limit
            assert other.depth > 100
            assert sys.getrecursionlimit() >= first > limit
        assert sys.getrecursionlimit() == first
    assert sys.getrecursionlimit() == limit


def test_recursion_in_a_thread():
    def count(n):
        if n:
            for _ in [1]:
                with threading.Lock():
                    try:
                        return 1 + max([count(n - 1)])
                    finally:
                        pass
        return 0

    results = []
    thread = threading.Thread(target=lambda: results.append(interpret(count, (500,), {}, RecordingPolicy())))
    thread.start()
    thread.join()
    assert results == [500]


# -- the position of the moment ----------------------------------------------------------------------------------------


def places(x):
    y = x + 1
    z = [each * 2 for each in
         (y, -y)]
    w = helper(
        z[0],
        z[1].sum(),
    )
    w[0] = 1
    w += w @ y
    return sum(t - 1 for t in [w])


def helper(a, b):
    return a / b if a is not b else a


def test_places_of_operations():
    stream = Stream()
    interpret(places, (Recorded(stream, stream.add("input")),), {}, RecordingPolicy())
    first = places.__code__.co_firstlineno
    found = [
        (line.split()[0], place.lineno - first, place.col, place.function)
        for line, place in zip(stream.lines[1:], stream.places[1:], strict=True)
    ]
    helper_line = helper.__code__.co_firstlineno + 1 - first
    inner = "places.<locals>.<genexpr>"
    assert found == [
        ("add", 1, 9, "places"),
        ("neg", 3, 14, "places"),
        ("mul", 2, 10, "places"),
        ("mul", 2, 10, "places"),
        ("sum", 6, 9, "places"),
        ("truediv", helper_line, 12, "helper"),
        ("setitem", 8, 5, "places"),
        ("matmul", 9, 10, "places"),
        ("iadd", 9, 5, "places"),
        ("sub", 10, 16, inner),
        ("add", 10, 12, "places"),
    ]
    assert {place.filename for place in stream.places[1:]} == {__file__}


def test_place_in_native_helper():
    seen = []

    def native_helper():
        seen.append(location.current())

    class Native(RecordingPolicy):
        def is_native(self, fn):
            return fn is native_helper

    def program():
        return [1,
                native_helper()]

    interpret(program, (), {}, Native())
    assert (seen[0].lineno, seen[0].col) == (program.__code__.co_firstlineno + 2, 17)


def test_tensor_in_and_out():
    outcome = run_interpreted(lambda x: {"a": (x, [x + 1])}, (TENSOR,))
    assert outcome.result == {"a": ("tuple", ["%0", ("list", ["%1"])])}


def test_dicts_have_the_method_of_graph_syntax():
    class Counted(dict):
        def has_key(self, key):
            return self.get(key, 0)

    def program(key):
        return {"a": 1}.has_key(key), collections.OrderedDict(b=1).has_key(key), Counted(a=7).has_key(key)

    found = [run_interpreted(program, (key,)).result for key in "ab"]
    assert found == [("tuple", [True, False, 7]), ("tuple", [False, True, 0])]
