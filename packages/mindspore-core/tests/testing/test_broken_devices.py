"""The conformance suite sees six faults of devices, each in the tests that are there for it; none on sound ones."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUBSET = ("test_values and (conv2d-float32 or matmul-float32 or maximum-float32 or -add-float32) or test_views and "
          "(matmul or conv2d]) or test_words_of_every_shape or test_a_look_waits or test_failures")
SEEN = {
    "padding": {"test_values[padding-conv2d-float32]"},
    "strides": {"test_values[strides-matmul-float32]"},
    "nan": {"test_values[nan-maximum-float32]"},
    "waiting": {"test_a_look_waits_for_the_kernel[waiting]", "test_values[waiting-add-float32]"},
    "philox": {"test_words_of_every_shape[philox-(-1, 1099511627779)]",
               "test_words_of_every_shape[philox-(7, 4294967296)]"},
    "silent": {"test_the_next_wait_says_what_failed_and_where[silent]",
               "test_what_depends_on_it_is_lost_and_all_else_holds[silent]",
               "test_programs_are_told_and_go_on[silent-eager]"},
    "losing": set(),
    "sound": set()}


@pytest.fixture(scope="module")
def failures() -> set[str]:
    """The tests of the subset that fail, on all devices."""
    path = os.pathsep.join([str(HERE), str(HERE.parent / "backends"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "-p", "broken_devices",
         "--pyargs", "mindspore.testing.conformance", f"--ms-backend={','.join(SEEN)}", "-k", SUBSET],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-2000:]
    return set(re.findall(r"^(?:FAILED|ERROR) .*?::(test_\w+\[.*?\])(?: - .*)?$", done.stdout, re.M))


@pytest.mark.parametrize("fault", SEEN)
def test_a_fault_turns_the_suite_red(failures, fault):
    found = {name for name in failures if f"[{fault}" in name}
    assert SEEN[fault] <= found, found
    assert bool(found) == bool(SEEN[fault]), found
