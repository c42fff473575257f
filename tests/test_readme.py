"""The README's commands and programs do what the README says, as a user would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Shell = Callable[..., subprocess.CompletedProcess[str]]


def blocks(repository: Path, language: str) -> list[str]:
    """Return the README's code blocks in `language`, in order."""
    text = (repository / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def install_command(repository: Path) -> str:
    return blocks(repository, "sh")[0].strip()


def test_command(repository: Path) -> str:
    return blocks(repository, "sh")[1].strip()


test_command.__test__ = False  # the README's command for tests, not a test


@pytest.mark.parametrize(("number", "source"), [(0, "file"), (0, "-"), (1, "file"), (1, "-"), (2, "file")])
def test_program_prints_what_the_readme_shows(repository: Path, tmp_path: Path, number: int, source: str) -> None:
    """From a file, and typed into Python, but for the loop on a tensor, of which the compiler needs the source."""
    program, shown = blocks(repository, "python")[number], blocks(repository, "text")[number]
    (tmp_path / "program.py").write_text(program)
    argument, given = ("program.py", "") if source == "file" else ("-", program)
    command = [sys.executable, argument]
    done = subprocess.run(command, input=given, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == (shown, "", 0)


def test_install_command_works_twice(repository: Path, clone: Path, shell: Shell) -> None:
    """Compiled without optimisation, for less time: the wheel that the other tests use is compiled with it."""
    for _ in range(2):
        shell(install_command(repository), clone, SKBUILD_CMAKE_BUILD_TYPE="None", CXXFLAGS="-O0")
    python = clone / ".venv/bin/python"
    where = shell(f'"{python}" -c "import mindspore_cpu._ext as e; print(e.__file__)"', clone).stdout
    assert Path(where.strip()).is_relative_to(clone / ".venv")


def test_test_command_works_twice(repository: Path, clone: Path, shell: Shell) -> None:
    """Narrowed to one environment, on a clone without the packages: the whole is what runs this test."""
    shutil.rmtree(clone / "packages")
    for _ in range(2):
        done = shell(test_command(repository), clone, TOXENV="lint")
        assert "congratulations" in done.stdout


def test_ci_runs_the_readme_command(repository: Path) -> None:
    script = repository / ".ci/run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().splitlines()[-1] == test_command(repository)


@pytest.mark.parametrize(("refused", "goes_on"), [("pocl-opencl-icd", True), ("g++", False)])
def test_ci_goes_on_without_the_driver_of_the_example(
    repository: Path, tmp_path: Path, refused: str, goes_on: bool
) -> None:
    """Among programs that install nothing: one package, of those that are all missing, cannot be had."""
    programs = {
        "dpkg-query": "exit 1",
        "sudo": 'exec "$@"',
        "apt-get": f'case " $* " in *" {refused} "*) echo "cannot have {refused}"; exit 100;; esac',
        "python3": "echo the tests; exit 1",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run([repository / ".ci/run"], env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert f"cannot have {refused}" in done.stdout
    assert ("the tests" in done.stdout) == goes_on
    assert ("the OpenCL example's tests are skipped" in done.stderr) == goes_on


def test_preflight_names_a_missing_compiler(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(repository / "tools/preflight.py")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "sudo apt-get install -y g++" in done.stderr
    assert subprocess.run(command, capture_output=True, text=True).stderr == ""
