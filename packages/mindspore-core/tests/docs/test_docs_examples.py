"""Every example of the documentation runs and prints what the page shows."""
from __future__ import annotations

import shlex
import shutil

import docs_files as docs
import pytest
import update_examples

pytestmark = docs.needs_docs


def _problem(shown: str, printed: str) -> str:
    return (f"the page shows\n{shown}\nbut it prints\n{printed}\n"
            "If that is right, run update_examples.py beside this test")


@pytest.mark.parametrize("page", [p for p in docs.pages() if docs.examples(p) or docs.commands(p)],
                         ids=lambda p: p.stem)
def test_examples_print_what_the_page_shows(page, tmp_path):
    found = docs.examples(page)
    results = docs.run_examples([e.block.text for e in found], tmp_path)
    problems = []
    for example, (printed, failure) in zip(found, results):
        where = f"{page.name}, line {example.block.line}: "
        if failure is not None:
            problems.append(where + failure)
        elif not docs.agrees(example.shown, printed):
            problems.append(where + _problem(example.shown, printed))
    for command, shown in docs.commands(page):
        if command.startswith("python -m mindspore"):
            done = docs.run_python(shlex.split(command)[1:], tmp_path)
            if not docs.agrees(shown, done.stdout + done.stderr):
                problems.append(f"{page.name}, {command!r}: {_problem(shown, done.stdout + done.stderr)}")
    assert not problems, "\n\n".join(problems)


def test_a_wrong_output_and_an_error_are_found(tmp_path):
    results = docs.run_examples(["x = 1\nprint(x)", "print(x + 1)", "x.absent", "print(3)"], tmp_path)
    assert [printed for printed, _ in results] == ["1\n", "2\n", ""]
    assert "AttributeError" in results[2][1] and "example_3.py" in results[2][1]
    assert docs.agrees("a ... c\n", "a b c\n") and not docs.agrees("a ... d\n", "a b c\n")
    assert not docs.agrees("", "1\n")


def test_updating_writes_what_is_printed_and_keeps_what_agrees(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n\n```text\n2\n```\n\nText.\n\n```python\nprint('a b c')\n```\n\n"
                    "```text\na ... c\n```\n\n```python\nprint(3)\n```\n\n```python\nx = 4\n```\n\n"
                    "```text\nnothing\n```\n")
    assert update_examples.update(page, tmp_path)
    assert page.read_text() == (
        "```python\nprint(1)\n```\n\n```text\n1\n```\n\nText.\n\n```python\nprint('a b c')\n```\n\n"
        "```text\na ... c\n```\n\n```python\nprint(3)\n```\n\n```text\n3\n```\n\n```python\nx = 4\n```\n")
    shutil.copy(page, tmp_path / "again.md")
    assert not update_examples.update(tmp_path / "again.md", tmp_path)
