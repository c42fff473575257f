"""Random static programs behave in the interpreter as in Python."""

import itertools
import linecache
import random

import pytest
from frontend_support import RecordingPolicy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_programs import Program, load, run

from mindspore.compiler.frontend import interpret, source_problem

_numbers = itertools.count()


def check(seed: int) -> None:
    text = Program(random.Random(seed)).text
    name = f"<random program {next(_numbers)}>"
    try:
        main = load(text, name)
        assert source_problem(main) == "", text
        expected = run(main, lambda fn, args: fn(*args))
        found = run(main, lambda fn, args: interpret(fn, args, {}, RecordingPolicy()))
        assert found == expected, text
    finally:
        linecache.cache.pop(name, None)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_random_programs(seed):
    check(seed)
