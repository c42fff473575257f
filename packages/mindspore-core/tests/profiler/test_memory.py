"""What of a compiled program's memory is in use at its peak: `live.peak`, `profile.memory` and its table."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.compiler.live import peak
from mindspore.compiler.pipeline import compile_graph
from mindspore.profiler import profile
from mindspore.reference.device import ReferenceDevice
from mindspore.runtime.device import use_backend
from mindspore.testing.region_programs import random_graph

LINE = 21  # of the function


@ms.jit
def chain(x, w):
    y = ops.matmul(x, w)
    z = ops.matmul(y, w)
    return ops.sum(ops.matmul(z, w))


def ones(*shape):
    return Tensor(np.ones(shape, np.float32))


@pytest.mark.parametrize("backend", ["reference", "discrete"])
def test_the_peak_of_a_chain_is_two_of_its_products(backend, discrete):
    with use_backend(backend):
        x, w = ones(256, 64), ones(64, 64)
        chain(x, w)
        with profile() as done:
            chain(x, w)
            chain(x, w)
        (row,) = [found for found in done.memory() if found["name"] == "chain"]
    product = 256 * 64 * 4
    assert row["inputs"] == product + 64 * 64 * 4 and row["constants"] == 0 and row["outputs"] == 4
    assert row["temporaries"] == row["arena"] == 2 * product
    assert row["bytes"] == 3 * product + 64 * 64 * 4 + 4
    assert row["operator"] == "matmul" and row["line"].startswith(__file__)
    temporaries = [buffer for buffer in row["buffers"] if buffer["kind"] == "temporary"]
    assert [buffer["line"] for buffer in temporaries] == [f"{__file__}:{LINE + 2}", f"{__file__}:{LINE + 3}"]
    assert {buffer["type"] for buffer in temporaries} == {"float32[256,64]"}
    sizes = [buffer["bytes"] for buffer in row["buffers"]]
    assert sizes == sorted(sizes)[::-1]


def test_the_table_shows_the_largest_buffers():
    x, w = ones(256, 64), ones(64, 64)
    with profile() as done:
        chain(x, w)
    text = done.memory_table(2)
    assert text.splitlines()[0].startswith("chain needs most memory, 0.2 MiB: 0.1 inputs, 0.0 constants, 0.0 outputs, "
                                           "0.1 temporaries at matmul (line ")
    assert "... and 3 more, 0.08 MiB" in text and text.count("0.06") == 2


def test_a_program_that_ran_nothing_has_no_table():
    with profile() as done:
        pass
    assert done.memory() == [] and done.memory_table() == "no compiled program whose sizes are known has run"


@ms.jit
def halving(x):
    while ops.sum(x) > 1:
        x = ops.matmul(x, x) / 64
    return x * 2


class LoopingDevice(ReferenceDevice):
    """A device that is given loops as parts of a plan, whose places lie in the plan's arena."""

    capabilities = replace(ReferenceDevice.capabilities, regions=True)


def test_the_inside_of_loops_counts():
    inside = 0
    for seed in range(20):
        (plan,) = compile_graph(random_graph(seed), LoopingDevice()).plans()
        found = peak(plan)
        assert found.of("temporary") <= found.arena == plan.arena_bytes
        inside += any(buffer.type.startswith("inside ") for buffer in found.buffers)
    assert inside > 5


def test_a_loop_that_the_host_runs_has_rows_for_its_parts():
    with use_backend("reference"):
        x = ones(16, 16) / 16
        with profile() as done:
            halving(x)
    assert {found["operator"] for found in done.memory() if found["name"] == "halving"} == {"sum", "matmul", "mul"}


def test_a_view_keeps_what_it_views():
    @ms.jit
    def viewing(x):
        y = ops.cumsum(x, 0)
        flat = y.reshape(256)
        z = ops.cumsum(ops.cumsum(x, 1), 0)
        return z, ops.cumsum(flat, 0)

    with profile() as done:
        viewing(ones(8, 32))
    (row,) = [found for found in done.memory() if found["name"] == "viewing"]
    assert row["temporaries"] == row["arena"] == 2 * 1024      # y, until its view is read, and the first sum of two
    assert [b["type"] for b in row["buffers"] if b["kind"] == "temporary"] == ["float32[8,32]"] * 2
