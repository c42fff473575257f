"""The sweep of all floats (`tox -e ulp`) looks at every function and at every float, and finds an error."""
from __future__ import annotations

import numpy as np
import pytest
import ulp
from harness import SUPPORTED
from test_vector_math import FUNCTIONS, every_float

from mindspore.compiler.primitives.base import PRIMITIVES

EXACT = {"abs", "bitwise_not", "cast", "isfinite", "isinf", "isnan", "logical_not", "neg", "sign"}


def arity(name: str) -> int | None:
    """The number of operands of an element-wise primitive."""
    found = [len(s.ins) for s in PRIMITIVES[name].samples() if s.error is None]
    return found[0] if PRIMITIVES[name].scalar and found else None


def test_every_generated_function_of_one_argument_is_swept():
    assert {name for name in SUPPORTED if arity(name) == 1} == set(FUNCTIONS) | EXACT
    assert {arity(name) for name in ulp.PAIRS} == {2}


@pytest.mark.parametrize("step", [1, 256, 4096])
def test_the_chunks_are_all_floats(step, monkeypatch):
    seen = []
    monkeypatch.setattr(ulp, "_judge", lambda name, arguments, expected: seen.append(arguments[0].view(np.uint32)))
    monkeypatch.setattr(ulp, "exact", lambda name, x: x)
    (_, judge, chunks), = ulp.sweeps(["exp"], step)
    assert chunks * ulp.CHUNK * step == ulp.FLOATS
    for number in range(chunks) if step > 256 else (0, 1, chunks - 1):
        judge(number)
    if step > 256:
        np.testing.assert_array_equal(np.concatenate(seen), every_float(step).view(np.uint32))
    else:
        for bits, first in zip(seen, (0, ulp.CHUNK * step, ulp.FLOATS - ulp.CHUNK * step)):
            np.testing.assert_array_equal(bits, np.arange(first, first + ulp.CHUNK * step, step, np.uint64))


def test_pairs_are_of_all_kinds_and_never_the_same():
    x, y = ulp.pairs(0)
    assert np.isnan(x).any() and (np.abs(x) > 1e30).any() and (np.abs(x - 1) < 1e-4).any() and (y > 1e6).any()
    assert (ulp.pairs(0)[0].view(np.uint32) == x.view(np.uint32)).all()
    assert (ulp.pairs(1)[0] != x).mean() > 0.9


def test_an_error_is_found_where_it_is(monkeypatch):
    right = ulp.exact

    def wrong(name, x):
        found = right(name, x)
        found[12345] *= 1 + 3 * 2.0**-22
        return found

    monkeypatch.setattr(ulp, "exact", wrong)
    step = ulp.FLOATS // ulp.CHUNK
    worst = ulp.worst_of_one("atan", step, 0)
    assert worst.error > ulp.LIMIT
    assert np.float32(worst.arguments[0]).view(np.uint32) == 12345 * step
    assert f"(0x{12345 * step:08x})" in str(worst)


@pytest.mark.parametrize("name", ["pow", "atan2"])
def test_functions_of_two_arguments(name):
    worst = ulp.worst_of_pair(name, 0)
    assert worst.error <= ulp.LIMIT, f"{name}: {worst}"


@pytest.mark.parametrize("arguments", [["nothing"], ["--step", "3"], ["--step", "8192"], ["--step", "0"]])
def test_what_makes_no_sense_is_refused(arguments, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["ulp.py", *arguments])
    with pytest.raises(SystemExit, match="2"):
        ulp.main()
    assert "expected a power of two" in capsys.readouterr().err or arguments == ["nothing"]
