"""Fixtures of the repository-level tests: the examples, the README's commands and the packaging.

They run in an environment that holds the installed packages, and take the repository's files from where this file is.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

os.environ.setdefault("MS_CPU_CACHE", "0")  # tests neither write nor read the user's machine code
ROOT = Path(__file__).resolve().parent.parent
# What a clone of the repository does not have.
LOCAL = shutil.ignore_patterns(
    *".git .tox .venv* .wheels build lib _ext*.so *.dist-info __pycache__ .*_cache .hypothesis".split()
)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository, to read from."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of test data that MS_TEST_DATA names; the same rules as for core's tests."""
    named = os.environ.get("MS_TEST_DATA", "")
    if Path(named).is_absolute() and Path(named).is_dir():
        return Path(named)
    if named or os.environ.get("MS_REQUIRE_DATA") == "1":
        pytest.fail(f"MS_TEST_DATA must be the absolute path of a folder of test data, but is {named!r}")
    pytest.skip("set MS_TEST_DATA to the absolute path of the folder of test data")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the repository's sources, to write to, whose path has a space."""
    place = tmp_path / "a clone"
    shutil.copytree(ROOT, place, ignore=LOCAL)
    return place


@pytest.fixture
def shell() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command line as a user would in a fresh shell without a terminal, and fails the test if it fails."""
    own = Path(sys.prefix, "bin")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TOX", "PYTEST", "VIRTUAL_ENV", "PYTHON"))}
    clean["PATH"] = os.pathsep.join(p for p in clean["PATH"].split(os.pathsep) if Path(p) != own)

    def run(command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=cwd,
            env={**clean, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = (done.stdout + done.stderr)[-4000:]
            pytest.fail(f"{command}\nended with {done.returncode}, saying\n{said}", pytrace=False)
        return done

    return run


@pytest.fixture(scope="session")
def wheels() -> ModuleType:
    """The module tools/wheels.py."""
    spec = importlib.util.spec_from_file_location("wheels", ROOT / "tools" / "wheels.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
