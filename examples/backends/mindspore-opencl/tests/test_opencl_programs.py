"""The quick start as a user runs it, and the published list of known failures of the conformance suite."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import EXAMPLE

KNOWN_FAILURES = EXAMPLE / "known_failures.txt"
QUICKSTART = EXAMPLE.parent.parent / "quickstart.py"
# The operators of the quick start's step: none of them may be on the list.
TRAINED_WITH = ("conv2d", "max_pool2d", "matmul", "relu", "softmax_cross_entropy", "apply_momentum", "reshape", "add",
                "mul", "sum", "select", "gather_elements")


def run(*command: str, **variables: str) -> str:
    done = subprocess.run([sys.executable, *command], env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def test_the_quick_start_trains(tmp_path: Path):
    """Three epochs, with nothing left to the host."""
    pytest.importorskip("sklearn")
    printed = run(str(QUICKSTART), "--device", "OPENCL", "--epochs", "3", "--output", str(tmp_path),
                  MS_FORBID_HOST_FALLBACK="1")
    found = re.search(r"test accuracy: ([\d.]+)%", printed)
    assert found and float(found[1]) > 80, printed


def test_few_failures_are_known_and_none_of_the_quick_start():
    lines = [line for line in KNOWN_FAILURES.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    from mindspore.testing.conformance.cases import operators
    assert len(lines) <= 0.03 * len(operators())
    for line in lines:
        assert re.search(r"\[opencl-(\w+?)(-|\])", line)[1] not in TRAINED_WITH
