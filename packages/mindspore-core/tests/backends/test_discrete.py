"""The conformance suite on a device that is not the host."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_suite_passes_on_a_discrete_device():
    """The same suite that any backend runs, in a process of its own, with the test backend as a pytest plugin."""
    here = Path(__file__).parent
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")]))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "register_discrete", "-p", "no:cacheprovider", "--pyargs",
         "mindspore.testing.conformance", "--ms-backend=discrete"],
        cwd=here, env=environment, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "discrete" in run.stdout, run.stdout[-2000:]
