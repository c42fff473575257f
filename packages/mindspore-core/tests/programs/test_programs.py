"""Every program of the table agrees with plain Python, or `expected.py` lists what becomes of it and why."""
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "backends")]

import register_discrete  # noqa: E402, F401
from expected import EXPECTED  # noqa: E402
from table import entries, judge  # noqa: E402

ENTRIES = entries()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.topic}-{entry.name}")
def test_agrees_with_plain_python(entry):
    verdict = judge(entry)
    if entry.name not in EXPECTED:
        assert verdict.status == "agreed", verdict.reason
        return
    status, reason = EXPECTED[entry.name]
    assert verdict.status == status, f"is expected to be {status}, but: {verdict}; correct tests/programs/expected.py"
    assert reason in verdict.reason
    pytest.xfail(f"{status}: {reason}")


def test_expectations_name_entries():
    assert set(EXPECTED) <= {entry.name for entry in ENTRIES}
