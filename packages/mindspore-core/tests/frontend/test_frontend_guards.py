"""What a program reads from outside of itself is reported; what it makes itself is not."""

import enum
import functools
import math
import types

import frontend_support
import numpy as np
from frontend_support import Module, RecordingPolicy

from mindspore.compiler.frontend import ABSENT, InterpretedFunction, Policy, interpret

FACTOR = 3
OPTIONS = types.SimpleNamespace(depth=2)


def record(fn, *args, **kwargs):
    policy = RecordingPolicy()
    policy.result = interpret(fn, args, kwargs, policy)
    return policy


def attrs_of(policy, obj):
    return [(name, value) for owner, name, value in policy.attrs if owner is obj]


def helper(x, y=FACTOR, *, z=1):
    return x * y * z


def test_globals():
    def program():
        return [FACTOR for _ in range(2)], helper(1, 1), (lambda: OPTIONS)()

    policy = record(program)
    assert policy.globals.count(("FACTOR", FACTOR)) == 2
    assert ("helper", helper) in policy.globals
    assert ("OPTIONS", OPTIONS) in policy.globals


def test_builtins_are_reported_as_absent_globals():
    policy = record(lambda: len([]))
    assert policy.globals == [("len", ABSENT)]
    assert repr(ABSENT) == "ABSENT"


def test_globals_are_reported_with_their_dictionary():
    seen = []

    class Watching(Policy):
        def guard_global(self, globals_dict, name, value):
            seen.append((globals_dict is globals(), name))

    interpret(lambda: FACTOR, (), {}, Watching())
    assert seen == [(True, "FACTOR")]


def test_closure_cells():
    outer = 5
    cells = []

    class Watching(Policy):
        def guard_cell(self, closure_cell, name, value):
            cells.append((closure_cell, name, value))

    def program():
        inner = outer

        def nested():
            return outer + inner

        return nested()

    assert interpret(program, (), {}, Watching()) == 10
    assert cells == [(program.__closure__[0], "outer", 5)] * 2


def test_cells_made_by_the_program_are_not_reported():
    def program():
        n = 1

        def up():
            nonlocal n
            n += 1
            return n

        return up(), [lambda: n for _ in range(2)][0](), sum(n for _ in range(2))

    policy = record(program)
    assert policy.result == (2, 2, 4)
    assert policy.cells == []


def test_cells_of_a_function_from_an_earlier_interpretation_are_reported():
    def make():
        kept = 4
        return lambda: kept

    made = interpret(make, (), {}, RecordingPolicy())
    assert isinstance(made, InterpretedFunction)
    policy = record(lambda: made())
    assert ("kept", 4) in policy.cells


def test_code_and_defaults_of_functions():
    policy = record(lambda: helper(1))
    assert attrs_of(policy, helper) == [
        ("__code__", helper.__code__),
        ("__defaults__", (FACTOR,)),
        ("__kwdefaults__", {"z": 1}),
    ]


def test_partials_and_methods():
    class Thing:
        def method(self, x):
            return x

    thing = Thing()
    bound = functools.partial(thing.method, 1)
    policy = record(lambda: bound())
    assert attrs_of(policy, Thing.method) == [("__code__", Thing.method.__code__)]


class Described:
    def __get__(self, obj, owner):
        return 4


class Config:
    shared = 7
    table = (1, 2)

    def __init__(self):
        self.rate = 0.5
        self.items = [1]

    @property
    def double(self):
        return self.rate * 2

    @classmethod
    def make(cls):
        return cls.shared

    @staticmethod
    def plain():
        return 1

    def method(self):
        return self.items


def test_instance_attributes():
    config = Config()
    policy = record(lambda: (config.rate, config.shared, config.double, config.method()))
    assert policy.result == (0.5, 7, 1.0, [1])
    assert attrs_of(policy, config) == [("rate", 0.5), ("shared", 7), ("rate", 0.5), ("items", [1])]
    assert attrs_of(policy, Config) == [("double", vars(Config)["double"]), ("method", vars(Config)["method"])]


def test_class_attributes():
    config = Config()
    policy = record(lambda: (Config.shared, Config.make(), config.plain(), Config.method(config)))
    assert attrs_of(policy, Config) == [
        ("shared", 7),
        ("make", vars(Config)["make"]),
        ("plain", vars(Config)["plain"]),
        ("method", vars(Config)["method"]),
    ]


def test_attributes_by_name():
    config = Config()
    policy = record(lambda: (getattr(config, "rate"), hasattr(config, "items"), getattr(config, "no", 3)))  # noqa: B009
    assert attrs_of(policy, config) == [("rate", 0.5), ("items", [1]), ("no", ABSENT)]
    policy = record(lambda: hasattr(config, "no"))
    assert attrs_of(policy, config) == [("no", ABSENT)]


def test_modules():
    policy = record(lambda: (frontend_support.TENSOR, math.pi, np.float32))
    assert attrs_of(policy, frontend_support) == [("TENSOR", frontend_support.TENSOR)]
    assert attrs_of(policy, math) == attrs_of(policy, np) == []


def test_library_objects_that_hold_configuration():
    policy = record(lambda: OPTIONS.depth)
    assert attrs_of(policy, OPTIONS) == [("depth", 2)]


def test_computed_attributes_of_native_objects_are_not_reported():
    array = np.zeros((2, 3))
    policy = record(lambda: (array.shape, array.T.ndim, "text".upper(), [1].append))
    assert policy.attrs == [(policy.attrs[0][0], "__code__", policy.attrs[0][2])]


class Remembering:
    @functools.cached_property
    def cached(self):
        return 5

    described = Described()

    exec("unreadable = property(lambda self: 6)")


def test_attributes_that_native_python_code_computes():
    obj = Remembering()
    policy = record(lambda: (obj.cached, obj.described, obj.unreadable))
    assert policy.result == (5, 4, 6)
    assert attrs_of(policy, obj) == [("cached", 5), ("described", 4), ("unreadable", 6)]


def test_objects_made_by_the_program_are_not_reported():
    def program():
        config = Config()
        config.rate += 1

        class Local:
            constant = 1

            def get(self):
                return self.constant, Local.constant

        return config.rate, config.items, Local().get(), Local.constant

    policy = record(program)
    reported = [name for owner, name, _ in policy.attrs if isinstance(owner, Config) or name in ("constant", "get")]
    assert reported == []


def test_attributes_are_written_through_the_policy():
    written = []

    class Watching(Policy):
        def set_attr(self, obj, name, value):
            written.append((name, value))
            super().set_attr(obj, name, value)

    config = Config()

    def program():
        config.rate = 2
        config.rate += 1
        config.items, config.new = [], 4

    interpret(program, (), {}, Watching())
    assert written == [("rate", 2), ("rate", 3), ("items", []), ("new", 4)]
    assert config.rate == 3


def test_each_compilation_is_told_what_it_reads():
    """A nested compilation with the same policy object (its guards are others) gets its own reports."""
    config = Config()

    class Shared(RecordingPolicy):
        def __init__(self):
            super().__init__()
            self.current = self

        def compilation(self):
            return self.current

        def is_native(self, fn):
            return fn is nested or super().is_native(fn)

    policy = Shared()

    def read(obj):
        return Config.shared, obj.rate

    def nested(obj):
        policy.current = object()
        try:
            return interpret(read, (obj,), {}, policy)
        finally:
            policy.current = policy

    def program():
        made = Config()
        return read(config), read(made), nested(made), interpret(read, (made,), {}, policy)

    interpret(program, (), {}, policy)
    reads = [(owner is Config, name) for owner, name, _ in policy.attrs if name in ("shared", "rate")]
    assert reads == [(True, "shared"), (False, "rate")] * 2
    assert attrs_of(policy, read) == [("__code__", read.__code__)] * 2


# -- what is native, what is replaced ----------------------------------------------------------------------------------


def test_overrides():
    seen = []

    class Replacing(Policy):
        overrides = {
            print: lambda *args, **kwargs: seen.append((args, kwargs)),
            math.sqrt: lambda x: -x,
            np.mean: lambda x: "mean",
            helper: lambda *args: "helper",
            Config: lambda *args: "config",
            enum.Enum: lambda *args: "enum",
        }

    def program():
        print("a", sep="b")
        return math.sqrt(4), list(map(math.sqrt, [1])), helper(2, 2), np.mean([1.0]), Config(), enum.Enum()

    assert interpret(program, (), {}, Replacing()) == (-4, [-1], "helper", "mean", "config", "enum")
    assert seen == [(("a",), {"sep": "b"})]


def test_native_functions():
    policy = RecordingPolicy()
    native = [functools.wraps(len)(lambda: 0), helper]
    assert [policy.is_native(fn) for fn in native] == [False, False]
    assert policy.is_native(functools.wraps)
    assert policy.is_native(np.pad.__wrapped__)
    assert policy.is_native(interpret)


def test_installed_model_code_is_interpreted(tmp_path):
    folder = tmp_path / "site-packages"
    namespace = {"__name__": "somelib.models", "Policy": Policy}
    exec(compile("def f(): pass", str(folder / "somelib" / "models.py"), "exec"), namespace)
    assert not Policy().is_native(namespace["f"])
    namespace = {"__name__": "somelib.tools"}
    exec(compile("def f(): pass", str(folder / "somelib" / "tools.py"), "exec"), namespace)
    assert Policy().is_native(namespace["f"])


def test_unwrap():
    def inner(x):
        return x + 1

    class Jitted:
        def __init__(self, fn):
            self.fn = fn

        def __call__(self, *args):
            raise AssertionError("called natively")

    jitted = Jitted(inner)

    class Unwrapping(RecordingPolicy):
        def unwrap(self, fn):
            return fn.fn if isinstance(fn, Jitted) else fn

    policy = Unwrapping()
    assert interpret(lambda: jitted(1), (), {}, policy) == 2
    assert attrs_of(policy, inner) == [("__code__", inner.__code__)]


def test_cells_go_through_the_policy():
    class Layer(Module):
        def construct(self, x, by=2):
            return x * by

    class Net(Module):
        def __init__(self):
            self.layer = Layer()

        def construct(self, x):
            return self.layer(x) + self.layer(x, by=5)

    net = Net()
    policy = record(net, 3)
    assert policy.result == 21
    assert policy.calls == [net, net.layer, net.layer]
    assert attrs_of(policy, Layer.construct)[0] == ("__code__", Layer.construct.__code__)


def test_entries_of_classes_that_calls_go_through():
    class Layer(Module):
        def construct(self, x):
            return x

    class Scoped:
        def __init__(self):
            self.entered = 0

        def __call__(self):
            return 1

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

    layer, scoped = Layer(), Scoped()

    def program():
        with scoped:
            return layer(1), scoped(), Scoped()

    policy = record(program)
    assert attrs_of(policy, Layer) == [("construct", Layer.construct)]
    names = ["__enter__", "__exit__", "__call__", "__init__"]
    assert attrs_of(policy, Scoped) == [(name, vars(Scoped)[name]) for name in names]
    assert attrs_of(record(layer.construct, 1), Layer) == [("construct", Layer.construct)]


def test_method_of_an_instance_is_the_value_of_its_attribute():
    class Layer(Module):
        def construct(self, x):
            return x

    layer = Layer()
    layer.construct = lambda x: -x
    policy = record(layer, 1)
    assert policy.result == -1
    assert attrs_of(policy, layer) == [("construct", layer.construct)]
    assert attrs_of(policy, Layer) == []
