"""What compiled functions do besides computing: printing, in the order of the program, on every backend, once for each
time that plain Python would print, under gradients too."""
from __future__ import annotations

import io
import sys

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.compiler.ir.text import parse_text, show
from mindspore.gradient import grad
from mindspore.graph.text import TracedTextError
from mindspore.runtime.device import use_backend

POINTS = [np.array([0.5, 0.25, 1.0], np.float32), np.array([-3.0, 0.5, 2.0], np.float32)]


def plain_text(x):
    print("hello", 1, None, sep="-", end="!\n")
    print()
    return x


def tensors(x):
    print(x, x.sum(), "and", x * 2, sep=" | ")
    return x


def inside_containers(x):
    print([x, 1], (x.sum(),), {"a": x})
    return x


def formats(x):
    print(f"{x.sum():.3f} {x.max():>8.2e} {x!r} {x!s} {[x.min()]} {3:>4}")
    return x


def formatting_methods(x):
    template, percent = "{} and {:.2f}, {name}", "%s at %d"
    print(template.format(1, x.sum(), name=x.max()))
    print(percent % (x, 3))
    print("/".join(["a", f"{x.sum()}", str(x.max())]), repr(x.min()), format(x.sum(), ".1f"))
    return x


def texts_are_values(x):
    text = f"x {x.sum()}"
    text += ", more" + f" {x.max()}"
    print(text, "0" + text)
    return x


def in_branches(x):
    print("before")
    if x.sum() > 0:
        print("positive", x)
    else:
        print("negative", x.sum())
    print("after")
    return x * 2


def in_loops(x):
    n = 0
    while x.sum() < 10:
        x = x + 1
        n = n + 1
        if n > 1:
            print("trip", n, x)
    for k in range(2):
        print(k, x[k])
    return x


def with_break(x):
    while x.sum() < 20:
        print("at", x.sum())
        x = x + 2
        if x.max() > 5:
            print("enough")
            break
    return x


def in_functions(x):
    def inner(y, name):
        print("inner", name, y)
        return y + 1

    y = inner(x, "first")
    return (lambda z: inner(z, "second"))(y)


class Point:
    def __init__(self, x):
        self.x = x

    def __str__(self):
        return f"Point at {self.x}"


def objects(x):
    print(Point(x), f"{Point(x)}")
    return x


def error_stream(x):
    print("problem", x, file=sys.stderr)
    return x


def operators(x):
    ops.Print()("value", x)
    ops.print_(x.sum(), 3)
    return x


PROGRAMS = [plain_text, tensors, inside_containers, formats, formatting_methods, texts_are_values, in_branches,
            in_loops, with_break, in_functions, objects, error_stream, operators]


@pytest.fixture(params=["reference", "discrete", "cpu"])
def backend(request, discrete):
    from mindspore.plugin import manager
    if request.param not in manager.backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with use_backend(request.param):
        yield request.param


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_prints_what_python_prints(f, backend, capsys):
    compiled, derivative = jit(f), jit(grad(lambda x: (f(x) * 3).sum()))
    for x in (*POINTS, POINTS[0]):
        f(Tensor(x))
        want = capsys.readouterr()
        assert want.out or want.err
        compiled(Tensor(x))
        assert capsys.readouterr() == want
        derivative(Tensor(x))
        assert capsys.readouterr() == want


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_of_compiled_functions_print_once(f, capsys):
    """In PyNative mode a gradient records what a compiled function does, and runs its effects before it returns."""
    compiled = jit(f)
    with use_backend("reference"):
        f(Tensor(POINTS[0]))
        want = capsys.readouterr()
        gradient = grad(lambda x: (compiled(x) * 3).sum())(Tensor(POINTS[0]))
        assert capsys.readouterr() == want
        gradient.asnumpy()
        assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("f", [in_loops, in_branches], ids=lambda f: f.__name__)
def test_second_derivatives_print_once(f, backend, capsys):
    f(Tensor(POINTS[0]))
    want = capsys.readouterr()
    first = grad(lambda x: (f(x) * x * x).sum())
    jit(grad(lambda x: (first(x) * x).sum()))(Tensor(POINTS[0]))
    assert capsys.readouterr() == want


def test_cells_print(backend, capsys):
    class Net(nn.Cell):
        def construct(self, x):
            print(f"loss {x.sum():.2f}")
            return x

    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        net = Net()
        net(Tensor(POINTS[0]))
        net(Tensor(POINTS[1]))
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    assert capsys.readouterr().out == "loss 1.75\nloss -0.50\n"


def test_files():
    file = io.StringIO()

    @jit
    def f(x):
        print("to a file", x, file=file, flush=True)
        return x

    with use_backend("reference"):
        f(Tensor(POINTS[0]))
        f(Tensor(POINTS[0]))
    assert file.getvalue() == "to a file [0.5  0.25 1.  ]\n" * 2


def test_texts_are_results():
    @jit
    def f(x):
        return f"sum {x.sum():.2f}", {"max": str(x.max())}, x

    with use_backend("reference"):
        text, found, _ = f(Tensor(POINTS[0]))
    assert type(text) is str and (text, found) == ("sum 1.75", {"max": "1.0"})


@pytest.mark.parametrize("use", [lambda text: len(text), lambda text: text == "a", lambda text: text.upper(),
                                 lambda text: text[0], lambda text: list(text), lambda text: {text: 1},
                                 lambda text: "a" in text, lambda text: int(text), lambda text: 2 * text])
def test_characters_are_not_known_while_compiling(use):
    with use_backend("reference"), pytest.raises((TracedTextError, TypeError)) as caught:
        jit(lambda x: use(f"{x}"))(Tensor(POINTS[0]))
    assert "text" in str(caught.value).lower()


def test_the_text_of_a_graph_names_the_effect(capsys):
    with use_backend("reference"):
        graph = jit(tensors).graph(Tensor(POINTS[0]))
    assert "host_call(%4, %0, %1, %3)" in show(graph) and "| and | {}" in show(graph)
    again = parse_text(show(graph))
    assert parse_text(show(again)).key() == again.key()
