"""Every example of the documentation runs and prints what the page shows."""
from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import docs_files as docs
import pytest

pytestmark = docs.needs_docs
RUNNER = Path(__file__).with_name("run_examples.py")


def _python(arguments: list[str], folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with none of our environment variables set."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MS_")}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, input=given, capture_output=True,
                          text=True, timeout=300)


def _run_blocks(sources: list[str], folder: Path) -> list:
    done = _python([str(RUNNER), str(folder)], folder, json.dumps(sources))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _problem(shown: str, printed: str) -> str:
    return f"the page shows\n{shown}\nbut it prints\n{printed}"


@pytest.mark.parametrize("page", [p for p in docs.pages() if docs.examples(p) or docs.commands(p)],
                         ids=lambda p: p.stem)
def test_examples_print_what_the_page_shows(page, tmp_path):
    found = docs.examples(page)
    results = _run_blocks([e.block.text for e in found], tmp_path)
    problems = []
    for example, (printed, failure) in zip(found, results):
        where = f"{page.name}, line {example.block.line}: "
        if failure is not None:
            problems.append(where + failure)
        elif not docs.agrees(example.shown, printed):
            problems.append(where + _problem(example.shown, printed))
    for command, shown in docs.commands(page):
        if command.startswith("python -m mindspore"):
            done = _python(shlex.split(command)[1:], tmp_path)
            if not docs.agrees(shown, done.stdout + done.stderr):
                problems.append(f"{page.name}, {command!r}: {_problem(shown, done.stdout + done.stderr)}")
    assert not problems, "\n\n".join(problems)


def test_a_wrong_output_and_an_error_are_found(tmp_path):
    results = _run_blocks(["x = 1\nprint(x)", "print(x + 1)", "x.absent", "print(3)"], tmp_path)
    assert [printed for printed, _ in results] == ["1\n", "2\n", ""]
    assert "AttributeError" in results[2][1] and "example_3.py" in results[2][1]
    assert docs.agrees("a ... c\n", "a b c\n") and not docs.agrees("a ... d\n", "a b c\n")
    assert not docs.agrees("", "1\n")
