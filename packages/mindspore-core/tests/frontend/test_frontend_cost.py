"""What interpreting costs, counted in Python calls, which do not depend on the machine."""

import pytest
from frontend_support import RecordingPolicy

from mindspore.compiler.frontend import dispatch, interpret
from mindspore.testing.calls import profiled

ROUNDS = 50
FACTOR = 3


class Thing:
    def __init__(self):
        self.value = 1

    def method(self):
        return 1


THING = Thing()


def helper(x):
    return x


def with_default(x, y=1):
    return x


def nothing(n):
    for _ in range(n):
        pass


def arithmetic(n):
    x = 1
    for i in range(n):
        x = i * 2 + x - i


def read_global(n):
    for _ in range(n):
        FACTOR  # noqa: B018


def read_attribute(n):
    for _ in range(n):
        THING.value  # noqa: B018


def call_method(n):
    for _ in range(n):
        THING.method()


def call_function(n):
    for _ in range(n):
        helper(1)


def call_with_default(n):
    for _ in range(n):
        with_default(1)


def call_builtin(n):
    for _ in range(n):
        abs(-1)


def decide(n):
    for i in range(n):
        if 1 < i and not i > 3:
            i = 0


def make_closure(n):
    for i in range(n):
        lambda: i  # noqa: B018, B023


def calls_of(fn, n, event_name="call"):
    """How many Python functions are called to interpret `fn(n)`, its source being compiled already."""
    policy = RecordingPolicy()
    interpret(fn, (n,), {}, policy)
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event == event_name

    with profiled(profile):
        interpret(fn, (n,), {}, policy)
    return count


@pytest.mark.parametrize(
    ("fn", "budget"),
    [
        (arithmetic, 8),
        (read_global, 2),
        (read_attribute, 7),
        (call_method, 16),
        (call_function, 11),
        (call_with_default, 15),
        (call_builtin, 7),
        (decide, 12),
        (make_closure, 3),
    ],
)
def test_calls_per_round(fn, budget):
    spent = calls_of(fn, 2 * ROUNDS) - calls_of(fn, ROUNDS) - calls_of(nothing, 2 * ROUNDS) + calls_of(nothing, ROUNDS)
    assert spent / ROUNDS <= budget


def test_source_is_compiled_once(monkeypatch):
    def program(x):
        def inner(y):
            return [y + each for each in range(3)]

        return inner(x)

    compiled = []
    for kind, compiler in list(dispatch._COMPILERS.items()):

        def counting(node, scope, compiler=compiler):
            compiled.append(node)
            return compiler(node, scope)

        monkeypatch.setitem(dispatch._COMPILERS, kind, counting)
    assert interpret(program, (1,), {}, RecordingPolicy()) == [1, 2, 3]
    first = len(compiled)
    assert first > 10
    assert interpret(program, (2,), {}, RecordingPolicy()) == [2, 3, 4]
    assert len(compiled) == first
