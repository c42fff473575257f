"""`python -m mindspore new-backend`: from the command to a green conformance suite, in a fresh environment."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

LIMIT_SECONDS = 120


def processor_seconds() -> float:
    """What all processes that were started here and have ended used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("kind", ["python", "cpp"])
def test_a_new_backend_is_installed_and_green(
    kind: str,
    wheels: ModuleType,
    repository: Path,
    tmp_path: Path,
    shell: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    python = f'"{tmp_path}/env/bin/python"'
    shell(f'"{sys.executable}" -m venv env', tmp_path)
    shell(f'{python} -m pip install -q "{wheels.build(repository, "core")}[testing]"', tmp_path)
    start, used = time.monotonic(), processor_seconds()
    shell(f"{python} -m mindspore new-backend quick --kind {kind}", tmp_path)
    folder = tmp_path / "mindspore-quick"
    shell(f'{python} -m pip install -q -e ".[testing]"', folder)
    said = shell(f"{python} -m pytest -q", folder).stdout
    took, used = time.monotonic() - start, processor_seconds() - used
    print(f"{kind}: {took:.0f} s, {used:.0f} processor seconds")
    assert int(re.search(r"(\d+) passed", said)[1]) >= 14
    assert used < LIMIT_SECONDS, "the clock tells more of what else the machine does"
    assert "OK     backend quick (target Quick): 12 kernels" in shell(f"{python} -m mindspore doctor", tmp_path).stdout
