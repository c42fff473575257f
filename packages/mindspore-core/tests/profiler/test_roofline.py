"""What operators do beside what the device can do: rows, table, page and command."""
from __future__ import annotations

import re
import sys

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.__main__ import main
from mindspore.compiler import pipeline
from mindspore.compiler.recording import Event
from mindspore.profiler import picture, profile, roofline
from mindspore.profiler.roofline import Peaks
from mindspore.runtime.device import use_backend

PEAKS = Peaks(100e9, 10e9)


@pytest.fixture(params=["reference", "discrete"])
def backend(request, discrete):
    with use_backend(request.param):
        yield request.param


def ones(*shape):
    return Tensor(np.ones(shape, np.float32))


def operator(name, microseconds, **args):
    return Event("operator", name, 0, round(microseconds * 1e3), 1, args)


@ms.jit
def repeated(x, w):
    y = ops.matmul(x, w)
    while ops.sum(y) < 3000:
        y = ops.matmul(y, w)
    return ops.exp(y * 2)


def test_events_know_their_work(backend):
    x, w = ones(4, 8), ones(8, 8)
    repeated(x, w)
    with profile() as done:
        repeated(x, w)
    events = [event for event in done.events if event.kind == "operator"]
    first = repeated.__wrapped__.__code__.co_firstlineno
    products = [event.args for event in events if event.name == "matmul"]
    assert len(products) == 3
    assert all(args["flops"] == 2 * 4 * 8 * 8 and args["bytes"] == 4 * (32 + 64 + 32) for args in products)
    assert [args["line"] for args in products] == [f"{__file__}:{first + line}" for line in (2, 4, 4)]
    (exponential,) = [event.args for event in events if event.name == "exp"]
    assert exponential["flops"] == 32 and exponential["bytes"] == 2 * 4 * 32
    assert exponential["line"] == f"{__file__}:{first + 5}"
    (loop,) = [event.args for event in events if event.name == "while_"]
    assert "flops" not in loop and "bytes" not in loop
    total = sum(event.own for event in events)
    assert 0 < loop["own"] < total <= sum(event.end - event.begin for event in done.events if event.kind == "graph")


def test_time_inside_of_a_loop_counts_once_in_every_call(backend):
    x, w = ones(4, 8), ones(8, 8)
    repeated(x, w)
    with profile() as done:
        for _ in range(3):
            repeated(x, w)
    loops = [event for event in done.events if event.name == "while_"]
    assert len(loops) == 3 and all(0 < loop.own < loop.end - loop.begin for loop in loops)
    assert sum(row["percent"] for row in done.operators()) == pytest.approx(100)


@ms.jit
def chosen(x, w, times):
    k = Tensor(0, ms.int32)
    while k < times:
        if k % 2 == 0:
            x = ops.matmul(x, w)
        else:
            x = ops.exp(ops.matmul(x, w) * 0.01)
        k = k + 1
    return ops.matmul(x, w)


def test_which_launch_it_was_is_known_inside_of_choices(backend):
    x, w = ones(4, 8), ones(8, 8)
    chosen(x, w, Tensor(5, ms.int32))
    with profile() as done:
        chosen(x, w, Tensor(5, ms.int32))
    first = chosen.__wrapped__.__code__.co_firstlineno
    lines = [int(event.args["line"].rpartition(":")[2]) - first for event in done.events
             if event.kind == "operator" and event.name == "matmul"]
    assert lines == [5, 7, 5, 7, 5, 9]


def test_pynative_mode_knows_lines_while_it_is_profiled(backend):
    x, w = ones(4, 8), ones(8, 8)

    def loss(w):
        y = ops.matmul(x, w)
        return ops.exp(y * 0.01).sum()

    def step():
        return ms.grad(loss)(w).asnumpy()

    expected, first = step(), loss.__code__.co_firstlineno
    for _ in range(2):
        with profile() as done:
            np.testing.assert_array_equal(step(), expected)
        lines = {event.name: event.args.get("line") for event in done.events if event.kind == "operator"}
        assert lines["matmul"] == f"{__file__}:{first + 1}" and lines["exp"] == f"{__file__}:{first + 2}"
    with pipeline.assert_max_compiles(0):
        step()


def test_a_row_is_bound_by_the_slower_of_both():
    found = roofline.rows([
        operator("matmul", 50, flops=2_000_000, bytes=10_000, line="net.py:3"),
        operator("matmul", 50, flops=2_000_000, bytes=10_000, line="net.py:3"),
        operator("add", 20, flops=1000, bytes=100_000, line="net.py:4"),
        operator("while_", 5),
    ], PEAKS)
    assert [(row["name"], row["count"], row["bound"]) for row in found] == [
        ("matmul", 2, "compute"), ("add", 1, "memory"), ("while_", 1, None)]
    matmul, add, loop = found
    assert matmul["gflops"] == pytest.approx(40) and matmul["share"] == pytest.approx(40)
    assert add["gbytes"] == pytest.approx(5) and add["share"] == pytest.approx(50)
    assert matmul["percent"] == pytest.approx(80) and loop["share"] is None


def test_lines_of_the_program_are_apart():
    events = [operator("exp", 10, flops=1, bytes=8, line=f"net.py:{line}") for line in (3, 3, 5)]
    assert [(row["line"], row["count"]) for row in roofline.rows(events, PEAKS)] == [("net.py:3", 2), ("net.py:5", 1)]


def test_table():
    rows = roofline.rows([operator("matmul", 50, flops=2_000_000, bytes=10_000, line="net.py:3"),
                          operator("group " + "mul " * 20, 25), operator("add", 1)], PEAKS)
    steps = [{"step": "0", "total_us": 1000.0, "graphs_us": 750.0, "host_us": 250.0, "graphs": 1}]
    assert picture.table(rows, steps, PEAKS, most=2).splitlines() == [
        "1 steps, median 1.000 ms; 25% of the time is outside of compiled programs",
        "the device reaches 100 GFLOP/s in a matrix product and 10.0 GB/s in a sum of vectors",
        "",
        "operator                                      calls     ms     %  GFLOP/s  GB/s  bound by  of roof  line",
        "matmul                                            1  0.050  65.8     40.0   0.2   compute     40 %  net.py:3",
        "group mul mul mul mul mul mul mul mul mul...      1  0.025  32.9        -     -         -        -",
        "... and 1 more, 0.001 ms",
    ]


def test_page_shows_each_operator_once():
    rows = roofline.rows([operator("a<b", 50, flops=2_000_000, bytes=10_000), operator("while_", 5)], PEAKS)
    text = picture.page(rows, [], PEAKS, "net & more")
    assert text.count("<circle") == 1 and text.count("<tr>") == 3
    assert "a&lt;b" in text and "net &amp; more" in text and "a<b" not in text
    x, y = (float(re.search(f"<circle .*?{name}='([0-9.]+)'", text).group(1)) for name in ("cx", "cy"))
    assert 60 < x < 760 and 16 < y < 376


def test_peaks_are_measured_and_not_recorded(backend):
    roofline._measured.cache_clear()
    with profile() as done:
        ops.exp(ones(3)).asnumpy()
        peaks = roofline.measured_peaks()
    assert 1e6 < peaks.flops < 1e15 and 1e6 < peaks.bandwidth < 1e14
    assert [event.name for event in done.events if event.kind == "graph"] == ["eager"]


PROGRAM = """
import sys
import numpy as np
import mindspore as ms
from mindspore import Tensor, ops

print("arguments", sys.argv[1:])
x = Tensor(np.ones((4, 4), np.float32))
print(ops.matmul(x, x).sum())
if "fail" in sys.argv:
    raise ValueError("as asked")
sys.exit(3 if "leave" in sys.argv else None)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def test_command_runs_a_program(program, capsys):
    before = list(sys.argv)
    assert main(["profile", "--rows", "5", "--trace", "trace.json", "program.py", "--some", "thing"]) == 0
    said = capsys.readouterr().out
    assert "arguments ['--some', 'thing']" in said and "64.0" in said
    assert re.search(r"^matmul +1 ", said, re.MULTILINE) and "program_profile.html: the same with a picture" in said
    assert "<circle" in (program / "program_profile.html").read_text() and (program / "trace.json").exists()
    assert sys.argv == before


@pytest.mark.parametrize("argument, status, error", [("leave", 3, ""), ("fail", 1, "ValueError: as asked")])
def test_command_gives_the_status_of_the_program(program, capsys, argument, status, error):
    assert main(["profile", "--html", "page.html", "program.py", argument]) == status
    captured = capsys.readouterr()
    assert error in captured.err and "runpy" not in captured.err
    assert "matmul" in captured.out and (program / "page.html").exists()


def test_command_says_what_it_cannot_do(program, capsys):
    assert main(["profile", "absent.py"]) == 2
    assert "there is no file absent.py" in capsys.readouterr().err
    (program / "idle.py").write_text("print('nothing to do')\n")
    assert main(["profile", "idle.py"]) == 0
    captured = capsys.readouterr()
    assert "idle.py ran no operator on the device" in captured.err and not (program / "idle_profile.html").exists()
