"""The table of programs, and what it takes for one of them to agree.

The files `programs_*.py` hold the table: every function in them whose name does not begin with an underscore is an
entry. A file is loaded twice, once with `plain.py` in the place of the module `world`, once with `product.py`, so that
one text runs on NumPy arrays and on tensors.

The names of an entry's parameters choose its inputs from `INPUTS`: three values each, which take different branches.
`@case` says what differs: `grad=False` where there is no derivative to compare, `factory=True` where the function makes
the program (a callable, or a callable and a function that looks at the state which it leaves), which is then called
with one input after the other.

`judge` runs an entry in plain Python, compiled, compiled with all sizes symbolic, and in PyNative mode, on each
backend, compares results, raised errors, printed text and state, and compares gradients with differences. An entry

* agrees, if all this is equal, and it was compiled: a call with other values of the same shapes compiles nothing, and
  runs none of the program's code, of the interpreter and of the operators' Python (counted by a profile hook);
* is refused, if compiling it raises a `GraphCompileError` where Python has a result;
* has failed otherwise.
"""
from __future__ import annotations

import contextlib
import importlib.util
import inspect
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import plain
import product

from mindspore import GRAPH_MODE, PYNATIVE_MODE, Tensor, jit, set_context
from mindspore.compiler import pipeline
from mindspore.compiler.frontend import GraphCompileError
from mindspore.gradient import grad
from mindspore.nn import Cell
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend
from mindspore.runtime.record import apply
from mindspore.testing.calls import profiled

HERE = Path(__file__).parent
SECONDS_PER_ENTRY = 120
PRODUCT = Path(inspect.getfile(jit)).parents[1]
# Code that interprets programs and dispatches operators one by one; none of it runs in a call that is compiled.
INTERPRETING = tuple([str(PRODUCT / part) for part in (
    "compiler/frontend", "ops", "nn", "gradient.py", "linearization.py", "cotangents.py", "graph/control.py",
    "eager/replay.py")])

ENTRANCE = inspect.getfile(Cell)  # the call of a Cell in graph mode, and what sets its attributes


def _values(*points: Any) -> list[np.ndarray]:
    return [np.array(point) for point in points]


INPUTS = {
    "x": _values([0.53, 0.21, 0.87], [-0.53, 0.4, -0.91], [2.3, -0.7, 1.9]),
    "w": _values([0.7, -1.2, 0.4], [1.1, 0.6, -0.8], [-0.3, 0.9, 1.7]),
    "s": _values(0.6, -0.8, 2.4),
    "t": _values(1.3, 0.7, -1.6),
    "m": _values([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]], [[-0.2, 0.8, 1.1], [0.4, -2.0, 0.6]],
                 [[1.2, 0.1, -0.4], [-1.3, 0.9, 2.2]]),
    "a": _values([[2.0, 0.3], [0.1, 1.5]], [[1.2, -0.4], [0.7, 2.1]], [[-1.1, 0.2], [0.5, 0.9]]),
    "v": _values([0.3, -0.6, 1.2, 0.8, -1.4], [1.1, 0.2, -0.9, 0.4, 0.7], [-0.5, -1.3, 0.6, 2.1, 0.1]),
    "n": _values(3, 0, 5),
    "k": _values(1, 2, 0),
    "b": _values(True, False, True),
    "i": _values([2, 0, 1], [1, 1, 0], [0, 2, 2]),
    "mask": _values([True, False, True], [False, False, True], [True, True, True]),
}  # fmt: skip


class Entry(NamedTuple):
    """One program: its name, its topic, and its function in both worlds."""

    name: str
    topic: str
    plain: Callable
    product: Callable
    grad: bool
    factory: bool


class Verdict(NamedTuple):
    """What became of an entry: 'agreed', 'refused' or 'failed', and why."""

    status: str
    reason: str


class Disagreement(Exception):
    """Two worlds differ; the message says where."""


def case(*, grad: bool = True, factory: bool = False) -> Callable[[Callable], Callable]:
    """Say what is special about an entry; see the module's text."""
    def mark(function: Callable) -> Callable:
        function.options = {"grad": grad and not factory, "factory": factory}
        return function
    return mark


def load(path: Path, world: ModuleType) -> ModuleType:
    """The module of a file of programs, in one of the worlds."""
    spec = importlib.util.spec_from_file_location(f"{path.stem}_{world.__name__}", path)
    module = importlib.util.module_from_spec(spec)
    saved = sys.modules.get("world")
    sys.modules["world"] = world
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules.pop("world")
        if saved is not None:
            sys.modules["world"] = saved
    return module


def entries() -> list[Entry]:
    """All entries of the table, whose names are unique: `expected.py` and reports go by them alone."""
    found: dict[str, Entry] = {}
    for path in sorted(HERE.glob("programs_*.py")):
        worlds = [load(path, world) for world in (plain, product)]
        for name, function in vars(worlds[0]).items():
            if name.startswith("_") or not inspect.isfunction(function) or function.__module__ != worlds[0].__name__:
                continue
            options = getattr(function, "options", {"grad": True, "factory": False})
            topic = path.stem.removeprefix("programs_")
            if name in found:
                raise ValueError(f"two programs are named {name}, in the topics {found[name].topic} and {topic}")
            found[name] = Entry(name, topic, function, getattr(worlds[1], name), **options)
    return list(found.values())


def backends() -> list[str]:
    """The names of the backends that the table runs on: those in MS_PROGRAM_BACKENDS, or all that are here."""
    return os.environ.get("MS_PROGRAM_BACKENDS", "").split() or sorted(manager.backends())


# -- running -----------------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What a call gave: its result or its error, the text that it printed, and the state that it left."""

    result: Any
    error: BaseException | None
    text: str
    state: Any


def call(function: Callable, look: Callable[[], Any], args: list, watch: Any = None) -> Outcome:
    text = io.StringIO()
    result = error = None
    with contextlib.redirect_stdout(text), watch or contextlib.nullcontext():
        try:
            result = function(*args)
        except GraphCompileError:
            raise
        except Exception as caught:
            error = caught
    return Outcome(result, error, text.getvalue(), frozen(look()))


def frozen(state: Any) -> Any:
    """The state as it is now: tensors are copied."""
    if isinstance(state, plain.Tensor):
        return plain.wrap(state.array.copy())
    if isinstance(state, Tensor):
        return Tensor(state.asnumpy().copy())
    return type(state)([frozen(each) for each in state]) if isinstance(state, tuple | list) else state


def made(entry: Entry, function: Callable) -> tuple[Callable, Callable[[], Any]]:
    """The program of an entry, new, and how to look at its state."""
    program = function() if entry.factory else function
    return program if isinstance(program, tuple) else (program, lambda: None)


def points(function: Callable) -> list[list[np.ndarray]]:
    """The inputs of a program, by the names of its parameters."""
    target = getattr(function, "construct", function)
    names = [name for name, each in inspect.signature(target).parameters.items()
             if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD]
    return [list(point) for point in zip(*[INPUTS[name] for name in names])] if names else [[], [], []]


class AllVary:
    """What says that every axis of every argument varies (`mindspore.graph.dynamic`)."""

    def axes(self, args: tuple, kwargs: dict, leaves: list) -> list[tuple]:
        return [(None,) * leaf.ndim for leaf in leaves]


def compiled(function: Callable, symbolic: bool = False) -> Callable:
    """The program as graph mode calls it: a Cell by itself, a function through `jit`. symbolic: whether all sizes are
    symbols in its graph."""
    if not isinstance(function, Cell):
        program = jit(function)
        if symbolic:
            program.__ms_dynamic__ = AllVary()
        return program
    function._varying = AllVary() if symbolic else None

    def in_graph_mode(*args):
        set_context(mode=GRAPH_MODE)
        try:
            return function(*args)
        finally:
            set_context(mode=PYNATIVE_MODE)
    return in_graph_mode


class Counted:
    """Within the block, calls of the program's own code and of code that interprets are counted."""

    def __init__(self, program_file: str) -> None:
        self.own = program_file
        self.seen: list[str] = []

    def __enter__(self) -> Counted:
        self.compiles = pipeline.compile_count
        self.profiling = profiled(self._profile)
        self.profiling.__enter__()
        return self

    def _profile(self, frame: Any, event: str, arg: Any) -> None:
        code = frame.f_code
        if event == "call" and (code is apply.__code__ or code.co_filename == self.own
                                or (code.co_filename.startswith(INTERPRETING) and code.co_filename != ENTRANCE)):
            self.seen.append(code.co_name)

    def __exit__(self, *exc: Any) -> None:
        self.profiling.__exit__(*exc)
        self.compiles = pipeline.compile_count - self.compiles

    def check(self) -> None:
        """Disagreement unless the block ran compiled code only."""
        if self.compiles:
            raise Disagreement(f"a call with other values compiled {self.compiles} graphs")
        if self.seen:
            raise Disagreement(f"a compiled call ran {len(self.seen)} Python functions, first {self.seen[0]}")


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Disagreement if the block takes longer; in the main thread of a POSIX system only."""
    def stop(*args: Any) -> None:
        raise Disagreement(f"no result within {seconds} seconds")
    saved = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, saved)


def judge(entry: Entry, on: list[str] | None = None) -> Verdict:
    """Run an entry everywhere and compare."""
    try:
        with limited(SECONDS_PER_ENTRY):
            truths = run_plainly(entry)
            for backend in on or backends():
                with use_backend(backend):
                    _judge_calls(entry, truths, backend)
                    if entry.grad:
                        _judge_gradients(entry, truths, backend)
    except GraphCompileError as error:
        return Verdict("refused", " ".join(str(error).split("\n  File")[0].split()))
    except Disagreement as difference:
        return Verdict("failed", str(difference))
    except Exception as error:
        return Verdict("failed", f"{type(error).__name__}: {error}")
    return Verdict("agreed", "")


def run_plainly(entry: Entry) -> list[Outcome]:
    """The truth: the outcomes in plain Python, for each of the inputs."""
    program, look = made(entry, entry.plain)
    return [call(program, look, [plain.wrap(array.copy()) for array in point]) for point in points(program)]


def _judge_calls(entry: Entry, truths: list[Outcome], backend: str) -> None:
    for mode in ("graph", "symbolic", "eager"):
        program, look = made(entry, entry.product)
        run = program if mode == "eager" else compiled(program, mode == "symbolic")
        for k, (point, truth) in enumerate(zip(points(program), truths)):
            tensors = [Tensor(array) for array in point]
            counted = Counted(inspect.getfile(entry.product)) if mode != "eager" and k else None
            found = call(run, look, tensors, counted)
            _compare_outcomes(truth, found, f"{mode}, {backend}, input {k}", mode != "eager")
            if counted and truth.error is None:
                counted.check()


def _compare_outcomes(truth: Outcome, found: Outcome, where: str, loose: bool) -> None:
    expected, got = [None if o.error is None else (type(o.error).__name__, str(o.error)) for o in (truth, found)]
    if expected != got:
        raise Disagreement(f"{where}: raised {got}, plain Python {expected}") from found.error
    compare(truth.result, found.result, f"{where}: the result", loose)
    compare(truth.state, found.state, f"{where}: the state", loose)
    if truth.text != found.text:
        raise Disagreement(f"{where}: printed {found.text!r}, plain Python {truth.text!r}")


def _judge_gradients(entry: Entry, truths: list[Outcome], backend: str) -> None:
    inputs = points(entry.plain)
    wanted = [k for k, array in enumerate(inputs[0]) if array.dtype.kind == "f"] if inputs[0] else []
    chosen = [k for k, truth in enumerate(truths) if truth.error is None and has_slope(truth.result)]
    if not wanted or not chosen:
        return
    for mode in ("graph", "symbolic", "eager"):
        derivative = grad(entry.product, tuple(wanted))
        run = derivative if mode == "eager" else compiled(derivative, mode == "symbolic")
        for k in chosen:
            where = f"{mode}, {backend}, input {k}"
            found = call(run, lambda: None, [Tensor(array) for array in inputs[k]])
            if found.error is not None:
                raise Disagreement(f"{where}: the gradient raised {found.error!r}") from found.error
            if found.text != truths[k].text:
                raise Disagreement(f"{where}: the gradient printed {found.text!r}, the program {truths[k].text!r}")
            gradients = found.result if len(wanted) > 1 else [found.result]
            for position, mine, theirs in zip(wanted, gradients, slopes(entry, inputs[k], wanted)):
                compare(plain.wrap(theirs), mine, f"{where}: the gradient by argument {position}", False, 2e-5)


def slopes(entry: Entry, point: list[np.ndarray], wanted: list[int]) -> list[np.ndarray]:
    """The derivatives of a program in plain Python by the arguments `wanted`, by differences."""
    with contextlib.redirect_stdout(io.StringIO()):
        return [plain.slope(entry.plain, [plain.wrap(array.copy()) for array in point], k, 1e-4) for k in wanted]


def has_slope(value: Any) -> bool:
    """Whether there is a float tensor in a result."""
    if isinstance(value, plain.Tensor):
        return value.array.dtype.kind == "f"
    if isinstance(value, dict):
        value = tuple(value.values())
    return isinstance(value, tuple | list) and any(map(has_slope, value))


# -- comparing ---------------------------------------------------------------------------------------------------------


def compare(truth: Any, found: Any, where: str, loose: bool, tolerance: float = 1e-6) -> None:
    """Disagreement unless the values are equal. loose: a tensor may stand for a Python number, as it does after a
    decision between unequal numbers."""
    if isinstance(truth, plain.Tensor) or (loose and isinstance(found, Tensor) and isinstance(truth, int | float)):
        _compare_tensors(truth, found, where, tolerance)
    elif isinstance(truth, tuple | list):
        if type(truth) is not type(found) and type(truth).__name__ != type(found).__name__ or len(truth) != len(found):
            raise Disagreement(f"{where} is {found!r}, plain Python's is {shown(truth)}")
        for k, pair in enumerate(zip(truth, found)):
            compare(*pair, f"{where}[{k}]", loose, tolerance)
    elif isinstance(truth, dict):
        if not isinstance(found, dict) or list(truth) != list(found):
            raise Disagreement(f"{where} is {found!r}, plain Python's is {shown(truth)}")
        for key in truth:
            compare(truth[key], found[key], f"{where}[{key!r}]", loose, tolerance)
    elif callable(truth):
        if getattr(truth, "__name__", None) != getattr(found, "__name__", None):
            raise Disagreement(f"{where} is {found!r}, plain Python's is {truth!r}")
    elif type(truth) is not type(found) or truth != found:
        raise Disagreement(f"{where} is {found!r}, plain Python's is {truth!r}")


def _compare_tensors(truth: Any, found: Any, where: str, tolerance: float) -> None:
    expected = np.asarray(plain.raw(truth))
    if not isinstance(found, Tensor):
        raise Disagreement(f"{where} is {found!r}, plain Python's is {expected!r}")
    array = found.asnumpy()
    kinds = {array.dtype.kind, expected.dtype.kind}
    if array.shape != expected.shape or (isinstance(truth, plain.Tensor) and len(kinds) > 1):
        raise Disagreement(f"{where} is {array.dtype}{list(array.shape)}, plain Python's is {expected.dtype}"
                           f"{list(expected.shape)}")
    single = "float32" in (array.dtype.name, expected.dtype.name)
    limit = 1e-4 if single else tolerance
    if not np.allclose(array, expected, rtol=limit, atol=limit, equal_nan=True):
        raise Disagreement(f"{where} is {array.tolist()}, plain Python's is {expected.tolist()}")


def shown(value: Any) -> str:
    """A text of a plain value, tensors as arrays."""
    return repr(plain.raw(value))
