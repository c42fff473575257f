"""A share of the random programs, the mismatches that were found by them, and proof that mistakes are found.

`tox -e fuzz` checks 20,000 programs; MS_FUZZ_COUNT says how many are checked here.
"""
import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "backends")]

import bugs  # noqa: E402
import plain  # noqa: E402
import register_discrete  # noqa: E402, F401
import world  # noqa: E402
from checking import check  # noqa: E402
from found import FOUND  # noqa: E402
from fuzz import MOST_REFUSED, run  # noqa: E402
from grammar import PRODUCTIONS, Program  # noqa: E402

COUNT = int(os.environ.get("MS_FUZZ_COUNT", "300"))
SEED = int(os.environ.get("MS_FUZZ_SEED", "0"))


def test_random_programs_agree_with_python():
    statistics = run(COUNT, SEED)
    print(f"seed {SEED}: {statistics.show()}")
    assert statistics.count == COUNT
    assert sum(statistics.refused.values()) <= MOST_REFUSED * COUNT
    assert statistics.differentiated > 0.8 * COUNT
    assert set(statistics.used) <= set(PRODUCTIONS)
    if COUNT >= 1000:
        assert not statistics.rare()


def test_plain_python_knows_derivatives_along_long_directions():
    a, length = 0.54, 50.0
    slope = world.grad(lambda x: 40 / (x * x + 1))
    with world.decisions():
        along = world.jvp(slope, plain.wrap(np.array(a)), plain.wrap(np.array(length)))[1]
    assert along.array == pytest.approx(40 * (6 * a * a - 2) / (a * a + 1) ** 3 * length, rel=1e-7)


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("backend", ["reference", "discrete"])
def test_what_was_found_stays_right(text, backend):
    for scanned in (False, True):
        check(Program(text, frozenset(), scanned), backend)


@pytest.mark.parametrize("bug", bugs.BUGS, ids=lambda bug: bug.__name__)
def test_a_mistake_in_the_compiler_is_found(bug):
    assert bugs.found_after(bug, SEED) is not None
