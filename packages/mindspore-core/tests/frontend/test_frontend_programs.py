"""Every program of the tables gives the same when it is interpreted as when Python runs it."""

import programs_expressions  # noqa: F401
import programs_functions  # noqa: F401
import programs_statements  # noqa: F401
import pytest
from frontend_support import PROGRAMS, RecordingPolicy, run_interpreted, run_natively

from mindspore.compiler.frontend import source_problem


@pytest.mark.parametrize(
    ("fn", "args"), PROGRAMS, ids=[f"{fn.__name__}-{number}" for number, (fn, _) in enumerate(PROGRAMS)]
)
def test_same_as_python(fn, args):
    assert source_problem(fn) == ""
    native = run_natively(fn, args)
    policy = RecordingPolicy()
    interpreted = run_interpreted(fn, args, policy)
    if native.error is None and interpreted.error is not None:
        raise interpreted.error
    assert interpreted.key() == native.key()
    assert (fn, "__code__", fn.__code__) in policy.attrs, "the program was not interpreted"
