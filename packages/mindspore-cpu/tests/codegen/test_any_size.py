"""One code for many sizes: small nests that differ in their numbers only."""
from __future__ import annotations

import numpy as np
import pytest
from harness import generate
from hypothesis import given
from programs import programs, run_groups
from test_programs import QUICK

from mindspore.compiler.ir.evaluate import evaluate
from mindspore_cpu.codegen import kernel


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions that are made from now on, with nothing known."""
    names: list[str] = []

    def load_sources(sources, where):
        names.extend(source.name for source in sources)
        return real(sources, where)

    real = kernel.load_sources
    monkeypatch.setattr(kernel, "load_sources", load_sources)
    for table in ("_cache", "_sizes"):
        monkeypatch.setattr(kernel, table, type(getattr(kernel, table))())
    return names


def shares(b, x):
    total = b.reshape(b.sum(x, axis=(1,)), shape=(x.shape[0], 1))
    return b.div(x, b.broadcast_to(total, shape=x.shape))


def check(rows: int, columns: int) -> None:
    x = np.random.default_rng(rows).uniform(1, 2, (rows, columns)).astype(np.float32)
    found, = generate(shares, x)
    np.testing.assert_allclose(found, x / x.sum(1, keepdims=True), rtol=1e-5)


def test_small_nests_of_many_sizes_share_one_code(compiled):
    for number in range(3, 40):
        check(number, 2 * number + 1)
    assert len(compiled) == kernel.MOST_SIZES + 1
    for number in range(3, 40):
        check(number, 2 * number + 1)
    check(1000, 3)
    assert len(compiled) == kernel.MOST_SIZES + 1


def test_large_nests_are_compiled_for_their_sizes(compiled, monkeypatch):
    monkeypatch.setattr(kernel, "SMALL_NANOSECONDS", 10)
    for number in range(3, 15):
        check(number, 2 * number + 1)
    assert len(compiled) == 12


def test_sizes_of_one_kernel_count_once(compiled):
    """A network of many equal layers keeps the code that was made for them."""
    for _ in range(3 * kernel.MOST_SIZES):
        check(5, 11)
        kernel._cache.clear()
    assert [len(known) for known in kernel._sizes.values()] == [1]


@QUICK
@given(programs())
def test_random_programs_in_the_form_for_any_size(program):
    graph, arrays = program
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "MOST_SIZES", 0)
        patch.setattr(kernel, "_cache", type(kernel._cache)())
        found = run_groups(graph, arrays)
    for each, expected in zip(found, evaluate(graph, arrays)):
        np.testing.assert_allclose(each, expected, rtol=1e-6, atol=1e-5)
